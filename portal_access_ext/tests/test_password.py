import re
from datetime import timedelta
from unittest.mock import patch

import passlib.exc
from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessDenied, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.base.models.res_users import Users as StockUsers

from ..models.res_users_session import GUESSES, PASSWORD_MAX_LENGTH
from .test_login_change import PASSWORD
from .test_session import IPHONE, LOGGERS, SessionCase
from .test_totp_codes import SECRET, TotpCase


@tagged("post_install", "-at_install")
class TestSessionTotp(TotpCase):
    """Sessions of who signs in with two steps."""

    def test_a_session_is_noted_after_the_code_only(self):
        Sessions = self.env["portal.access.session"].sudo()
        response = self.sign_in()
        self.assertIn("Authentication Code", response.text)
        self.assertFalse(Sessions.search([("user_id", "=", self.user.id)]))
        self.assertNotIn("signed_in", self.kinds())
        self.assertTrue(self.is_in(self.type_code(self.authenticator_code())))
        self.assertEqual(len(Sessions.search([("user_id", "=", self.user.id)])), 1)
        self.assertEqual(self.kinds().count("signed_in"), 1)

    def test_turning_it_on_or_off_ends_the_other_sessions(self):
        Sessions = self.env["portal.access.session"].sudo()
        self.sign_in()
        self.type_code(self.authenticator_code())
        row = Sessions.search([("user_id", "=", self.user.id)])
        self.as_signed_in()
        self.assertTrue(self.url_open("/my").url.endswith("/my"))
        self.rpc("res.users", "action_totp_disable", self.user.ids)
        self.assertTrue(self.url_open("/my").url.endswith("/my"))
        self.assertTrue(row.ended_on)
        self.assertEqual(len(Sessions.search([("user_id", "=", self.user.id), ("ended_on", "=", False)])), 1)
        self.assertTrue(SECRET)


