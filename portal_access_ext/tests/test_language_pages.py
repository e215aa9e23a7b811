from odoo import http
from odoo.tests import tagged

from .languages import LANGUAGES, LanguageCase
from .test_portal_home import PortalHomeCase

ADDON = "portal_access_ext"


@tagged("post_install", "-at_install")
class TestLanguagePages(LanguageCase, PortalHomeCase):
    """S23: the customer's pages, without a word of English."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.anna.parent_id.write({"is_company": True, "phone": "+32 2 555 01 07"})
        cls.anna.write({"zip": "1000", "city": "Brussels", "country_id": cls.env.ref("base.be").id})
        cls.env["res.partner"].create({"name": "Depot", "type": "delivery", "parent_id": cls.anna.parent_id.id})

    def test_pages(self):
        self.save_cards(self.offer_payment(), self.anna, 1)
        self.sign_in(self.anna)
        for language in LANGUAGES:
            self.anna.lang = language
            self.opener.cookies.set("frontend_lang", language)
            for path in ("/my", "/my/account", "/my/addresses", "/my/addresses/new", "/my/security", "/my/payment_method"):
                with self.subTest(language=language, path=path):
                    page = self.url_open(path)
                    self.assertEqual(page.status_code, 200)
                    self.assertIn(f'lang="{language.replace("_", "-")}"', page.text)
                    self.assert_translated(page.text, ADDON, language, least=3)

    def test_what_is_wrong_is_said_in_the_language(self):
        self.sign_in(self.anna)
        for language in LANGUAGES:
            self.anna.lang = language
            self.opener.cookies.set("frontend_lang", language)
            for path, values in {
                "/my/account": {"name": "", "email": "nobody", "phone": "call me", "country_id": "²"},
                "/my/addresses/new": {"type": "other", "name": "", "email": "nobody"},
                "/my/security": {"op": "password", "old": "wrong", "new1": "a", "new2": "b"},
            }.items():
                with self.subTest(language=language, path=path):
                    page = self.url_open(path, data={"csrf_token": http.Request.csrf_token(self), **values})
                    self.assertIn("invalid-feedback", page.text)
                    self.assert_translated(page.text, ADDON, language, least=3)
