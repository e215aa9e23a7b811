from datetime import timedelta

import requests

from odoo import fields, http
from odoo.exceptions import UserError
from odoo.tests import HttpCase, tagged
from odoo.tests.common import HOST
from odoo.tools import mute_logger

from .common import PortalAccessCase


@tagged("post_install", "-at_install")
class TestSignupLinks(PortalAccessCase, HttpCase):
    """What a customer sees who follows a link."""

    def setUp(self):
        super().setUp()
        self.grant(self.partner)
        self.user = self.users_of(self.partner)
        self.token = self.partner.sudo().signup_token

    def open_link(self, route="signup", token=None):
        response = self.url_open(f"/web/{route}?token={token or self.token}")
        self.assertEqual(response.status_code, 200)
        return response.text

    def expire(self):
        self.partner.sudo().signup_expiration = fields.Datetime.now() - timedelta(days=1)
        self.env.flush_all()

    def post_password(self):
        self.authenticate(None, None)
        return self.url_open(
            "/web/signup",
            data={
                "token": self.token,
                "login": self.user.login,
                "name": self.partner.name,
                "password": "a fine password",
                "confirm_password": "a fine password",
                "csrf_token": http.Request.csrf_token(self),
            },
        )

    def has_password(self):
        self.env.cr.execute("SELECT COALESCE(password, '') <> '' FROM res_users WHERE id = %s", self.user.ids)
        return self.env.cr.fetchone()[0]

    def test_a_good_link_shows_the_form_with_the_login(self):
        page = self.open_link()
        self.assertIn('name="password"', page)
        self.assertIn(self.user.login, page)
        self.assertNotIn("data-problem", page)

    def test_a_good_link_takes_a_password(self):
        self.post_password()
        self.assertTrue(self.has_password())
        self.assertEqual(self.invitations_of(self.partner).state, "accepted")

    @mute_logger("odoo.addons.portal_access_ext.controllers.auth_signup")
    def test_who_signed_up_is_let_in_also_if_the_mail_to_welcome_them_fails(self):
        error = UserError("The French text of this template can't be rendered")

        def fail(*_args, **_kwargs):
            raise error

        self.patch(type(self.env["mail.template"]), "send_mail", fail)
        response = self.post_password()
        self.assertTrue(self.has_password())
        # Where a sign-in leads; the page itself belongs to a session that this test does not keep.
        self.assertTrue(response.history[0].headers["Location"].endswith("/my"), response.history[0].headers)

    def test_an_expired_link_says_so_at_once(self):
        self.expire()
        for route in ("signup", "reset_password"):
            page = self.open_link(route)
            self.assertIn('data-problem="expired"', page)
            self.assertNotIn('name="password"', page)

    def test_an_expired_link_changes_nothing(self):
        self.expire()
        page = self.post_password().text
        self.assertIn('data-problem="expired"', page)
        self.assertFalse(self.has_password())

    def test_a_used_link_says_so_at_once(self):
        self.env["res.users"].signup({"password": "a fine password"}, self.token)
        self.env.flush_all()
        page = self.open_link()
        self.assertIn('data-problem="used"', page)
        self.assertIn('href="/web/login"', page)
        # Nobody is told to sign in to an account that is gone.
        self.as_manager(self.partner).portal_access_revoke()
        self.env.flush_all()
        self.assertIn('data-problem="invalid"', self.open_link())

    def test_the_link_of_a_revoked_contact_is_dead(self):
        self.as_manager(self.partner).portal_access_revoke()
        self.env.flush_all()
        self.assertIn('data-problem="invalid"', self.open_link())
        self.post_password()
        self.assertFalse(self.has_password())

    def test_an_unknown_link_is_told_the_same_as_a_dead_one(self):
        for token in ("nonsense", "%00", "a%00b"):
            for route in ("signup", "reset_password"):
                self.assertIn('data-problem="invalid"', self.open_link(route, token))

    def test_a_good_link_opens_in_the_contact_s_language_until_another_is_chosen(self):
        self.speak("de_DE")
        for route in ("signup", "reset_password"):
            self.opener.cookies.clear()
            path = f"/web/{route}?token={self.token}"
            response = self.url_open(path)
            self.assertTrue(response.url.endswith(f"/de{path}&in_language=1"), response.url)
            self.assertEqual(self.opener.cookies["frontend_lang"], "de_DE")
            self.opener.cookies.set("frontend_lang", "en_US", domain=HOST)
            self.assertTrue(self.url_open(path).url.endswith(path))
            self.assertEqual(self.opener.cookies["frontend_lang"], "en_US")

    def test_the_first_choice_of_another_language_counts(self):
        self.speak("de_DE")
        path = f"/web/signup?token={self.token}"
        self.assertTrue(self.url_open(f"/de{path}").url.endswith(f"/de{path}"))
        self.opener.cookies.set("frontend_lang", "en_US", domain=HOST)
        self.assertTrue(self.url_open(path).url.endswith(path))

    def test_a_client_without_cookies_gets_the_page(self):
        self.speak("de_DE")
        self.partner.lang = "en_US"
        self.env.flush_all()
        path, headers = f"/web/signup?token={self.token}", {"Accept-Language": "de-DE"}
        for _redirect in range(6):
            response = requests.get(self.base_url() + path, headers=headers, allow_redirects=False, timeout=30)
            if response.status_code == 200:
                break
            path = response.headers["Location"].removeprefix(self.base_url())
        self.assertEqual(response.status_code, 200)
        self.assertIn('name="password"', response.text)

    def test_a_language_that_visitors_can_not_choose_changes_nothing(self):
        if "website" in self.env:
            self.env["website"].search([]).language_ids = self.env["res.lang"]._lang_get("en_US")
        self.env.cr.execute("UPDATE res_partner SET lang = 'de_DE' WHERE id = %s", self.partner.ids)
        self.env.invalidate_all()
        response = self.url_open(f"/web/signup?token={self.token}")
        self.assertFalse(response.history)
        self.assertIn('name="password"', response.text)

    def speak(self, code):
        language = self.env["res.lang"]._activate_lang(code)
        if "website" in self.env:
            self.env["website"].search([]).language_ids |= language
        self.partner.lang = code
        self.env.flush_all()
