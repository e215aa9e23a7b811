import re
import time
from datetime import timedelta
from unittest.mock import patch

import psycopg2.pool
from freezegun import freeze_time

from odoo import SUPERUSER_ID, Command, fields, http
from odoo.tests import HttpCase, TransactionCase, tagged
from odoo.tests.common import Opener
from odoo.tools import mute_logger

from odoo.addons.base.models.ir_http import IrHttp as StockIrHttp

from ..models.ir_http import IrHttp
from ..models.portal_access_session import KEY, STAMP_SECONDS
from .test_login_change import PASSWORD, LoginChangeCase

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 "
    "Mobile/15E148 Safari/604.1"
)
CHROME = "Mozilla/5.0 ({}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 {}Safari/537.36{}"
LOGGERS = ("odoo.addons.base.models.res_users", "odoo.http")


def without_us(name):
    """:return: what a method of `ir.http` does without our part of it"""
    return classmethod(lambda cls, *args: getattr(super(IrHttp, cls), name)(*args))


class Browser:
    """Somebody's browser, with cookies of its own."""

    def __init__(self, case, agent=FIREFOX):
        self.case = case
        self.opener = Opener(case.cr)
        self.opener.headers["User-Agent"] = agent

    def get(self, path):
        self.case.env.flush_all()
        response = self.opener.get(self.case.base_url() + path, timeout=30)
        self.case.env.invalidate_all()
        return response

    def post(self, path, values, files=None, **options):
        self.case.env.flush_all()
        values = {"csrf_token": self.csrf(), **values}
        response = self.opener.post(self.case.base_url() + path, values, files=files, timeout=30, **options)
        self.case.env.invalidate_all()
        return response

    def csrf(self):
        found = re.search(r'name="csrf_token" value="(\w+)"', self.get("/my/security").text)
        return found and found[1]

    def sign_in(self, login, password=PASSWORD):
        self.get("/web/login")
        self.post("/web/login", {"login": login, "password": password})
        return self

    @property
    def is_signed_in(self):
        return self.get("/my").url.endswith("/my")

    @property
    def sid(self):
        return next(cookie.value for cookie in self.opener.cookies if cookie.name == "session_id")

    @property
    def text(self):
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", self.get("/my/security").text))

    def change_password(self, old=PASSWORD, new="another password", again=None):
        return self.post("/my/security", {"old": old, "new1": new, "new2": new if again is None else again})


class SessionCase(LoginChangeCase, HttpCase):
    """A customer with two browsers."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Sessions = cls.env["portal.access.session"].sudo()

    def browser(self, agent=FIREFOX, user=None, password=PASSWORD):
        return Browser(self, agent).sign_in((user or self.user).login, password)

    def rows(self, user=None):
        self.env.invalidate_all()
        return self.Sessions.search([("user_id", "=", (user or self.user).id)], order="id")

    def open_rows(self, user=None):
        return self.rows(user).filtered(lambda row: not row.ended_on)

    def row_of(self, browser):
        return self.rows().filtered(lambda row: row.sid_hash == self.Sessions._hash(browser.sid))

    def kinds(self):
        self.env.flush_all()
        return self.events_of(self.partner).mapped("kind")

    def notices(self):
        self.env.flush_all()
        return self.env["mail.mail"].search([("email_to", "ilike", "@pae.example")], order="id")

    def change_session(self, browser, work):
        """Change what the session store keeps of a browser's session."""
        session = http.root.session_store.get(browser.sid)
        work(session)
        http.root.session_store.save(session)

    def make_due(self, browser):
        def work(session):
            session[KEY] = {**session[KEY], "due": 0}

        self.change_session(browser, work)


