import re

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from odoo.addons.mail.tests.common import mail_new_test_user

from .common import PortalAccessCase

PASSWORD = "a fine password"


class LoginChangeCase(PortalAccessCase):
    """A customer with access, and an administrator of access rights."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.access_admin = mail_new_test_user(
            cls.env, login="pae_admin", groups="base.group_user,base.group_partner_manager,base.group_erp_manager"
        )
        cls.partner.with_user(cls.manager).portal_access_grant()
        cls.user = cls.env["res.users"].search([("partner_id", "=", cls.partner.id)])
        cls.user.password = PASSWORD
        cls.env["mail.mail"].search([]).unlink()
        cls.Changes = cls.env["portal.access.login.change"].sudo()
        cls.old, cls.new = cls.user.login, "new@pae.example"

    def as_admin(self, records):
        return records.with_user(self.access_admin).with_context(allowed_company_ids=self.access_admin.company_ids.ids)

    def change(self, new_login=None, **options):
        """Change the login by the wizard, at once unless told otherwise; return the change."""
        values = {"new_login": new_login or self.new, "needs_confirmation": False, **options}
        Wizard = self.as_admin(self.env["portal.access.change.login"])
        Wizard.create({"partner_id": self.partner.id, **values}).action_change()
        return self.last_change()

    def last_change(self):
        return self.Changes.search([("user_id", "=", self.user.id)], limit=1)

    def mails(self):
        """Return the mails about logins by address."""
        self.env.flush_all()
        mails = self.env["mail.mail"].search([("model", "=", "portal.access.login.change")], order="id")
        return {mail.email_to: mail for mail in mails}

    def link(self, mail, purpose):
        found = re.search(rf"http[^\s\"]+/my/login/{purpose}/[^\s\"]+", mail.body_html)
        return found and found[0]

    def login_events(self):
        return self.events_of(self.partner).filtered(lambda event: event.kind.startswith("login"))

    def has_password(self):
        self.env.flush_all()
        self.env.cr.execute("SELECT COALESCE(password, '') <> '' FROM res_users WHERE id = %s", self.user.ids)
        return self.env.cr.fetchone()[0]


@tagged("post_install", "-at_install")
class TestLoginChange(LoginChangeCase):
    """What follows when the login of a customer changes, whoever changes it."""

    # Everywhere

    def test_a_change_in_settings_is_told_to_both_logins_and_to_nobody_else(self):
        self.partner.email = "contact@pae.example"
        with Form(self.as_admin(self.user), "base.view_users_form") as form:
            form.login = self.new
        self.assertEqual(self.partner.email, "contact@pae.example")
        mails = self.mails()
        self.assertEqual(set(mails), {self.old, self.new})
        self.assertTrue(self.link(mails[self.old], "undo"))
        self.assertFalse(self.link(mails[self.new], "undo"))
        for mail in mails.values():
            self.assertIn(self.old, mail.body_html)
            self.assertIn(self.new, mail.body_html)
        self.assertEqual(self.env["mail.mail"].search([]), mails[self.old] | mails[self.new])

    def test_a_change_is_in_the_ledger_and_in_the_chatter_once(self):
        notes = len(self.partner.message_ids)
        self.as_admin(self.user).login = self.new
        event = self.login_events()
        self.assertEqual((event.kind, event.details), ("login_changed", f"{self.old} → {self.new}"))
        self.assertEqual((event.actor_id, event.login), (self.access_admin, self.new))
        self.assertEqual(len(self.partner.message_ids), notes + 1)

    def test_the_notices_are_in_the_customer_s_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.partner.lang = "fr_FR"
        for name in ("old", "new"):
            template = self.env.ref(f"portal_access_ext.mail_template_login_{name}").with_context(lang="fr_FR")
            template.subject = f"Identifiant {name}"
        self.as_admin(self.user).login = self.new
        self.assertEqual(self.mails()[self.old].subject, "Identifiant old")
        self.assertEqual(self.mails()[self.new].subject, "Identifiant new")

    def test_a_login_that_is_no_address_is_told_at_the_contact_s_email(self):
        self.partner.email = "contact@pae.example"
        self.as_admin(self.user).login = "ann"
        mails = self.mails()
        self.assertEqual(set(mails), {self.old, "contact@pae.example"})
        self.assertFalse(self.link(mails["contact@pae.example"], "undo"))
        self.env["mail.mail"].search([]).unlink()
        self.as_admin(self.user).login = self.new
        self.assertTrue(self.link(self.mails()["contact@pae.example"], "undo"))

    def test_nobody_is_told_twice_and_nobody_unreachable_at_all(self):
        self.partner.email = self.new
        self.as_admin(self.user).login = "ann"
        self.env["mail.mail"].search([]).unlink()
        self.as_admin(self.user).login = self.new
        self.assertEqual(list(self.mails()), [self.new])
        self.partner.email = False
        self.as_admin(self.user).login = "ann"
        self.env["mail.mail"].search([]).unlink()
        self.as_admin(self.user).login = "beth"
        self.assertFalse(self.mails())
        self.assertEqual(self.user.login, "beth")

    def test_other_values_are_written_and_told_as_in_stock(self):
        self.as_admin(self.user).write({"login": self.new, "email": "mail@pae.example", "name": "Renamed"})
        self.assertEqual((self.partner.email, self.partner.name), ("mail@pae.example", "Renamed"))
        subjects = self.env["mail.mail"].search([]).mapped("subject")
        self.assertIn("Security Update: Email Changed", subjects)
        self.assertNotIn("Security Update: Login Changed", subjects)
        self.assertTrue(self.last_change().with_email)

    def test_internal_and_archived_users_get_stock_s_notice(self):
        self.as_admin(self.employee).login = "emil2"
        self.user.active = False
        self.as_admin(self.user).login = self.new
        self.assertFalse(self.mails())
        subjects = self.env["mail.mail"].search([]).mapped("subject")
        self.assertEqual(subjects, ["Security Update: Login Changed"] * 2)

    def test_nobody_can_hold_the_notices_back_over_rpc(self):
        context = {"portal_access_told": self.user.ids, "portal_access_batch": True}
        self.as_admin(self.user).with_context(**context).write({"login": self.new})
        self.assertEqual(set(self.mails()), {self.old, self.new})
        self.assertTrue(self.login_events())

    def test_deleting_one_s_account_is_no_change_of_login(self):
        self.user.with_user(self.user).sudo()._deactivate_portal_user()
        self.assertFalse(self.mails())
        self.assertFalse(self.login_events())

    def test_the_notices_have_a_sender_also_where_the_company_has_no_email(self):
        self.env.company.email = "help@company.example"
        self.as_admin(self.user).login = self.new
        self.assertIn("help@company.example", self.mails()[self.old].email_from)
        self.env["mail.mail"].search([]).unlink()
        self.user.company_id.email = False
        self.as_admin(self.user).login = self.old
        self.assertEqual(self.mails()[self.old].email_from, self.access_admin.email_formatted)
        self.env["mail.mail"].search([]).unlink()
        self.Changes.with_user(self.user).sudo()._request(self.user, self.new)
        self.assertEqual(self.mails()[self.new].email_from, self.env.ref("base.user_root").email_formatted)

    def test_nothing_of_the_context_gets_into_the_mails(self):
        context = {"default_email_cc": "spy@pae.example", "default_scheduled_date": "2099-01-01"}
        self.as_admin(self.user).with_context(**context).login = self.new
        self.Changes.with_context(**context)._request(self.user, "newer@pae.example")
        mails = self.mails()
        self.assertEqual(len(mails), 3)
        for mail in mails.values():
            self.assertFalse(mail.email_cc or mail.scheduled_date)

    def test_a_change_that_ends_the_access_too_can_not_be_undone(self):
        portal, internal = self.env.ref("base.group_portal"), self.env.ref("base.group_user")
        self.as_admin(self.user).write({"login": self.new, "groups_id": [(3, portal.id), (4, internal.id)]})
        self.as_admin(self.user).groups_id = [(6, 0, portal.ids)]
        promoted = self.last_change()
        self.as_admin(self.user).write({"login": "newer@pae.example", "active": False})
        self.as_admin(self.user).active = True
        for change in promoted | self.last_change():
            self.assertFalse(change.can_undo)
            self.assertEqual(change._undo()["code"], "cancelled")
        self.assertFalse(self.link(self.mails()[self.old], "undo"))
        self.assertFalse(self.link(self.mails()[self.new], "undo"))

    def test_a_deleted_template_is_named(self):
        self.env.ref("portal_access_ext.mail_template_login_old").unlink()
        with self.assertRaisesRegex(UserError, "mail_template_login_old"):
            self.as_admin(self.user).login = self.new

    # The wizard

    def test_an_administrator_changes_the_login_at_once_and_the_email_only_if_asked(self):
        change = self.change(f" New Ann <{self.new.upper()}> ")
        self.assertEqual((self.user.login, self.partner.email), (self.new, self.old))
        self.assertEqual((change.state, change.requested_by_id), ("done", self.access_admin))
        self.change("newer@pae.example", with_email=True)
        self.assertEqual((self.user.login, self.partner.email), ("newer@pae.example",) * 2)
        self.assertIn("email too", self.login_events()[-1].details)

    def test_bad_logins_are_refused_in_words(self):
        self.grant(self.partners[1])
        for login, words in (
            ("nonsense", "one email address"),
            ("a@pae.example b@pae.example", "one email address"),
            (self.old, "login already"),
            (self.partners[1].email.upper(), "that of customer 1"),
        ):
            for needs_confirmation in (True, False):
                with self.subTest(login=login), self.assertRaisesRegex(UserError, words):
                    self.change(login, needs_confirmation=needs_confirmation)
        self.assertFalse(self.mails())
        self.assertEqual(self.user.login, self.old)

    def test_only_contacts_with_access_have_a_login_to_change(self):
        for partner, words in (
            (self.partners[1], "no portal access"),
            (self.employee.partner_id, "internal user"),
        ):
            with self.assertRaisesRegex(UserError, words):
                self.as_admin(partner).action_portal_change_login()
        self.as_manager(self.partner).portal_access_revoke()
        with self.assertRaisesRegex(UserError, "no portal access"):
            self.change()

    def test_the_row_s_button_opens_the_wizard_and_comes_back(self):
        dialog = self.as_admin(self.env["portal.wizard"]).with_context(active_ids=self.partner.ids).create({})
        action = dialog.user_ids.action_change_login()
        wizard = (
            self.as_admin(self.env[action["res_model"]])
            .with_context(**action["context"])
            .create({"new_login": self.new, "needs_confirmation": False})
        )
        self.assertEqual((wizard.old_login, wizard.partner_email), (self.old, self.old))
        self.assertEqual(wizard.action_change()["params"]["next"]["res_id"], dialog.id)

    def test_without_an_undo_the_old_login_gets_no_link(self):
        change = self.change(can_undo=False)
        self.assertFalse(self.link(self.mails()[self.old], "undo"))
        self.assertEqual(change._get_problem("undo")["code"], "cancelled")

    # Pairs

    def test_pairs_that_were_there_before_are_listed_archived_ones_too(self):
        self.grant(self.partners[1])
        other = self.users_of(self.partners[1])
        self.env.flush_all()
        self.env.cr.execute("UPDATE res_users SET login = %s WHERE id = %s", [f" {self.old.upper()}", other.id])
        self.env.invalidate_all()
        other.active = False
        Users = self.as_admin(self.env["res.users"]).with_context(active_test=False)
        twins = Users.search([("has_portal_login_twin", "=", True)])
        self.assertEqual(twins & (self.user | other | self.manager), self.user | other)
        self.assertEqual(twins.mapped("has_portal_login_twin"), [True] * len(twins))
        self.assertNotIn(self.user, Users.search([("has_portal_login_twin", "!=", True)]))
        self.assertIn(self.manager, Users.search([("has_portal_login_twin", "=", False)]))
        for operator, value, found in (
            ("in", [True], twins),
            ("not in", [False], twins),
            ("in", [False], Users.search([]) - twins),
            ("in", [True, False], Users.search([])),
            ("not in", [True, False], Users),
            ("in", [], Users),
        ):
            with self.subTest(operator=operator, value=value):
                self.assertEqual(Users.search([("has_portal_login_twin", operator, value)]), found)
        groups = Users.read_group([("id", "in", twins.ids)], ["portal_login_key"], ["portal_login_key"])
        [pair] = [group for group in groups if group["portal_login_key"] == self.old]
        self.assertEqual(Users.search(pair["__domain"]), self.user | other)
        self.assertEqual(Users.search([("portal_login_key", "ilike", self.old)]), self.user | other)
        self.assertNotIn(other, Users.search([("portal_login_key", "not in", [self.old])]))
        for user in (self.manager, self.user):
            with self.assertRaises(AccessError):
                self.env["res.users"].with_user(user).search([("has_portal_login_twin", "=", True)])
