from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.mail.tests.common import mail_new_test_user

from .test_login_change import PASSWORD
from .test_session import IPHONE, Browser, SessionCase


@tagged("post_install", "-at_install")
class TestSessionRights(SessionCase):
    """Who may see and end whose sessions."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partners[1].with_user(cls.manager).portal_access_grant()
        cls.other = cls.env["res.users"].search([("partner_id", "=", cls.partners[1].id)])
        cls.other.password = PASSWORD
        cls.foreign_manager = mail_new_test_user(
            cls.env,
            login="pae_foreign",
            groups="base.group_user,base.group_partner_manager",
            company_id=cls.company_2.id,
            company_ids=[(6, 0, cls.company_2.ids)],
        )

    def test_nobody_has_rights_on_the_model(self):
        self.browser()
        row = self.rows()
        everybody = [
            self.env.ref("base.public_user"),
            self.user,
            self.other,
            self.employee,
            self.manager,
            self.foreign_manager,
            self.access_admin,
            self.env.ref("base.user_admin"),
        ]
        for user in everybody:
            Sessions = self.env["portal.access.session"].with_user(user)
            attempts = {
                "read": lambda Sessions=Sessions: Sessions.browse(row.id).read(["ip_address"]),
                "search": lambda Sessions=Sessions: Sessions.search([]),
                "count": lambda Sessions=Sessions: Sessions.search_count([("sid_hash", "=like", "a%")]),
                "group": lambda Sessions=Sessions: Sessions.read_group([], ["user_id"], ["user_id"]),
                "export": lambda Sessions=Sessions: Sessions.browse(row.id).export_data(["sid_hash"]),
                "write": lambda Sessions=Sessions: Sessions.browse(row.id).write({"ended_on": False}),
                "create": lambda Sessions=Sessions: Sessions.create({"user_id": Sessions.env.uid, "sid_hash": "x"}),
                "unlink": lambda Sessions=Sessions: Sessions.browse(row.id).unlink(),
            }
            for name, attempt in attempts.items():
                with (
                    self.subTest(user=user.login, attempt=name),
                    self.assertRaises(AccessError if name != "export" else UserError),
                ):
                    attempt()

    def test_somebody_else_s_session_answers_like_one_that_does_not_exist(self):
        mine, second = self.browser(), self.browser(IPHONE)
        theirs = self.browser(user=self.other)
        ended = self.row_of(second)
        ended._end()
        foreign = self.rows(self.other)
        answers = set()
        for session_id in (
            foreign.id,
            ended.id,
            0,
            -1,
            2**31,
            2**80,
            "x",
            "1 OR 1=1",
            "٣",
            "1.5",
            " ",
            "²",
            "9" * 5000,
        ):
            response = mine.post("/my/security/sessions/end", {"session_id": session_id}, allow_redirects=False)
            answers.add((response.status_code, response.headers["Location"].split("/my", 1)[1]))
        self.assertEqual(answers, {(303, "/security?signed_out=0")})
        response = mine.post("/my/security/sessions/end", {}, files={"session_id": ("1", b"1")}, allow_redirects=False)
        self.assertIn("signed_out=0", response.headers["Location"])
        self.assertTrue(theirs.is_signed_in and mine.is_signed_in)
        self.assertFalse(foreign.ended_on)

    @mute_logger("odoo.http")
    def test_api_keys_are_removed_by_whose_they_are_and_by_their_own_form_only(self):
        mine, visitor = self.browser(), Browser(self)
        self.manager.password = PASSWORD
        employee = self.browser(user=self.manager)
        for user in (self.user, self.other, self.manager):
            self.env["res.users.apikeys"].with_user(user)._generate("rpc", "key")
        self.env.flush_all()
        path = "/my/security/keys/remove"
        self.assertEqual(mine.get(path).status_code, 405)
        self.assertEqual(mine.post(path, {"csrf_token": "x"}).status_code, 400)
        self.assertIn("/web/login", visitor.opener.post(self.base_url() + path, timeout=30).url)
        employee.post(path, {})
        keys = [len(user.api_key_ids) for user in (self.user, self.other, self.manager)]
        self.assertEqual(keys, [1, 1, 1])
        mine.post(path, {"user_id": self.other.id})
        self.env.invalidate_all()
        keys = [len(user.api_key_ids) for user in (self.user, self.other, self.manager)]
        self.assertEqual(keys, [0, 1, 1])

    def test_all_others_are_one_s_own_others(self):
        mine, theirs = self.browser(), self.browser(user=self.other)
        mine.post("/my/security/sessions/end", {})
        self.assertTrue(theirs.is_signed_in)

    @mute_logger("odoo.http")
    def test_a_link_or_a_foreign_form_ends_nothing(self):
        mine, second = self.browser(), self.browser(IPHONE)
        row = self.row_of(second)
        self.assertEqual(mine.get(f"/my/security/sessions/end?session_id={row.id}").status_code, 405)
        response = mine.post("/my/security/sessions/end", {"session_id": row.id, "csrf_token": "x"})
        self.assertEqual(response.status_code, 400)
        self.assertTrue(second.is_signed_in)

    @mute_logger("odoo.http")
    def test_visitors_have_no_page_and_employees_have_no_list(self):
        visitor = Browser(self)
        for path in ("/my/security", "/my/security/activity", "/my/security/activity/page/2"):
            self.assertIn("/web/login", visitor.get(path).url)
        response = visitor.opener.post(self.base_url() + "/my/security/sessions/end", timeout=30)
        self.assertIn("/web/login", response.url)
        self.manager.password = PASSWORD
        employee = self.browser(user=self.manager)
        self.assertNotIn("Where you are signed in", employee.text)
        self.assertEqual(employee.get("/my/security/activity").status_code, 200)
        response = employee.post("/my/security/sessions/end", {}, allow_redirects=False)
        self.assertIn("signed_out=0", response.headers["Location"])

    @mute_logger("odoo.http")
    def test_private_methods_stay_private(self):
        browser = self.browser()
        for model, method in (
            ("portal.access.session", "_end_of"),
            ("portal.access.session", "_get_open"),
            ("portal.access.session", "search"),
            ("res.users", "_compute_session_token"),
        ):
            body = {"jsonrpc": "2.0", "params": {"model": model, "method": method, "args": [[]], "kwargs": {}}}
            response = browser.opener.post(
                f"{self.base_url()}/web/dataset/call_kw/{model}/{method}", json=body, timeout=30
            )
            with self.subTest(model=model, method=method):
                self.assertIn("error", response.json())
