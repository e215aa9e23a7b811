from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from .test_login_change import PASSWORD, LoginChangeCase


@tagged("post_install", "-at_install")
class TestLoginChangeUndo(LoginChangeCase):
    """A change is confirmed by who reads the mail of the new login, and undone by who reads that of the old one."""

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
