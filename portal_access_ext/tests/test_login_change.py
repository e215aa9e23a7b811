import re
from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields, http
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, HttpCase, tagged
from odoo.tools import mute_logger

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

    # Confirming

    def test_nothing_changes_before_it_is_confirmed(self):
        change = self.change(needs_confirmation=True, with_email=True)
        self.assertEqual((self.user.login, self.partner.email), (self.old, self.old))
        [(address, mail)] = self.mails().items()
        self.assertEqual(address, self.new)
        self.assertTrue(self.link(mail, "confirm"))
        # Perhaps a stranger's address: it learns neither name nor login.
        self.assertNotIn(self.old, mail.body_html)
        self.assertNotIn(self.partner.name, mail.body_html)
        self.assertEqual(self.login_events().kind, "login_requested")

        self.assertIsNone(change.with_user(self.user).sudo()._confirm())
        self.assertEqual((self.user.login, self.partner.email), (self.new, self.new))
        self.assertEqual(change.state, "done")
        self.assertTrue(self.link(self.mails()[self.old], "undo"))
        event = self.login_events()[-1]
        self.assertEqual((event.kind, event.actor_id), ("login_changed", self.user))
        self.assertEqual(event, self.events_of(self.partner)[-1], "the email is told of with the login")
        self.assertEqual(change._get_problem("confirm")["code"], "used")

    def test_a_login_that_was_taken_meanwhile_is_not_confirmed(self):
        change = self.change(needs_confirmation=True)
        self.grant(self.make_partners(1, "rival", email=self.new.upper()))
        self.assertEqual(change._confirm()["code"], "taken")
        self.assertEqual((self.user.login, change.state), (self.old, "waiting"))

    def test_a_newer_request_and_a_change_replace_one_that_waits(self):
        first = self.change(needs_confirmation=True)
        second = self.change("newer@pae.example", needs_confirmation=True)
        self.assertEqual((first.state, second.state), ("cancelled", "waiting"))
        self.as_admin(self.user).login = "newest@pae.example"
        self.assertEqual(second.state, "cancelled")
        for change in first | second:
            self.assertEqual(change._confirm()["code"], "cancelled")

    # Undoing

    def test_undoing_gives_the_account_back_to_the_old_login_only(self):
        self.partner.email = "contact@pae.example"
        change = self.change(with_email=True)
        self.env["mail.mail"].search([]).unlink()
        self.env["res.users.apikeys"].with_user(self.user)._generate("rpc", "intruder")
        token = self.user._compute_session_token("a" * 40)
        self.assertIsNone(change.with_user(self.user).sudo()._undo())
        self.assertEqual((self.user.login, self.partner.email), (self.old, "contact@pae.example"))
        self.assertFalse(self.has_password())
        self.assertFalse(self.user.api_key_ids)
        self.assertNotEqual(self.user._compute_session_token("a" * 40), token)
        mails = self.mails()
        self.assertEqual(set(mails), {self.old, self.new})
        self.assertIn(self.partner.sudo().signup_token, mails[self.old].body_html)
        self.assertNotIn("token=", mails[self.new].body_html)
        self.assertEqual(self.partner.sudo().signup_type, "reset")
        event = self.login_events()[-1]
        self.assertEqual((event.kind, event.login), ("login_changed", self.old))
        self.assertIn("undone", event.details)
        self.assertEqual(change._get_problem("undo")["code"], "used")
        self.env["res.users"].signup({"password": "another password"}, self.partner.sudo().signup_token)
        self.assertTrue(self.has_password())

    def test_undoing_leaves_an_email_alone_that_did_not_change_with_the_login(self):
        change = self.change()
        self.partner.email = "later@pae.example"
        change._undo()
        self.assertEqual(self.partner.email, "later@pae.example")

    def test_two_factor_authentication_stays_unless_it_was_turned_on_since(self):
        self.user.sudo().totp_secret = "KEPT"
        self.env.flush_all()
        self.env.cr.execute("UPDATE portal_access_event SET create_date = now() - interval '1 day'")
        change = self.change()
        change._undo()
        self.assertEqual(self.user.sudo().totp_secret, "KEPT")
        self.user.sudo().totp_secret = False
        change = self.change()
        self.user.with_user(self.user).sudo().totp_secret = "PLANTED"
        change._undo()
        self.assertFalse(self.user.sudo().totp_secret)

    def test_undoing_takes_the_email_back_that_the_thief_changed_before_or_after(self):
        as_customer = self.partner.with_user(self.user).sudo()
        self.partner.email = "contact@pae.example"
        for is_before in (True, False):
            with self.subTest(is_before=is_before):
                if is_before:
                    as_customer.email = "thief@pae.example"
                change = self.Changes.with_user(self.user).sudo()._request(self.user, self.new)
                change._confirm()
                if not is_before:
                    as_customer.email = "thief@pae.example"
                self.assertIsNone(change._undo())
                self.assertEqual((self.user.login, self.partner.email), (self.old, self.old))
                self.assertIn("email too", self.login_events()[-1].details)
                self.env.cr.execute("DELETE FROM portal_access_event WHERE kind = 'email_changed'")

    def test_undoing_leaves_an_email_alone_that_the_customer_changed_long_before(self):
        self.partner.with_user(self.user).sudo().email = "mine@pae.example"
        self.env.flush_all()
        self.env.cr.execute("UPDATE portal_access_event SET create_date = create_date - interval '73 hours'")
        change = self.change()
        change._undo()
        self.assertEqual(self.partner.email, "mine@pae.example")

    def test_two_factor_authentication_goes_that_the_thief_turned_on_shortly_before(self):
        for hours, is_kept in ((1, False), (71, False), (73, True)):
            with self.subTest(hours=hours):
                self.user.with_user(self.user).sudo().totp_secret = "PLANTED"
                self.env.flush_all()
                self.env.cr.execute(
                    "UPDATE portal_access_event SET create_date = now() - make_interval(hours => %s)", [hours]
                )
                change = self.Changes.with_user(self.user).sudo()._request(self.user, self.new)
                change._confirm()
                change._undo()
                self.assertEqual(bool(self.user.sudo().totp_secret), is_kept)

    def test_a_taken_old_login_does_not_come_back(self):
        change = self.change()
        self.grant(self.make_partners(1, "rival", email=self.old.title()))
        self.assertEqual(change._undo()["code"], "taken")
        self.assertEqual((self.user.login, change.state), (self.new, "done"))
        self.assertTrue(self.has_password())

    def test_a_visitor_can_not_take_the_old_login_before_it_may_come_back(self):
        self.env["ir.config_parameter"].set_param("auth_signup.invitation_scope", "b2c")
        self.change()
        self.partner.email = "elsewhere@pae.example"
        Users = self.env["res.users"].with_user(self.env.ref("base.public_user")).sudo()
        values = {"login": self.old.upper(), "name": "Visitor", "password": PASSWORD}
        with self.assertRaisesRegex(UserError, "already registered"):
            Users.signup(dict(values))
        with freeze_time(fields.Datetime.now() + timedelta(hours=73)):
            Users.signup(dict(values))

    def test_changing_a_login_twice_does_not_end_the_owner_s_link(self):
        """Whoever took the account asked for both changes; the owner reads the mail of the first login."""
        first = self.Changes.with_user(self.user).sudo()._request(self.user, self.new)
        first.with_user(self.user).sudo()._confirm()
        second = self.Changes.with_user(self.user).sudo()._request(self.user, "second@pae.example")
        second.with_user(self.user).sudo()._confirm()
        self.assertEqual(self.user.login, "second@pae.example")
        self.assertIsNone(first._undo())
        self.assertEqual(self.user.login, self.old)
        self.assertEqual(second.state, "cancelled")
        self.assertEqual(second._get_problem("undo")["code"], "cancelled")

    def test_an_administrator_s_change_ends_earlier_links(self):
        first = self.change()
        self.change("second@pae.example")
        self.assertEqual(first._undo()["code"], "cancelled")
        self.assertEqual(self.user.login, "second@pae.example")

    def test_an_administrator_can_end_the_links(self):
        waiting = self.change(needs_confirmation=True)
        self.as_admin(waiting.sudo(False)).action_close()
        self.assertEqual(waiting._confirm()["code"], "cancelled")
        done = self.change()
        self.as_admin(done.sudo(False)).action_close()
        self.assertEqual((done._undo()["code"], done.state), ("cancelled", "done"))

    # Links

    def test_links_end_after_72_hours(self):
        waiting = self.change(needs_confirmation=True)
        with freeze_time(fields.Datetime.now() + timedelta(hours=71)):
            self.assertIsNone(waiting._get_problem("confirm"))
        with freeze_time(fields.Datetime.now() + timedelta(hours=73)):
            self.assertEqual(waiting._confirm()["code"], "expired")
            self.Changes._gc_changes()
            self.assertEqual(waiting.state, "expired")
            self.assertEqual(waiting._confirm()["code"], "expired")
        done = self.change()
        with freeze_time(fields.Datetime.now() + timedelta(hours=73)):
            self.assertEqual(done._undo()["code"], "expired")
        self.assertEqual(self.user.login, self.new)

    def test_links_are_useless_after_a_revoke_and_for_whoever_left_the_portal(self):
        done, waiting = self.change(), self.change("second@pae.example", needs_confirmation=True)
        self.as_manager(self.partner).portal_access_revoke()
        self.assertEqual((done._get_problem_code("undo"), waiting._get_problem_code("confirm")), ("ended",) * 2)
        self.assertFalse(done._undo() is None or waiting._confirm() is None)
        self.assertEqual(self.user.login, self.new)

    def test_a_link_does_not_come_back_to_life_with_a_new_grant(self):
        done, waiting = self.change(), self.change("second@pae.example", needs_confirmation=True)
        self.as_manager(self.partner).portal_access_revoke()
        self.as_admin(self.partner).portal_access_grant()
        self.assertEqual((waiting.state, done.can_undo), ("cancelled", False))
        self.assertTrue(done._undo() and waiting._confirm())

    def test_a_link_does_not_come_back_to_life_for_who_was_an_employee_meanwhile(self):
        done, waiting = self.change(), self.change("second@pae.example", needs_confirmation=True)
        portal, internal = self.env.ref("base.group_portal"), self.env.ref("base.group_user")
        self.as_admin(self.user).groups_id = [(3, portal.id), (4, internal.id)]
        self.assertEqual((done._get_problem_code("undo"), waiting._get_problem_code("confirm")), ("ended",) * 2)
        self.as_admin(self.user).groups_id = [(6, 0, portal.ids)]
        self.assertTrue(done._undo() and waiting._confirm())

    def test_a_link_is_of_one_change_one_purpose_and_one_user(self):
        other = self.make_partners(1, "mallory")
        mallory = self.grant(other)
        mine = self.change()
        theirs = self.Changes._request(mallory, "mallory2@pae.example")
        signature = mine._get_signature("undo")
        self.assertEqual(self.Changes._find_by_link("undo", mine.id, signature), mine)
        for purpose, change_id, tried in (
            ("undo", theirs.id, signature),
            ("confirm", mine.id, signature),
            ("undo", mine.id, signature[:-1] + ("0" if signature[-1] != "0" else "1")),
            ("undo", mine.id, ""),
            ("undo", mine.id, "ä" * 64),
            ("undo", 0, signature),
            ("undo", 2**31, signature),
            ("undo", mine.id, theirs._get_signature("undo")),
        ):
            with self.subTest(purpose=purpose, change_id=change_id):
                self.assertFalse(self.Changes._find_by_link(purpose, change_id, tried))

    def test_changes_are_kept_for_a_time(self):
        change = self.change()
        self.Changes._gc_changes()
        self.assertTrue(change.exists())
        with freeze_time(fields.Datetime.now() + timedelta(days=100)):
            self.Changes._gc_changes()
        self.assertFalse(change.exists())

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


