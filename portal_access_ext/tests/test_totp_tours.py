import time
from base64 import b32decode

from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.auth_totp.models.totp import TIMESTEP, hotp

from .browser_routes import BrowserRoutes
from .test_totp_codes import LOGGERS, SECRET, TotpCase


@tagged("post_install", "-at_install")
class TestTotpTours(BrowserRoutes, TotpCase):
    """S13 in a real browser, by its labels, with the recovery codes."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.access_admin.password = cls.access_admin.login
        cls.user.write({"login": "ann@tour.example", "password": "ann@tour.example"})
        cls.partner.name = "Tour Ann"
        cls.env["mail.mail"].search([]).unlink()

    @mute_logger(*LOGGERS)
    def test_s13_with_its_codes(self):
        self.user.sudo().totp_secret = False
        self.add_route(
            "totp", lambda secret: f"{hotp(b32decode(secret.replace(' ', '')), int(time.time() / TIMESTEP)):06}"
        )
        self.start_tour("/my/security", "portal_access_totp_enable", login=self.user.login)
        self.env.invalidate_all()
        self.assertTrue(self.user.totp_enabled)
        self.assertEqual(self.left(), 10)

    def test_signing_in_with_a_code_and_making_new_ones(self):
        self.user.sudo().totp_secret = SECRET
        codes = self.Codes._make(self.user)
        self.add_route("recovery_code", lambda: codes[0])
        self.start_tour("/web/login", "portal_access_totp_sign_in", login=None)
        self.env.invalidate_all()
        self.assertFalse(self.user.totp_enabled)
        self.assertEqual(self.left(), 0)
        kinds = ["recovery_code_used", "recovery_codes_made", "totp_disabled"]
        self.assertEqual([kind for kind in self.kinds() if kind in kinds], kinds)

    def test_an_administrator_resets_it_from_the_contact(self):
        url = f"/web#id={self.partner.id}&model=res.partner&view_type=form&action=contacts.action_contacts"
        self.start_tour(url, "portal_access_totp_reset", login=self.access_admin.login)
        self.env.invalidate_all()
        self.assertFalse(self.user.totp_enabled)
        self.assertEqual(self.kinds()[-1], "totp_reset")
