from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from odoo.addons.mail.tests.common import mail_new_test_user

from .common import PortalAccessCase


@tagged("post_install", "-at_install")
class TestAccessRights(PortalAccessCase):
    """Who may do and see what."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.portal_user = mail_new_test_user(cls.env, login="pae_portal", groups="base.group_portal")
        cls.public_user = cls.env.ref("base.public_user")
        # A contact manager of another company only.
        cls.foreign_manager = mail_new_test_user(
            cls.env,
            login="pae_foreign",
            groups="base.group_user,base.group_partner_manager",
            company_id=cls.company_2.id,
            company_ids=[(6, 0, cls.company_2.ids)],
        )
        cls.access_admin = mail_new_test_user(
            cls.env, login="pae_admin", groups="base.group_user,base.group_partner_manager,base.group_erp_manager"
        )
        cls.granted = cls.make_partners(1, "granted")
        cls.granted.with_user(cls.manager).portal_access_grant()
        cls.invitation = cls.env["portal.access.invitation"].search([("partner_id", "=", cls.granted.id)])
        cls.event = cls.env["portal.access.event"].search([("partner_id", "=", cls.granted.id)], limit=1)

    def nobody(self):
        """Those who may not manage portal access at all."""
        return self.employee, self.portal_user, self.public_user

    def test_only_contact_managers_call_the_core(self):
        for user in self.nobody():
            for method in ("check", "grant", "invite", "revoke"):
                with self.subTest(user=user.login, method=method), self.assertRaises(AccessError):
                    getattr(self.partner.with_user(user), f"portal_access_{method}")()
        self.assertFalse(self.users_of(self.partner))

    def test_only_contact_managers_open_the_dialog(self):
        dialog = self.open_dialog(self.partner)
        for user in self.nobody():
            with self.subTest(user=user.login):
                with self.assertRaises(AccessError):
                    self.env["portal.wizard"].with_user(user).with_context(active_ids=self.partner.ids).create({})
                with self.assertRaises(AccessError):
                    dialog.with_user(user).action_apply()

    def test_a_dialog_belongs_to_who_opened_it(self):
        dialog = self.open_dialog(self.partner)
        dialog.user_ids.in_portal = True
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertRaises(AccessError):
            dialog.with_user(self.foreign_manager).action_apply()

    def test_a_manager_of_another_company_reaches_nothing(self):
        self.granted.company_id = self.manager.company_id
        partner = self.granted.with_user(self.foreign_manager)
        for method in ("grant", "invite", "revoke"):
            [result] = getattr(partner, f"portal_access_{method}")()
            self.assertEqual((result["verdict"], result["outcome"]), ("other_company", "refused"))
        self.assertTrue(self.users_of(self.granted).active)
        for record in (self.invitation, self.event):
            self.assertFalse(record.with_user(self.foreign_manager).search([("id", "=", record.id)]))
            with self.assertRaises(AccessError):
                record.with_user(self.foreign_manager).read(["partner_id"])

    def test_memory_is_read_by_contact_managers_only(self):
        for record in (self.invitation, self.event):
            self.assertTrue(record.with_user(self.manager).read(["partner_id"]))
            for user in self.nobody():
                with self.subTest(user=user.login, model=record._name), self.assertRaises(AccessError):
                    record.with_user(user).read(["partner_id"])

    def test_nobody_writes_makes_or_deletes_memory(self):
        for user in (self.manager, self.access_admin, self.env.ref("base.user_admin"), *self.nobody()):
            for record in (self.invitation, self.event):
                record = record.with_user(user)
                with self.subTest(user=user.login, model=record._name):
                    with self.assertRaises(UserError):  # an AccessError is one too
                        record.write({"partner_id": False})
                    with self.assertRaises(UserError):
                        record.unlink()
                    with self.assertRaises(UserError):
                        record.create({"partner_id": self.partner.id, "kind": "granted"})

    def test_not_even_the_superuser_rewrites_the_ledger(self):
        with self.assertRaises(UserError):
            self.event.sudo().write({"login": "somebody else"})
        with self.assertRaises(UserError):
            self.event.sudo().unlink()
        with self.assertRaises(UserError):
            self.event.sudo().create({"kind": "granted"})

    def test_only_an_access_administrator_sees_a_contacts_link(self):
        self.assertFalse(self.granted.with_user(self.manager).signup_url, "stock shows it to every contact manager")
        self.granted.invalidate_recordset()
        self.assertIn("token=", self.granted.with_user(self.access_admin).signup_url)

    def test_nobody_reads_searches_or_groups_by_the_hash(self):
        for user in (self.manager, self.access_admin):
            invitation = self.invitation.with_user(user)
            with self.assertRaises(AccessError):
                invitation.read(["token_hash"])
            with self.assertRaises(AccessError):
                invitation.search([("token_hash", "!=", False)])
            with self.assertRaises(AccessError):
                invitation.read_group([], ["token_hash"], ["token_hash"])

    def test_emails_have_to_come_by_contact_id(self):
        for emails in (["x"], "x", {"a": "b"}, {None: "x"}):
            with self.subTest(emails=emails), self.assertRaises(UserError):
                self.as_manager(self.partner).portal_access_grant(emails)

    def test_a_token_is_hidden_where_odoo_asks_for_no_rights(self):
        token = self.granted.sudo().signup_token
        self.assertTrue(token)
        for user in (self.manager, self.employee, self.portal_user):
            partner = self.granted.with_user(user)
            with self.subTest(user=user.login):
                self.assertEqual(partner.mapped("signup_token"), [False])
                self.assertNotIn("token", str(partner._get_signup_url_for_action()))
        self.manager.groups_id |= self.env.ref("base.group_allow_export")
        self.assertNotIn(token, str(self.granted.with_user(self.manager).export_data(["signup_token"])))
        self.assertEqual(self.granted.with_user(self.access_admin).signup_token, token)

    def test_a_token_can_not_be_planted(self):
        values = {"signup_token": "known", "signup_type": "signup", "signup_expiration": "2099-01-01 00:00:00"}
        Partner = self.env["res.partner"].with_user(self.manager)
        planted = Partner.create({"name": "Planted", "email": "planted@pae.example", **values})
        by_context = Partner.with_context(**{f"default_{name}": value for name, value in values.items()})
        planted |= by_context.create({"name": "Planted too", "email": "planted2@pae.example"})
        self.env.flush_all()
        self.env.cr.execute("SELECT signup_token, signup_type FROM res_partner WHERE id IN %s", [tuple(planted.ids)])
        self.assertEqual(self.env.cr.fetchall(), [(None, None), (None, None)])
        # Not even one that was there before is taken for an invitation's.
        self.env.cr.execute(
            "UPDATE res_partner SET signup_token = 'known', signup_type = 'signup' WHERE id IN %s", [tuple(planted.ids)]
        )
        self.grant(planted)
        planted.invalidate_recordset()
        self.assertNotIn("known", planted.sudo().mapped("signup_token"))