@tagged("post_install", "-at_install")
class TestPassword(SessionCase):
    """Changing the password: errors at their fields, no guessing, other sessions end, a mail."""

    def field_error(self, response, name):
        field = re.search(rf'<input[^>]*name="{name}"[^>]*>', response.text)[0]
        if 'aria-invalid="true"' not in field:
            return None
        self.assertIn("autofocus", field)
        self.assertIn("is-invalid", field)
        error_id = re.search(r'aria-describedby="([^"]+)"', field)[1].strip()
        return " ".join(re.search(rf'id="{error_id}"[^>]*>(.*?)</div>', response.text, re.DOTALL)[1].split())

    def test_other_sessions_end_and_this_one_stays(self):
        first, second = self.browser(), self.browser(IPHONE)
        response = first.change_password()
        self.assertIn("Password Updated!", response.text)
        self.assertIn("signed out everywhere else", response.text)
        self.assertEqual(self.open_rows(), self.row_of(first))
        self.assertFalse(second.is_signed_in)
        self.assertTrue(first.is_signed_in)
        self.assertTrue(self.browser(password="another password").is_signed_in)

    def test_errors_are_at_their_fields(self):
        self.env["ir.config_parameter"].set_param("auth_password_policy.minlength", "10")
        browser = self.browser()
        too_long = "x" * (PASSWORD_MAX_LENGTH + 1)
        for values, name, message in (
            ({"old": "wrong"}, "old", "incorrect"),
            ({"old": too_long}, "old", "incorrect"),
            ({"old": ""}, "old", "empty"),
            ({"new": ""}, "new1", "empty"),
            ({"again": ""}, "new2", "empty"),
            ({"again": "different text"}, "new2", "identical"),
            ({"new": "short"}, "new1", "at least 10"),
            ({"new": too_long}, "new1", "at most 4096"),
            ({"new": "with \x00 in it"}, "new1", "characters that can"),
        ):
            with self.subTest(values={key: value[:20] for key, value in values.items()}):
                response = browser.change_password(**values)
                self.assertEqual(response.status_code, 200)
                errors = {each: self.field_error(response, each) for each in ("old", "new1", "new2")}
                self.assertIn(message, errors.pop(name) or "")
                self.assertEqual(set(errors.values()), {None})
        self.assertTrue(browser.change_password(new="x" * PASSWORD_MAX_LENGTH).text.count("Password Updated!"))

    def test_forms_without_the_fields_or_with_files_are_no_failure(self):
        browser = self.browser()
        self.assertIn("empty", browser.post("/my/security", {}).text)
        files = dict.fromkeys(("old", "new1", "new2"), ("a.txt", b"text"))
        self.assertIn("empty", browser.post("/my/security", {}, files=files).text)

    @mute_logger(*LOGGERS)
    def test_guessing_in_a_session_is_limited_for_the_account(self):
        _purpose, limit, _seconds = GUESSES[0]
        first, second = self.browser(), self.browser(IPHONE)
        for number in range(limit):
            (first, second)[number % 2].change_password(old="wrong")
        for browser in (first, second):
            response = browser.change_password()
            self.assertIn("Too many wrong passwords", self.field_error(response, "old"))
        with freeze_time(fields.Datetime.to_string(fields.Datetime.now() + timedelta(hours=1, seconds=1))):
            self.assertIn("Password Updated!", first.change_password().text)

    @mute_logger(*LOGGERS)
    def test_guesses_at_each_door_count_together(self):
        _purpose, limit, _seconds = GUESSES[0]
        browser = self.browser()
        for _number in range(limit // 2):
            browser.post("/my/deactivate_account", {"validation": self.user.login, "password": "wrong"})
            browser.change_password(old="wrong")
        response = browser.post("/my/deactivate_account", {"validation": self.user.login, "password": PASSWORD})
        self.assertIn("Wrong password", response.text)
        self.assertTrue(self.user.active)

    def test_right_passwords_are_not_counted(self):
        _purpose, limit, _seconds = GUESSES[0]
        browser = self.browser()
        for number in range(limit + 2):
            old = PASSWORD if not number else f"password {number - 1}"
            self.assertIn("Password Updated!", browser.change_password(old=old, new=f"password {number}").text)

    def test_deleting_the_account_without_the_fields_is_no_failure(self):
        browser = self.browser()
        self.assertIn("to validate your action", browser.post("/my/deactivate_account", {}).text)
        files = dict.fromkeys(("validation", "password"), ("a.txt", b"text"))
        self.assertEqual(browser.post("/my/deactivate_account", {}, files=files).status_code, 200)
        with mute_logger(*LOGGERS):
            values = {"validation": self.user.login}
            self.assertIn("Wrong password", browser.post("/my/deactivate_account", values).text)
            response = browser.post("/my/deactivate_account", values, files={"password": ("a.txt", b"text")})
        self.assertIn("Wrong password", response.text)
        self.assertTrue(self.user.active)

    def test_a_module_may_take_something_long_for_a_password(self):
        ticket = "<saml>" * 2000

        def check(users, password, env):
            # As OCA's auth_saml, which comes to it when Odoo says what stock Odoo says.
            try:
                return stock(users, password, env)
            except (AccessDenied, passlib.exc.PasswordSizeError):
                if password != ticket:
                    raise

        stock = StockUsers._check_credentials
        user = self.user.with_user(self.user)
        with patch.object(StockUsers, "_check_credentials", check):
            user._check_credentials(ticket, {"interactive": True})
            for wrong in ("x" * 12000, "x", "\x00"):
                with self.assertRaises(AccessDenied):
                    user._check_credentials(wrong, {"interactive": True})

    def test_what_fails_for_another_reason_fails(self):
        user = self.user.with_user(self.user)
        with patch.object(StockUsers, "_check_credentials", side_effect=ValueError), self.assertRaises(ValueError):
            user._check_credentials(PASSWORD, {"interactive": True})

    def test_what_can_be_no_password_is_a_wrong_one(self):
        for password in ("x" * 5000, "\x00", "\ud800", 7, None, "", ["x"]):
            with self.subTest(password=str(password)[:9].encode(errors="replace")), self.assertRaises(AccessDenied):
                self.env["res.users"].with_user(self.user)._check_credentials(password, {"interactive": True})
        with self.assertRaises(UserError):
            self.user.password = "x" * 5000

    # Mails

    def french(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.partner.lang = "fr_FR"
        self.env["mail.mail"].search([]).unlink()

    def assert_told_in_french(self):
        notices = self.notices()
        self.assertEqual(len(notices), 1, notices.mapped("subject"))
        self.assertIn("Mot de passe modifié", notices.subject)
        self.assertIn(self.partner.email, notices.email_to)

    def test_the_customer_is_told_once_in_their_language_who_ever_changes_it(self):
        self.french()
        self.browser().change_password()
        self.assert_told_in_french()
        self.env["mail.mail"].search([]).unlink()
        self.as_admin(self.user).write({"password": "by an employee"})
        self.assert_told_in_french()
        self.env["mail.mail"].search([]).unlink()
        # With an invitation that is still open, it would be the first password.
        self.invitations_of(self.partner)._accept()
        self.partner.signup_prepare(signup_type="reset")
        token = self.partner.sudo().signup_token
        self.env["res.users"].with_user(self.env.ref("base.public_user")).sudo().signup(
            {"password": "by a link in a mail"}, token
        )
        self.assert_told_in_french()

    def test_the_rest_of_a_write_is_written_and_told_too(self):
        self.french()
        self.as_admin(self.user).write({"password": "by an employee", "email": "moved@pae.example", "name": "Moved"})
        self.assertEqual((self.user.email, self.user.name), ("moved@pae.example", "Moved"))
        self.assertEqual(len(self.notices()), 2)

    def test_employees_and_customers_may_be_written_together(self):
        users = self.user + self.employee
        self.as_admin(users).write({"password": "a common password"})
        for user in users:
            user.with_user(user)._check_credentials("a common password", {"interactive": True})

    def test_the_first_password_is_no_news(self):
        partner = self.partners[1]
        self.as_manager(partner).portal_access_grant()
        token = self.env["res.partner"].sudo().browse(partner.id).signup_token
        self.env["mail.mail"].search([]).unlink()
        self.env["res.users"].with_user(self.env.ref("base.public_user")).sudo().signup({"password": PASSWORD}, token)
        self.assertFalse(self.notices().filtered(lambda mail: "Password" in (mail.subject or "")))