@tagged("post_install", "-at_install")
class TestLoginChangeRights(LoginChangeCase):
    """Who may change logins, and see changes."""

    def nobody(self):
        return self.employee, self.manager, self.user, self.env.ref("base.public_user")

    def test_only_administrators_of_access_rights_change_logins(self):
        for user in self.nobody():
            with self.subTest(user=user.login):
                with self.assertRaises(AccessError):
                    self.partner.with_user(user).action_portal_change_login()
                with self.assertRaises(AccessError):
                    self.env["portal.access.change.login"].with_user(user).create(
                        {"partner_id": self.partner.id, "new_login": self.new}
                    )
        line = self.open_dialog(self.partner).user_ids
        with self.assertRaises(AccessError):
            line.action_change_login()

    def test_nobody_learns_which_logins_there_are(self):
        taken = self.access_admin.login.upper()
        for user in (self.employee, self.manager, self.user):
            Users = self.env["res.users"].with_user(user)
            for values in ({"name": "X", "login": taken}, {"name": "X", "login": taken, "partner_id": 2**31 - 1}):
                with self.subTest(user=user.login, values=values), self.assertRaises(AccessError):
                    Users.create(values)
            for target in (user, self.user):
                with self.subTest(user=user.login, target=target.login), self.assertRaises(AccessError):
                    Users.browse(target.id).write({"login": taken})

    def test_an_administrator_of_another_company_changes_nothing(self):
        self.partner.company_id = self.env.company
        foreign = mail_new_test_user(
            self.env,
            login="pae_foreign_admin",
            groups="base.group_user,base.group_partner_manager,base.group_erp_manager",
            company_id=self.company_2.id,
            company_ids=[(6, 0, self.company_2.ids)],
        )
        with self.assertRaises(AccessError):
            self.partner.with_user(foreign).action_portal_change_login()
        change = self.change().sudo(False).with_user(foreign)
        self.assertFalse(change.search([]))
        with self.assertRaises(AccessError):
            change.action_close()

    def test_changes_are_read_by_administrators_only_and_written_by_nobody(self):
        change = self.change().sudo(False)
        self.assertTrue(change.with_user(self.access_admin).read(["old_login", "state"]))
        for user in self.nobody():
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                change.with_user(user).read(["old_login"])
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                change.with_user(user).action_close()
        for user in (self.access_admin, self.env.ref("base.user_admin")):
            record = change.with_user(user)
            for work in (
                lambda record=record: record.write({"state": "done"}),
                lambda record=record: record.unlink(),
                lambda record=record: record.create({"user_id": self.user.id}),
                lambda record=record: record.read(["nonce"]),
                lambda record=record: record.read(["undo_link"]),
                lambda record=record: record.search([("nonce", "!=", False)]),
            ):
                with self.assertRaises(AccessError):
                    work()
            self.assertFalse(record.mapped("undo_link")[0])

    def test_nobody_reads_or_writes_the_keys_of_logins(self):
        for user in (self.access_admin, *self.nobody()):
            with self.assertRaises(AccessError):
                self.env["portal.access.login.key"].with_user(user).search([])

    def test_customers_read_none_of_the_mails_with_links(self):
        self.Changes.with_user(self.user).sudo()._request(self.user, self.new)
        self.change()
        messages = self.env["mail.mail"].search([]).mail_message_id
        for user in (self.user, self.manager, self.employee):
            with self.subTest(user=user.login):
                found = self.env["mail.message"].with_user(user).search([("id", "in", messages.ids)])
                self.assertFalse(found)

    def test_only_administrators_write_the_texts_of_the_mails(self):
        self.manager.groups_id |= self.env.ref("mail.group_mail_template_editor")
        template = self.env.ref("portal_access_ext.mail_template_login_old")
        with self.assertRaises(AccessError):
            template.with_user(self.manager).body_html = "<p>x</p>"
        template.with_user(self.access_admin).subject = "Mine"


