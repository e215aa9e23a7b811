import json
import re
import time
from base64 import b32decode, b32encode
from contextlib import suppress
from datetime import timedelta

from freezegun import freeze_time

from odoo import fields, http
from odoo.exceptions import AccessDenied
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.auth_totp.models.totp import TIMESTEP, hotp

from ..models.res_users_totp import ATTEMPTS
from .test_login_change import PASSWORD, LoginChangeCase

SECRET = b32encode(b"twenty bytes secret!").decode()
LOGGERS = ("odoo.addons.auth_totp.models.res_users", "odoo.addons.base.models.res_users", "odoo.http")


class TotpCase(LoginChangeCase, HttpCase):
    """A customer who has turned on two-factor authentication, and has ten codes."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Codes = cls.env["portal.access.recovery.code"].sudo()
        cls.user.with_user(cls.user).sudo().totp_secret = SECRET
        cls.codes = cls.Codes._make(cls.user)
        cls.env["mail.mail"].search([]).unlink()

    def left(self, user=None):
        return self.Codes._count(user or self.user)

    def kinds(self):
        self.env.flush_all()
        return self.events_of(self.partner).mapped("kind")

    def notices(self):
        self.env.flush_all()
        return self.env["mail.mail"].search([("email_to", "ilike", "@pae.example")], order="id")

    @staticmethod
    def authenticator_code():
        return f"{hotp(b32decode(SECRET), int(time.time() / TIMESTEP)):06}"

    # A browser

    def sign_in(self, login=None, password=PASSWORD):
        """Type login and password: the next page asks for the code."""
        for cookie in list(self.opener.cookies):
            if cookie.name == "session_id":
                self.opener.cookies.clear(cookie.domain, cookie.path, cookie.name)
        # Odoo fails on a device to trust of which it knows no browser.
        self.opener.headers["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
        self.env.flush_all()
        page = self.url_open("/web/login")
        values = {"csrf_token": self.csrf_of(page), "login": login or self.user.login, "password": password}
        response = self.url_open("/web/login", data=values)
        self.token = self.csrf_of(response)
        return response

    @staticmethod
    def csrf_of(response):
        found = re.search(r'name="csrf_token" value="(\w+)"', response.text)
        return found and found[1]

    def type_code(self, code, **values):
        data = {"csrf_token": self.token, "totp_token": code, **values}
        response = self.url_open("/web/login/totp", data=data)
        self.env.invalidate_all()
        return response

    def is_in(self, response):
        self.assertEqual(response.status_code, 200)
        return self.url_open("/my").url.endswith("/my")

    def error_of(self, response):
        found = re.search(r'<p class="alert alert-danger"[^>]*>\s*(.*?)\s*</p>', response.text, re.DOTALL)
        return found and found[1]

    def as_signed_in(self, user=None, password_asked=True):
        """Sign somebody in whom Odoo has asked for the password just now."""
        session = self.authenticate(None, None)
        user = user or self.user
        session.update(uid=user.id, login=user.login, session_token=None)
        session.context = {"lang": "en_US"}
        session.session_token = user._compute_session_token(session.sid)
        if password_asked:
            session["identity-check-last"] = time.time()
        http.root.session_store.save(session)

    def rpc(self, model, method, *args):
        self.env.flush_all()
        body = {"jsonrpc": "2.0", "method": "call", "params": {"model": model, "method": method, "args": args}}
        body["params"]["kwargs"] = {}
        response = self.url_open(
            f"/web/dataset/call_kw/{model}/{method}",
            data=json.dumps(body),
            headers={"Content-Type": "application/json"},
        )
        self.env.invalidate_all()
        return response.json()

    def codes_in(self, answer):
        return answer["result"].get("params", {}).get("portal_recovery_codes")


@tagged("post_install", "-at_install")
class TestRecoveryCodes(TotpCase):
    """Ten codes for who lost the phone: each works once, in the same box as the authenticator's."""

    def test_there_are_ten_different_codes_of_sixteen_digits_and_only_their_hashes_are_kept(self):
        self.assertEqual(len(set(self.codes)), 10)
        for code in self.codes:
            self.assertRegex(code, r"^[1-9]\d{15}$", "what the page reads as a number is the code itself")
        self.env.flush_all()
        self.env.cr.execute("SELECT * FROM portal_access_recovery_code WHERE user_id = %s", [self.user.id])
        stored = str(self.env.cr.dictfetchall())
        for code in self.codes:
            self.assertNotIn(code, stored)

    def test_a_code_signs_in_once(self):
        page = self.sign_in()
        self.assertIn("Phone lost?", page.text)
        self.assertTrue(self.is_in(self.type_code(self.codes[0])))
        self.assertEqual(self.left(), 9)
        self.sign_in()
        with mute_logger(*LOGGERS):
            response = self.type_code(self.codes[0])
        self.assertEqual(self.error_of(response), "This recovery code is wrong, or was used already.")
        self.assertTrue(self.is_in(self.type_code(" ".join(re.findall("....", self.codes[1])))), "as it is printed")

    def test_the_authenticator_works_as_before(self):
        self.sign_in()
        self.assertTrue(self.is_in(self.type_code(self.authenticator_code())))
        self.assertEqual(self.left(), 10)
        self.assertNotIn("recovery_code_used", self.kinds())

    def test_using_a_code_is_told_to_the_customer_and_the_ledger(self):
        self.sign_in()
        self.type_code(self.codes[0])
        self.assertEqual(self.kinds()[-1], "signed_in")
        event = self.events_of(self.partner)[-2]
        self.assertEqual((event.kind, event.actor_id), ("recovery_code_used", self.user))
        self.assertIn("9", event.details)
        [mail] = self.notices()
        self.assertIn("Recovery Code Used", mail.subject)
        self.assertIn("Codes left: 9", mail.body_html)
        self.assertIn(self.user.email, mail.email_to)
        self.assertNotEqual(mail.author_id, self.partner)
        self.assertNotIn(self.codes[0], mail.body_html + str(self.events_of(self.partner).mapped("details")))

    def test_a_code_can_be_used_on_a_device_that_is_trusted_from_then_on(self):
        self.sign_in()
        self.type_code(self.codes[0], remember="1")
        self.assertEqual(len(self.user.sudo().totp_trusted_device_ids), 1)
        self.assertTrue(self.is_in(self.sign_in()), "no code is asked for on this device")
        self.opener.cookies.clear()
        self.sign_in()
        self.assertTrue(self.is_in(self.type_code(self.codes[1])), "on another one, it is")

    def test_odd_codes_are_wrong_codes(self):
        self.sign_in()
        odd = ["0", "-1", "1" * 17, "9" * 400, "9" * 5000, "abc", "1234-5678-9012-3456", "\x00", "１２", "1e5", "None"]
        with mute_logger(*LOGGERS):
            for number, code in enumerate([*odd, self.codes[0][::-1]]):
                if number % 5 == 0:
                    self.forget_attempts()
                response = self.type_code(code)
                with self.subTest(code=code[:20]):
                    self.assertEqual(response.status_code, 200)
                    self.assertTrue(self.error_of(response))
        self.assertEqual(self.left(), 10)

    def forget_attempts(self):
        getattr(self.registry, "_login_failures", {}).clear()
        for purpose, _limit, _seconds in ATTEMPTS:
            self.env["portal.access.limit"].sudo()._give_back(purpose, self.user.id, count=None)

    def test_somebody_elses_code_is_wrong(self):
        other = self.grant(self.partners[1])
        other.sudo().totp_secret = SECRET
        codes = self.Codes._make(other)
        self.sign_in()
        with mute_logger(*LOGGERS):
            self.assertTrue(self.error_of(self.type_code(codes[0])))
        self.assertEqual(self.left(other), 10)

    def test_no_code_is_taken_when_the_second_step_is_another_one(self):
        """Of `auth_totp_mail_enforce`, a code by mail: it reads the same box."""
        self.patch(type(self.user), "_mfa_type", lambda user: "totp_mail")
        with mute_logger(*LOGGERS), suppress(AccessDenied):
            self.user.with_user(self.user)._totp_check(int(self.codes[0]))
            self.fail("this is no code of that step")
        self.assertEqual(self.left(), 10)
        self.assertIsNone(self.user._get_portal_recovery_code_count())

    def test_employees_keep_what_odoo_gives_them(self):
        self.employee.totp_secret = SECRET
        codes = self.Codes._make(self.employee)
        with mute_logger(*LOGGERS), suppress(AccessDenied):
            self.employee.with_user(self.employee)._totp_check(int(codes[0]))
            self.fail("employees have no recovery codes")
        self.employee.with_user(self.employee)._totp_check(int(self.authenticator_code()))
        self.employee.password = PASSWORD
        page = self.sign_in(self.employee.login)
        self.assertIn("Authentication Code", page.text)
        self.assertNotIn("Phone lost?", page.text)

    # Guessing

    @mute_logger(*LOGGERS)
    def test_guessing_is_limited_per_account_wherever_it_comes_from(self):
        user = self.user.with_user(self.user)
        for code in [0] * 5 + [int(self.codes[0]) ^ 1] * 5:
            with suppress(AccessDenied):
                user._totp_check(code)
                self.fail("a wrong code")
        for code in (self.codes[0], self.authenticator_code()):
            with self.assertRaisesRegex(AccessDenied, "Too many wrong codes"):
                user._totp_check(int(code))
        self.assertEqual(self.left(), 10)
        other = self.grant(self.partners[1])
        other.sudo().totp_secret = SECRET
        other.with_user(other)._totp_check(int(self.authenticator_code()))
        with freeze_time(fields.Datetime.now() + timedelta(minutes=61)):
            user._totp_check(int(self.codes[0]))

    @mute_logger(*LOGGERS)
    def test_guessing_hour_after_hour_ends_for_the_day(self):
        user, blocked = self.user.with_user(self.user), 0
        now = fields.Datetime.now()
        for hour in range(5):
            with freeze_time(now + timedelta(minutes=61 * hour)):
                for _guess in range(10):
                    try:
                        user._totp_check(0)
                    except AccessDenied as error:
                        blocked += "Too many" in str(error)
        self.assertEqual(blocked, 20)

    def test_right_codes_are_no_guesses(self):
        for _time in range(15):
            self.user.with_user(self.user)._totp_check(int(self.authenticator_code()))

    @mute_logger(*LOGGERS)
    def test_a_wrong_recovery_code_is_a_failed_sign_in_in_the_ledger(self):
        with suppress(AccessDenied):
            self.user.with_user(self.user)._totp_check(int(self.codes[0]) ^ 1)
        self.assertEqual(self.kinds()[-1], "sign_in_failed")
