from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.mail.tests.common import mail_new_test_user

from .test_totp_codes import SECRET, TotpCase


@tagged("post_install", "-at_install")
class TestTotpRights(TotpCase):
    """Who may do what to whose second step."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partners[1].with_user(cls.manager).portal_access_grant()
        cls.customer_b = cls.env["res.users"].search([("partner_id", "=", cls.partners[1].id)])
        cls.customer_b.sudo().totp_secret = SECRET
        cls.foreign_manager = mail_new_test_user(
            cls.env,
            login="pae_foreign",
            groups="base.group_user,base.group_partner_manager",
            company_id=cls.company_2.id,
            company_ids=[(6, 0, cls.company_2.ids)],
        )
        cls.public_user = cls.env.ref("base.public_user")
        cls.administrator = cls.env.ref("base.user_admin")

    def everybody(self):
        return [
            self.public_user,
            self.user,
            self.customer_b,
            self.employee,
            self.manager,
            self.foreign_manager,
            self.access_admin,
            self.administrator,
        ]

    def test_nobody_reads_writes_makes_or_deletes_codes(self):
        record = self.Codes.search([("user_id", "=", self.user.id)], limit=1)
        for user in self.everybody():
            Codes = self.env["portal.access.recovery.code"].with_user(user)
            attempts = {
                "read": lambda Codes=Codes: Codes.browse(record.id).read(["code_hash"]),
                "read user": lambda Codes=Codes: Codes.browse(record.id).read(["user_id"]),
                "search": lambda Codes=Codes: Codes.search([]),
                "count": lambda Codes=Codes: Codes.search_count([("code_hash", "=like", "a%")]),
                "group": lambda Codes=Codes: Codes.read_group([], ["user_id"], ["user_id"]),
                "export": lambda Codes=Codes: Codes.browse(record.id).export_data(["code_hash"]),
                "write": lambda Codes=Codes: Codes.browse(record.id).write({"code_hash": "x"}),
                "create": lambda Codes=Codes: Codes.create({"user_id": Codes.env.uid, "salt": "x", "code_hash": "x"}),
                "unlink": lambda Codes=Codes: Codes.browse(record.id).unlink(),
            }
            for name, attempt in attempts.items():
                with (
                    self.subTest(user=user.login, attempt=name),
                    self.assertRaises(AccessError if name != "export" else UserError),
                ):
                    attempt()
        self.assertEqual(self.left(), 10)

    @mute_logger("odoo.http", "odoo.addons.base.models.res_users", "odoo.addons.base.models.ir_model")
    def test_only_customers_make_codes_and_only_their_own(self):
        for user in self.everybody()[1:]:
            for owner in (self.user, self.customer_b, self.employee):
                self.as_signed_in(user)
                answer = self.rpc("res.users", "action_portal_make_recovery_codes", owner.ids)
                may = user == owner and user in (self.user, self.customer_b)
                with self.subTest(user=user.login, owner=owner.login):
                    self.assertEqual("result" in answer, may, answer)
        for ids in ([], [0], [-1], [self.user.id, self.customer_b.id], [2**40], ["x"]):
            self.as_signed_in()
            with self.subTest(ids=ids):
                self.assertIn("error", self.rpc("res.users", "action_portal_make_recovery_codes", ids))
        self.authenticate(None, None)
        self.assertIn("error", self.rpc("res.users", "action_portal_make_recovery_codes", self.user.ids))

    @mute_logger("odoo.http", "odoo.addons.base.models.ir_model", "odoo.addons.base.models.ir_rule")
    def test_only_administrators_of_access_rights_reset(self):
        for user in [*self.everybody()[1:], None]:
            for model, ids in (("res.users", self.user.ids), ("res.partner", self.partner.ids)):
                if user == self.user and model == "res.users":
                    continue  # their own
                self.user.with_user(self.user).sudo().totp_secret = SECRET
                method = "action_totp_disable" if model == "res.users" else "action_portal_reset_totp"
                if user:
                    self.as_signed_in(user)
                else:
                    self.authenticate(None, None)
                self.rpc(model, method, ids)
                may = user in (self.access_admin, self.administrator)
                with self.subTest(user=user and user.login, model=model):
                    self.assertEqual(self.user.totp_enabled, not may)

    def test_an_administrator_of_another_company_only_reaches_nobody(self):
        self.foreign_manager.groups_id |= self.env.ref("base.group_erp_manager")
        self.partner.company_id = self.manager.company_id
        self.as_signed_in(self.foreign_manager)
        with mute_logger("odoo.http", "odoo.addons.base.models.ir_rule"):
            self.rpc("res.partner", "action_portal_reset_totp", self.partner.ids)
        self.assertTrue(self.user.totp_enabled)

    @mute_logger("odoo.http")
    def test_private_methods_stay_private(self):
        for user in (self.user, self.access_admin):
            for model, method in (
                ("portal.access.recovery.code", "_make"),
                ("portal.access.recovery.code", "_use"),
                ("res.users", "_portal_totp_notify"),
                ("res.users", "_get_portal_recovery_code_count"),
            ):
                self.as_signed_in(user)
                with self.subTest(user=user.login, method=method):
                    self.assertIn("error", self.rpc(model, method, self.user.ids))