class LoginPageCase(LoginChangeCase, HttpCase):
    def post(self, url, **values):
        self.env.flush_all()
        return self.url_open(url, data={"csrf_token": http.Request.csrf_token(self), **values})

    def get(self, url):
        self.env.flush_all()
        return self.url_open(url)

    def outcome(self, response):
        self.assertEqual(response.status_code, 200)
        found = re.search(r'data-outcome="(\w+)"', response.text)
        return found and found[1]

    def press(self, url):
        self.authenticate(None, None)
        response = self.post(url)
        self.env.invalidate_all()
        return self.outcome(response)


@tagged("post_install", "-at_install")
class TestLoginLinks(LoginPageCase):
    """What the holder of a link sees."""

    def test_opening_a_confirmation_changes_nothing_and_pressing_its_button_does(self):
        self.change(needs_confirmation=True)
        link = self.link(self.mails()[self.new], "confirm")
        for _scan in range(2):
            page = self.get(link)
            self.assertIn("Confirm the new login", page.text)
            self.assertEqual(page.headers["Referrer-Policy"], "no-referrer")
        self.assertEqual(self.user.login, self.old)
        self.assertEqual(self.press(link), "confirmed")
        self.assertEqual(self.user.login, self.new)
        self.assertEqual(self.press(link), "used")
        self.assertEqual(self.outcome(self.get(link)), "used")

    def test_opening_an_undo_changes_nothing_and_pressing_its_button_does(self):
        self.change()
        link = self.link(self.mails()[self.old], "undo")
        self.assertIn("Undo the change", self.get(link).text)
        self.assertEqual(self.user.login, self.new)
        self.assertEqual(self.press(link), "undone")
        self.assertEqual(self.user.login, self.old)
        self.assertEqual(self.press(link), "used")

    def test_a_post_without_its_token_changes_nothing(self):
        self.change()
        link = self.link(self.mails()[self.old], "undo")
        self.authenticate(None, None)
        with mute_logger("odoo.http"):
            for data in ({"x": "y"}, {"csrf_token": "nonsense"}):
                self.assertEqual(self.url_open(link, data=data).status_code, 400)
        self.assertEqual(self.user.login, self.new)

    def test_each_dead_link_says_why(self):
        change = self.change()
        link = self.link(self.mails()[self.old], "undo")
        for bad in (link[:-1] + ("0" if link[-1] != "0" else "1"), link.replace("/undo/", "/confirm/")):
            self.assertEqual(self.outcome(self.get(bad)), "invalid")
            self.assertEqual(self.press(bad), "invalid")
        self.assertEqual(self.outcome(self.get(f"/my/login/undo/{2**40}/abc")), "invalid")
        self.assertEqual(self.outcome(self.get("/my/login/undo/999999/%00")), "invalid")
        change.undo_until = fields.Datetime.now() + timedelta(hours=1)  # another end: another signature
        self.assertEqual(self.outcome(self.get(link)), "invalid")
        change.undo_until = fields.Datetime.now() - timedelta(hours=1)
        self.assertEqual(self.outcome(self.get(change._get_link("undo"))), "expired")
        change.undo_until = fields.Datetime.now() + timedelta(hours=1)
        self.as_manager(self.partner).portal_access_revoke()
        self.assertEqual(self.press(change._get_link("undo")), "ended")
        self.assertEqual(self.user.login, self.new)

    def test_the_page_is_in_the_customer_s_language_and_names_whom_to_contact(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.partner.lang = "fr_FR"
        self.env.company.write({"email": "help@company.example", "phone": "+32 2 290 34 90"})
        view = self.env.ref("portal_access_ext.login_link")
        view.update_field_translations("arch_db", {"fr_FR": {"Sign in": "Connexion"}})
        change = self.change(can_undo=False)
        page = self.get(change._get_link("undo")).text
        self.assertIn("Connexion", page)
        self.assertIn("help@company.example", page)

    def test_a_link_never_shows_a_traceback_for_ids_and_signatures_of_all_sorts(self):
        for tail in (
            "undo/0/x",
            "confirm/1/%F0%9F%92%A9",
            "undo/00000000000000000001/'",
            "undo/1/" + "a" * 4000,
            "undo/-1/x",
        ):
            self.assertEqual(self.outcome(self.get(f"/my/login/{tail}")), "invalid")
        with mute_logger("odoo.http"):
            for tail in ("steal/1/x", "undo/x/y"):
                with self.subTest(tail=tail):
                    self.assertEqual(self.get(f"/my/login/{tail}").status_code, 404)


@tagged("post_install", "-at_install")
class TestLoginPage(LoginPageCase):
    """The customer's own page: Connection & Security."""

    def offer(self):
        self.env["ir.config_parameter"].set_param("portal_access_ext.login_change_by_customer", "True")

    def ask(self, new_login=None, password=PASSWORD):
        self.authenticate(self.user.login, PASSWORD)
        response = self.post("/my/security/login", new_login=new_login or self.new, password=password)
        self.assertEqual(response.status_code, 200)
        self.env.invalidate_all()
        return response.text

    def test_the_setting_is_off_and_the_page_says_whom_to_contact(self):
        self.env.company.write({"email": "help@company.example", "phone": "+32 2 290 34 90"})
        self.authenticate(self.old, PASSWORD)
        page = self.get("/my/security").text
        self.assertIn(self.old, page)
        self.assertIn("help@company.example", page)
        self.assertIn("+32 2 290 34 90", page)
        self.assertNotIn('name="new_login"', page)
        self.ask()
        self.assertFalse(self.last_change())

    def test_the_setting_survives_any_value(self):
        for value, offered in (("True", True), ("1", True), ("False", False), ("", False), ("x", False)):
            self.env["ir.config_parameter"].set_param("portal_access_ext.login_change_by_customer", value)
            self.assertEqual(self.Changes._is_offered(), offered)

    def test_a_customer_asks_with_the_password_and_confirms_by_the_link(self):
        self.offer()
        page = self.ask()
        self.assertIn("is on its way", page)
        self.assertEqual(self.user.login, self.old)
        self.assertEqual(self.login_events().kind, "login_requested")
        self.assertEqual(self.login_events().actor_id, self.user)
        link = self.link(self.mails()[self.new], "confirm")
        # In the browser that is signed in: it stays so.
        self.assertEqual(self.outcome(self.post(link)), "confirmed")
        self.env.invalidate_all()
        self.assertEqual((self.user.login, self.partner.email), (self.new, self.old))
        self.assertEqual(set(self.mails()), {self.old, self.new})
        self.assertIn(self.new, self.get("/my/security").text)

    def test_a_wrong_password_and_a_bad_address_are_told_at_their_fields(self):
        self.offer()
        for values, words in (
            ({"password": "wrong"}, "This is not your password."),
            ({"password": ""}, "Type your password."),
            ({"password": "wrong\x00"}, "This is not your password."),
            ({"new_login": "nonsense"}, "Type one email address."),
            ({"new_login": "a\x00@pae.example"}, "Type one email address."),
            ({"new_login": self.old.upper()}, "This is your login already."),
        ):
            with self.subTest(values=values):
                page = self.ask(**values)
                self.assertIn(words, page)
                self.assertIn("autofocus", page)
        self.assertFalse(self.last_change())

    def test_files_and_endless_texts_are_wrong_like_any_other(self):
        self.offer()
        self.authenticate(self.user.login, PASSWORD)
        token = http.Request.csrf_token(self)
        file = ("a.txt", b"a file")
        for values, files, words in (
            ({"password": PASSWORD}, {"new_login": file}, "Type one email address."),
            ({"new_login": self.new}, {"password": file}, "Type your password."),
            ({"new_login": self.new, "password": "x" * 4097}, None, "This is not your password."),
            ({"new_login": "x" * 10_000 + "@pae.example", "password": PASSWORD}, None, "Type one email address."),
        ):
            with self.subTest(words=words):
                self.env.flush_all()
                url = "/my/security/login"
                response = self.opener.post(
                    self.base_url() + url, data={"csrf_token": token, **values}, files=files, timeout=30
                )
                self.assertEqual(response.status_code, 200)
                self.assertIn(words, response.text)
        self.assertFalse(self.last_change())

    def test_the_answer_is_the_same_for_a_login_that_somebody_has(self):
        self.offer()
        self.grant(self.partners[1])
        self.env["mail.mail"].search([]).unlink()
        taken = self.partners[1].email
        pages = [
            re.sub(r'csrf_token[^>]*|"[0-9a-f]{40}o\d+"', "", self.ask(login)).replace(login, "LOGIN")
            for login in (taken, self.new)
        ]
        self.assertEqual(*pages)
        self.assertEqual(list(self.mails()), [self.new])
        self.assertEqual(self.login_events().mapped("kind"), ["login_requested"] * 2)

    def test_an_hour_has_five_guesses_of_the_password(self):
        self.offer()
        for _guess in range(5):
            self.assertIn("not your password", self.ask(password="wrong"))
        self.assertIn("Too many attempts", self.ask())
        self.assertFalse(self.last_change())

    def test_a_day_has_five_requests(self):
        self.offer()
        Limit = self.env["portal.access.limit"]
        with patch.object(type(Limit), "_take", lambda self, purpose, *rest: purpose != "login_request"):
            self.assertIn("often today", self.ask())
        self.assertFalse(self.last_change())

    def test_internal_users_and_visitors_have_no_such_form(self):
        self.offer()
        self.employee.password = PASSWORD
        self.authenticate(self.employee.login, PASSWORD)
        self.assertNotIn('name="new_login"', self.get("/my/security").text)
        response = self.post("/my/security/login", new_login=self.new, password=PASSWORD)
        self.assertNotIn("is on its way", response.text)
        self.authenticate(None, None)
        self.assertIn("/web/login", self.post("/my/security/login", new_login=self.new, password=PASSWORD).url)
        self.assertFalse(self.Changes.search([("new_login", "=", self.new)]))

    def test_a_request_needs_its_token(self):
        self.offer()
        self.authenticate(self.old, PASSWORD)
        with mute_logger("odoo.http"):
            response = self.url_open("/my/security/login", data={"new_login": self.new, "password": PASSWORD})
        self.assertEqual(response.status_code, 400)
        self.assertFalse(self.last_change())
