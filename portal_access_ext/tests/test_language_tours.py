import time
import unittest
from base64 import b32decode

from odoo.tests import tagged

from odoo.addons.auth_totp.models.totp import TIMESTEP, hotp

from .browser_routes import BrowserRoutes
from .test_payment_tours import PaymentTourCase

LANGUAGES = ("en_US", "de_DE", "fr_FR", "it_IT", "nl_NL")


@tagged("post_install", "-at_install")
class TestLanguageTours(BrowserRoutes, PaymentTourCase):
    """S23: the dialog, and a customer from the invitation to a saved card, by the labels of each language."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if set(LANGUAGES) - {code for code, _name in cls.env["res.lang"].get_installed()}:
            raise unittest.SkipTest("The five languages are not all installed; ./dev test has them")
        cls.manager.password = cls.manager.login
        cls.address = {
            "street": "Rue Neuve 1",
            "zip": "1000",
            "city": "Brussels",
            "country_id": cls.env.ref("base.be").id,
        }

    def setUp(self):
        super().setUp()
        self.add_route(
            "totp", lambda secret: f"{hotp(b32decode(secret.replace(' ', '')), int(time.time() / TIMESTEP)):06}"
        )

    def walk(self, language):
        values = {"name": "Tour Ann", "email": "ann@tour.example", "lang": language, **self.address}
        ann = self.env["res.partner"].create(values)
        if language == "en_US":  # the dialog's own tours are English
            self.grant(ann)
        else:
            self.manager.lang = language
            url = f"/web#id={ann.id}&model=res.partner&view_type=form&action=contacts.action_contacts"
            self.start_tour(url, f"portal_access_dialog_{language}", login=self.manager.login, timeout=180)
            self.env.invalidate_all()
            self.assertIn("revoked", self.events_of(ann).mapped("kind"))
        self.assertEqual(ann.user_ids.mapped("active"), [True])

        # A link leads to a page in the contact's language, also in a browser that speaks another.
        link = ann.sudo()._get_signup_url_for_action()[ann.id]
        self.start_tour(link, f"portal_access_customer_{language}", login=None, timeout=180)
        self.env.invalidate_all()
        self.assertEqual(ann.user_ids.lang, language)
        self.assertEqual(ann.phone, "+32 2 555 01 07")
        self.assertFalse(ann.user_ids.totp_enabled)
        kinds = self.events_of(ann).mapped("kind")
        for kind in ("granted", "totp_enabled", "totp_disabled"):
            self.assertIn(kind, kinds)
        tokens = self.env["payment.token"].with_context(active_test=False).search([("partner_id", "=", ann.id)])
        self.assertEqual(tokens.mapped("active"), [False])

    def test_english(self):
        self.walk("en_US")

    def test_german(self):
        self.walk("de_DE")

    def test_french(self):
        self.walk("fr_FR")

    def test_italian(self):
        self.walk("it_IT")

    def test_dutch(self):
        self.walk("nl_NL")