@tagged("post_install", "-at_install")
class TestSession(SessionCase):
    """Where customers are signed in: what is noted, what it costs, and how it ends."""

    # What is noted

    def test_each_sign_in_is_noted_with_browser_system_address_and_time(self):
        before = fields.Datetime.now()
        first, second = self.browser(), self.browser(IPHONE)
        self.assertEqual(
            [(row.browser, row.system, row.ip_address) for row in self.rows()],
            [("Firefox", "Linux", "127.0.0.1"), ("Safari", "iPhone", "127.0.0.1")],
        )
        self.assertTrue(all(row.first_on >= before and row.last_on >= row.first_on for row in self.rows()))
        self.assertEqual(self.kinds().count("signed_in"), 2)
        event = self.events_of(self.partner)[-1]
        self.assertEqual((event.details, event.actor_id), ("Safari, iPhone", self.user))
        first.get("/my"), second.get("/my")
        self.assertEqual(self.kinds().count("signed_in"), 2)

    def test_nothing_that_opens_a_session_is_kept(self):
        browser = self.browser()
        self.env.cr.execute("SELECT to_jsonb(portal_access_session)::text FROM portal_access_session")
        [kept] = self.env.cr.fetchone()
        self.assertNotIn(browser.sid, kept)
        self.assertNotIn(http.root.session_store.get(browser.sid).session_token, kept)

    def test_browsers_and_systems_have_names(self):
        agents = {
            FIREFOX: ("Firefox", "Linux"),
            IPHONE: ("Safari", "iPhone"),
            CHROME.format("Windows NT 10.0; Win64; x64", "", ""): ("Chrome", "Windows"),
            CHROME.format("Windows NT 10.0; Win64; x64", "", " Edg/120.0"): ("Edge", "Windows"),
            CHROME.format("Macintosh; Intel Mac OS X 10_15_7", "", " OPR/106.0"): ("Opera", "macOS"),
            CHROME.format("Linux; Android 14", "Mobile ", ""): ("Chrome", "Android"),
            CHROME.format("Linux; Android 14", "SamsungBrowser/23.0 ", ""): ("Samsung Internet", "Android"),
            CHROME.format("X11; CrOS x86_64 14541.0.0", "", ""): ("Chrome", "ChromeOS"),
            "curl/8.5": (None, None),
            "": (None, None),
            "<script>alert(1)</script>" * 1000: (None, None),
        }
        for agent, names in agents.items():
            with self.subTest(agent=agent[:60]):
                self.assertEqual(self.Sessions._parse_agent(http.UserAgent(agent)), names)

    def test_visitors_employees_and_wrong_passwords_are_not_noted(self):
        self.manager.password = PASSWORD
        with mute_logger(*LOGGERS):
            self.browser(password="wrong")
        self.assertTrue(self.browser(user=self.manager).is_signed_in)
        self.assertFalse(self.Sessions.search([]))
        self.assertNotIn("signed_in", self.kinds())

    def test_a_session_that_is_older_than_the_addon_is_noted_at_its_next_request(self):
        browser = self.browser()
        self.rows().unlink()
        self.change_session(browser, lambda session: session.pop(KEY))
        self.assertTrue(browser.is_signed_in)
        self.assertEqual(len(self.rows()), 1)
        self.assertIn("Signed in before", browser.text)
        self.assertEqual(self.kinds().count("signed_in"), 1, "nobody has signed in again")

    def test_a_stamp_is_written_once_an_hour_and_only_then(self):
        browser = self.browser()
        row = self.rows()
        with patch.object(type(self.Sessions), "_stamp", side_effect=AssertionError):
            for path in ("/my", "/my/security", "/web/image/res.users/1/avatar_128", "/my/account"):
                browser.get(path)
        now = time.time() + STAMP_SECONDS + 1
        with freeze_time(fields.Datetime.to_string(fields.Datetime.now() + timedelta(seconds=STAMP_SECONDS + 1))):
            self.assertTrue(browser.is_signed_in)
        self.env.invalidate_all()
        self.assertGreater(row.last_on, row.first_on)
        self.assertGreater(http.root.session_store.get(browser.sid)[KEY]["due"], now)
        self.assertEqual(self.kinds().count("signed_in"), 1)

    def test_a_session_whose_id_changes_keeps_its_row(self):
        browser = self.browser()
        row = self.rows()
        session = http.root.session_store.get(browser.sid)
        http.root.session_store.rotate(session, self.env)
        browser.opener.cookies.clear()
        browser.opener.cookies["session_id"] = session.sid
        self.assertTrue(browser.is_signed_in)
        self.assertEqual(self.row_of(browser), row)
        self.assertEqual(self.kinds().count("signed_in"), 1)

    def test_pages_cost_no_query_more_than_without_us(self):
        browser = self.browser()
        stock = {name: without_us(name) for name in ("_authenticate", "_post_dispatch")}

        def measure():
            counter = []
            for _attempt in range(4):
                with self.count_queries(counter):
                    browser.get("/my/account")
            return min(counter)

        ours = measure()
        with patch.multiple(IrHttp, **stock):
            self.assertEqual(ours, measure())
        self.assertTrue(issubclass(self.registry["ir.http"], StockIrHttp))

    # How it ends

    def end(self, browser, row=None):
        return browser.post("/my/security/sessions/end", {"session_id": row.id} if row else {})

    def test_one_session_is_signed_out_at_its_next_request_and_the_others_stay(self):
        first, second, third = self.browser(), self.browser(IPHONE), self.browser()
        response = self.end(first, self.row_of(second))
        self.assertIn("Signed out.", response.text)
        self.assertIn("/web/login", second.get("/my").url)
        self.assertTrue(first.is_signed_in and third.is_signed_in)
        event = self.events_of(self.partner)[-1]
        self.assertEqual((event.kind, event.details), ("session_ended", "Safari, iPhone"))
        self.assertNotIn("Safari on iPhone", first.text)
        # And it can be signed in again.
        second.sign_in(self.user.login)
        self.assertTrue(second.is_signed_in)

    def test_all_others_are_signed_out_together(self):
        first, second, third = self.browser(), self.browser(IPHONE), self.browser()
        self.end(first)
        self.assertTrue(first.is_signed_in)
        self.assertFalse(second.is_signed_in or third.is_signed_in)
        event = self.events_of(self.partner)[-1]
        self.assertEqual((event.kind, event.details), ("other_sessions_ended", "2"))
        self.assertNotIn("Sign out all others", first.text)

    def test_signing_out_this_one_is_logging_out(self):
        first, second = self.browser(), self.browser()
        self.assertIn("/web/login", self.end(first, self.row_of(first)).url)
        self.assertFalse(first.is_signed_in)
        self.assertTrue(second.is_signed_in)
        self.assertEqual(len(self.open_rows()), 1)

    def test_logging_out_ends_the_row(self):
        browser = self.browser()
        browser.get("/web/session/logout")
        self.assertTrue(self.rows().ended_on)
        self.assertNotIn("session_ended", self.kinds())

    def test_signing_in_again_in_the_same_browser_ends_the_old_row(self):
        browser = self.browser()
        old = self.row_of(browser)
        browser.sign_in(self.user.login)
        self.assertTrue(browser.is_signed_in)
        self.env.invalidate_all()
        self.assertTrue(old.ended_on)
        self.assertEqual(self.open_rows(), self.row_of(browser))

    def test_an_ended_session_ends_within_the_hour_even_if_a_process_still_knows_its_token(self):
        browser = self.browser()
        self.assertTrue(browser.is_signed_in)
        self.env.cr.execute("UPDATE portal_access_session SET ended_on = now()")
        self.assertTrue(browser.is_signed_in, "nobody cleared the cache")
        self.make_due(browser)
        self.assertFalse(browser.is_signed_in)

    def test_a_session_whose_row_was_removed_ends_too(self):
        browser = self.browser()
        self.rows().unlink()
        self.make_due(browser)
        self.assertFalse(browser.is_signed_in)

    def test_rows_are_removed_when_odoo_has_forgotten_the_session(self):
        now = fields.Datetime.now()
        ages = {"used": (1, None), "ended": (1, 0), "forgotten": (9, None), "ended long ago": (30, 9), "late": (30, 1)}
        rows = {
            name: self.Sessions.create(
                {
                    "user_id": self.user.id,
                    "sid_hash": name,
                    "first_on": now,
                    "last_on": now - timedelta(days=last),
                    "ended_on": ended is not None and now - timedelta(days=ended),
                }
            )
            for name, (last, ended) in ages.items()
        }
        self.Sessions._gc_rows()
        self.env.invalidate_all()
        left = [name for name, row in rows.items() if row.exists()]
        self.assertEqual(left, ["used", "ended", "late"])
        self.env["ir.config_parameter"].set_param("sessions.max_inactivity_seconds", "rubbish")
        self.Sessions._gc_rows()

    def test_other_ends_leave_no_session_behind(self):
        for end in (
            lambda: self.as_manager(self.partner).portal_access_revoke(),
            lambda: self.user.write({"active": False}),
            lambda: self.as_admin(self.user).write({"login": "other@pae.example"}),
        ):
            self.partner.with_user(self.manager).portal_access_grant()
            self.user.write({"active": True, "password": PASSWORD})
            browser = self.browser()
            self.assertTrue(self.open_rows())
            end()
            self.assertFalse(self.open_rows())
            self.assertFalse(browser.is_signed_in)

    def test_who_becomes_an_employee_stays_signed_in_and_is_not_listed(self):
        browser = self.browser()
        self.user.write({"groups_id": [Command.set(self.env.ref("base.group_user").ids)]})
        self.assertFalse(self.rows())
        self.make_due(browser)
        self.assertTrue(browser.is_signed_in)
        self.assertFalse(self.rows())

    def test_programs_have_no_session_and_are_told_of_once_a_day(self):
        # As `xmlrpc` and `jsonrpc` do.
        for _call in range(3):
            self.registry["res.users"].authenticate(
                self.env.cr.dbname, self.user.login, PASSWORD, {"interactive": False}
            )
        self.env.invalidate_all()
        self.assertEqual(self.kinds().count("program_signed_in"), 1)
        self.assertNotIn("signed_in", self.kinds())
        self.assertFalse(self.rows())
        browser = self.browser()
        self.assertIn("A program signed in", browser.text)
        self.assertIn("A program", browser.get("/my").text)

    def test_an_ended_session_reads_no_page_that_odoo_falls_back_to(self):
        first, second = self.browser(), self.browser(IPHONE)
        page = self.env["ir.attachment"].create({"name": "page", "type": "binary", "raw": b"x", "url": "/pae-page"})
        uids = []

        stock = StockIrHttp._serve_fallback.__func__

        def serve(cls):
            uids.append(http.request.env.uid)
            return stock(cls)

        self.end(first, self.row_of(second))
        with patch.object(StockIrHttp, "_serve_fallback", classmethod(serve)):
            first.get(page.url), second.get(page.url)
        self.assertEqual(uids[0], self.user.id)
        self.assertNotEqual(uids[1], self.user.id)
        self.assertFalse(second.is_signed_in)

    def test_an_ended_session_reads_no_page_of_the_website(self):
        if "website.page" not in self.env:
            return
        view = self.env["ir.ui.view"].create(
            {
                "name": "Page",
                "type": "qweb",
                "key": "website.pae_connected",
                "arch": '<t t-call="website.layout"><p>For customers only</p></t>',
                "visibility": "connected",
            }
        )
        self.env["website.page"].create({"url": "/pae-connected", "view_id": view.id, "is_published": True})
        first, second = self.browser(), self.browser(IPHONE)
        self.assertIn("For customers only", second.get("/pae-connected").text)
        self.end(first, self.row_of(second))
        self.assertIn("For customers only", first.get("/pae-connected").text)
        with mute_logger("odoo.http"):
            self.assertNotIn("For customers only", second.get("/pae-connected").text)

    def test_an_end_between_looking_and_keeping_is_not_missed(self):
        browser = self.browser()
        row, sid = self.row_of(browser), browser.sid
        look = type(self.Sessions)._is_ended

        def look_and_dawdle(sessions, sid):
            answer = look(sessions, sid)
            row._end()  # by another thread, which commits
            self.env.cr.postcommit.run()
            return answer

        self.registry.clear_cache()
        user = self.user.with_user(self.user)
        with patch.object(type(self.Sessions), "_is_ended", look_and_dawdle):
            self.assertTrue(user._compute_session_token(sid))
        self.assertFalse(user._compute_session_token(sid))

    def test_sessions_that_were_not_used_for_long_are_listed_and_ended_while_odoo_knows_them(self):
        first, second = self.browser(), self.browser(IPHONE)
        set_param = self.env["ir.config_parameter"].set_param
        for seconds, ages in (("60", {"hours": 2}), ("", {"days": 7, "hours": 20})):
            with self.subTest(seconds=seconds):
                set_param("sessions.max_inactivity_seconds", seconds)
                self.row_of(second).last_on = fields.Datetime.now() - timedelta(**ages)
                self.assertIn("Safari on iPhone", first.text)
        self.rows().last_on = fields.Datetime.now() - timedelta(days=30)
        text = first.text
        self.assertIn("Firefox on Linux This one", text)
        self.assertNotIn("Safari on iPhone", text)
        self.end(first)
        self.assertFalse(second.is_signed_in)
        self.assertTrue(first.is_signed_in)

    def test_no_setting_of_the_lifetime_breaks_the_page(self):
        browser = self.browser()
        for value in ("99999999999", "9" * 5000, "²", "-5", "0", "1e9", "rubbish", ""):
            with self.subTest(value=value[:20]):
                self.env["ir.config_parameter"].set_param("sessions.max_inactivity_seconds", value)
                self.assertIn("Firefox on Linux This one", browser.text)
                self.Sessions._gc_rows()

    @mute_logger("odoo.addons.portal_access_ext.models.portal_access_session")
    def test_who_signs_out_is_out_even_if_it_can_t_be_noted(self):
        browser = self.browser()
        with patch.object(type(self.Sessions), "_own_cursor", side_effect=psycopg2.pool.PoolError):
            self.assertEqual(browser.get("/web/session/logout").status_code, 200)
        self.assertFalse(browser.is_signed_in)

    # API keys

    def make_key(self, user):
        self.env["res.users.apikeys"].with_user(user)._generate("rpc", "key")
        self.env.flush_all()

    def test_api_keys_are_told_of_and_removed(self):
        browser = self.browser()
        self.assertNotIn("API key", browser.text)
        other = self.grant(self.partners[1])
        for user in (self.user, self.user, other):
            self.make_key(user)
        self.assertIn("API keys: 2", browser.text)
        self.assertIn("Programs keep their API keys.", browser.change_password().text)
        self.assertIn("The API keys were removed.", browser.post("/my/security/keys/remove", {}).text)
        self.assertFalse(self.user.api_key_ids)
        self.assertEqual(len(other.api_key_ids), 1)
        event = self.events_of(self.partner)[-1]
        self.assertEqual((event.kind, event.details, event.actor_id), ("api_keys_removed", "2", self.user))
        browser.post("/my/security/keys/remove", {})
        self.assertEqual(self.kinds().count("api_keys_removed"), 1)

    # What is shown

    def test_who_gets_the_access_next_reads_nothing_of_who_had_it(self):
        self.browser(IPHONE)
        self.as_manager(self.partner).portal_access_revoke()
        self.as_admin(self.partner).email = "successor@pae.example"
        self.as_manager(self.partner).portal_access_grant()
        self.user.write({"password": PASSWORD})
        self.env["mail.mail"].search([]).unlink()
        browser = self.browser()
        for path in ("/my", "/my/security", "/my/security/activity"):
            page = browser.get(path).text
            self.assertNotIn("iPhone", page)
            self.assertNotIn("Last other sign-in", page)
        self.assertIn("Firefox, Linux", page)

    def test_nothing_in_the_ledger_is_in_somebody_s_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.partner.lang = "fr_FR"
        first, second = self.browser(), self.browser(IPHONE)
        self.end(first, self.row_of(second))
        self.end(first)
        check = self.env["res.users.identitycheck"].with_user(self.user).create({"password": PASSWORD})
        check.revoke_all_devices()
        self.assertEqual(
            [(event.kind, event.details) for event in self.events_of(self.partner)][-2:],
            [("session_ended", "Safari, iPhone"), ("all_sessions_ended", False)],
        )

    def test_no_number_of_a_page_is_a_failure(self):
        browser = self.browser()
        activity = "/my/security/activity"
        for path in ("?page=²", "?page=" + "9" * 5000, "?page=x", "?page=", "?page=2&page=x", "/page/" + "9" * 5000):
            with self.subTest(path=path[:20]):
                self.assertEqual(browser.get(activity + path).status_code, 200)
        for page in ("²", "1.5", "٣"):
            self.assertEqual(browser.get(f"{activity}/page/{page}").status_code, 404)

    def test_the_page_lists_own_sessions_this_one_first(self):
        self.browser(IPHONE)
        browser = self.browser()
        text = browser.text
        self.assertLess(text.index("Firefox on Linux This one"), text.index("Safari on iPhone"))
        self.assertIn("127.0.0.1", text)

    def test_a_hundred_sessions_are_counted(self):
        browser = self.browser()
        now = fields.Datetime.now()
        self.Sessions.create(
            [
                {"user_id": self.user.id, "sid_hash": f"many {number}", "first_on": now, "last_on": now}
                for number in range(100)
            ]
        )
        self.assertIn("Not listed here: 81", browser.text)
        self.end(browser)
        self.assertEqual(len(self.open_rows()), 1)

    def test_the_dashboard_shows_the_other_sign_in(self):
        first = self.browser(IPHONE)
        self.assertNotIn("Last other sign-in", first.get("/my").text)
        page = self.browser().get("/my").text
        self.assertIn("Last other sign-in", page)
        self.assertIn("Safari, iPhone · 127.0.0.1", page)
        # Somebody else's that came later is as good to know.
        self.assertIn("Firefox, Linux", first.get("/my").text)

    def test_activity_is_one_s_own_in_one_s_own_words(self):
        other = self.grant(self.partners[1])
        Event = self.env["portal.access.event"]
        Event.with_user(self.manager)._record("password_changed", self.user.sudo(), {self.user.id: "internal remark"})
        Event._record("email_changed", other.sudo(), {other.id: "foreign remark"})
        self.env.cr.execute(
            "UPDATE portal_access_event SET ip_address = '198.51.100.7' WHERE kind = 'password_changed'"
        )
        browser = self.browser()
        text = browser.text
        self.assertIn("Password changed", text)
        self.assertIn("by our staff", text)
        self.assertIn("Firefox, Linux · 127.0.0.1", text)
        for hidden in ("internal remark", "198.51.100.7", self.manager.name, "Email address changed", "granted"):
            self.assertNotIn(hidden, text)
        for _number in range(44):
            Event._record("sign_in_failed", self.user.sudo(), actor=self.user)
        self.env.flush_all()
        counts = [
            browser.get(f"/my/security/activity{page}").text.count('<li class="list-group-item">')
            for page in ("", "/page/2", "/page/3", "/page/99999999999999999999", "/page/-1", "/page/0")
        ]
        total = len(self.events_of(self.partner).filtered(lambda event: event.kind not in ("granted", "invited")))
        self.assertEqual(counts, [20, 20, total - 40, total - 40, 20, 20])
        self.assertEqual(browser.get("/my/security/activity/page/x").status_code, 404)

    def test_activity_is_in_the_customer_s_time_zone(self):
        self.user.tz = "Asia/Tokyo"
        browser = self.browser()
        self.env.cr.execute(
            "UPDATE portal_access_event SET create_date = '2024-05-01 20:30:00' WHERE user_id = %s", self.user.ids
        )
        self.assertIn("05/02/2024 05:30", browser.get("/my/security/activity").text)


@tagged("post_install", "-at_install")
class TestSessionSnapshot(TransactionCase):
    """What a request whose transaction is older than the end of a session finds out."""

    def test_an_end_that_is_committed_meanwhile_is_seen(self):
        Sessions, sid = self.env["portal.access.session"].sudo(), "an id of no session"
        now = fields.Datetime.now()
        values = {"user_id": SUPERUSER_ID, "sid_hash": Sessions._hash(sid), "first_on": now, "last_on": now}
        with self.registry.cursor() as old:
            old.execute("SELECT count(*) FROM portal_access_session")  # begins its snapshot
            self.addCleanup(self.remove, values["sid_hash"])
            with self.registry.cursor() as cr:
                Sessions.with_env(self.env(cr=cr)).create({**values, "ended_on": now})
            self.assertTrue(Sessions.with_env(self.env(cr=old))._is_ended(sid))

    def remove(self, sid_hash):
        with self.registry.cursor() as cr:
            cr.execute("DELETE FROM portal_access_session WHERE sid_hash = %s", [sid_hash])
