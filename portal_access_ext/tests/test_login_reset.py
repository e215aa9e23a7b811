from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .test_login_change import LoginChangeCase

CONTACT_EMAIL = "eve@pae.example"


@tagged("post_install", "-at_install")
class TestLoginReset(LoginChangeCase):
    """The password of an account in use is reset by who reads the mail of its login."""

    def reset(self, login=None):
        """Ask for a link as a visitor does; return the addresses that got one."""
        self.env["mail.mail"].search([]).unlink()
        self.env.flush_all()
        Users = self.env["res.users"].with_user(self.env.ref("base.public_user")).sudo()
        with self.mock_mail_gateway():
            Users.reset_password(login or self.user.login)
        return self.told()

    def told(self):
        """:return list: the addresses that the caught mails with links went to"""
        for mail in self._mails:
            self.assertIn("/web/reset_password?", mail["body"])
            self.assertFalse(mail["email_cc"])
        return [address for mail in self._mails for address in mail["email_to"]]

    def set_email(self, email):
        self.as_manager(self.partner).email = email

    def clear_password(self):
        self.env.flush_all()
        self.env.cr.execute("UPDATE res_users SET password = NULL WHERE id = %s", self.user.ids)
        self.env.invalidate_all()

    def test_a_contact_manager_gets_no_link_to_an_account_in_use_by_changing_the_email(self):
        self.set_email(CONTACT_EMAIL)
        self.assertEqual(self.reset(), [self.old])
        self.assertEqual(self.reset(CONTACT_EMAIL), [self.old], "asked for by the contact's email")
        self.assertEqual(self.partner.email, CONTACT_EMAIL)
        self.assertEqual(self.user.email, CONTACT_EMAIL)

    def test_signing_in_is_use_too(self):
        self.clear_password()
        self.set_email(CONTACT_EMAIL)
        self.assertEqual(self.reset(), [CONTACT_EMAIL], "nobody's account yet, as in stock")
        self.user.with_user(self.user)._update_last_login()
        self.assertEqual(self.reset(), [self.old])

    def test_the_login_gets_it_also_where_the_contact_has_no_or_several_emails(self):
        for email in (False, f"{self.old}, {CONTACT_EMAIL}", "nonsense"):
            with self.subTest(email=email):
                self.set_email(email)
                self.assertEqual(self.reset(), [self.old])
                self.assertEqual(self.user.email, email)

    def test_after_a_change_of_login_the_new_login_gets_it(self):
        self.change()
        self.assertEqual(self.partner.email, self.old)
        self.assertEqual(self.reset(), [self.new])

    def test_a_login_that_is_no_address_has_the_contact_s_email(self):
        self.as_admin(self.user).login = "ann"
        self.assertEqual(self.reset(), [self.old])
        self.partner.email = False
        with self.assertRaisesRegex(UserError, "has no email address"):
            self.reset()

    def test_the_same_address_in_another_case_is_as_in_stock(self):
        self.set_email(self.old.upper())
        self.assertEqual(self.reset(), [self.old.upper()])

    def test_internal_users_are_as_in_stock(self):
        self.employee.password = "a fine password"
        self.employee.partner_id.email = CONTACT_EMAIL
        self.employee.login = "emil@pae.example"
        self.employee.partner_id.email = CONTACT_EMAIL
        self.assertEqual(self.reset("emil@pae.example"), [CONTACT_EMAIL])

    def test_each_of_several_users_gets_it_at_the_own_address(self):
        others = self.grant(self.partners[1:])
        self.set_email(CONTACT_EMAIL)
        with self.mock_mail_gateway():
            (self.user | others).action_reset_password()
        expected = [self.old, *others.mapped("email")]
        self.assertCountEqual(self.told(), expected)
        for mail in self._mails:
            partners = self.partner if mail["email_to"] == [self.old] else others.partner_id
            self.assertTrue(any(partner.sudo().signup_token in mail["body"] for partner in partners))

    def test_an_archived_user_gets_nothing(self):
        self.set_email(CONTACT_EMAIL)
        self.user.active = False
        with self.assertRaisesRegex(UserError, "archived user"):
            self.user.action_reset_password()

    def test_nobody_sends_it_elsewhere_over_rpc(self):
        self.set_email(CONTACT_EMAIL)
        for user in (self.manager, self.employee, self.user):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self.user.with_user(user).action_reset_password()
        with self.mock_mail_gateway():
            self.user.with_context(portal_access_reset_to=CONTACT_EMAIL).action_reset_password()
        self.assertEqual(self.told(), [self.old])

    def test_the_mail_for_new_users_carries_no_link_if_a_contact_manager_has_it_sent(self):
        self.set_email(CONTACT_EMAIL)
        with self.mock_mail_gateway():
            self.user.with_user(self.manager).with_context(create_user=True).action_reset_password()
        token = self.partner.sudo().signup_token
        self.assertTrue(token)
        self.assertNotIn(token, str(self._mails))
