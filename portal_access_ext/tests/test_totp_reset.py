from contextlib import suppress

from odoo.exceptions import AccessDenied
from odoo.tests import tagged
from odoo.tools import mute_logger

from .test_totp_codes import LOGGERS, SECRET, TotpCase


@tagged("post_install", "-at_install")
class TestResetByAdministrator(TotpCase):
    """An administrator of access rights helps who lost phone and codes, and the customer is told."""

    def setUp(self):
        super().setUp()
        self.env["auth_totp.device"].with_user(self.user).sudo()._generate("browser", "My phone")
        self.env["mail.mail"].search([]).unlink()
        self.as_signed_in(self.access_admin)

    def check_reset(self):
        self.assertFalse(self.user.totp_enabled)
        self.assertEqual(self.left(), 0)
        self.env.cr.execute("SELECT count(*) FROM auth_totp_device WHERE user_id = %s", [self.user.id])
        self.assertEqual(self.env.cr.fetchone()[0], 0, "not even devices that this administrator can't see")
        event = self.events_of(self.partner)[-1]
        self.assertEqual((event.kind, event.actor_id), ("totp_reset", self.access_admin))
        [mail] = self.notices()
        self.assertIn("2FA Reset", mail.subject)
        self.assertIn("sign in with your password alone", mail.body_html)

    def test_from_settings_users(self):
        self.rpc("res.users", "action_totp_disable", [self.user.id])
        self.check_reset()

    def test_from_the_contact(self):
        self.rpc("res.partner", "action_portal_reset_totp", [self.partner.id])
        self.check_reset()

    def test_the_administrators_password_is_asked_first(self):
        self.as_signed_in(self.access_admin, password_asked=False)
        answer = self.rpc("res.partner", "action_portal_reset_totp", self.partner.ids)
        self.assertEqual(answer["result"]["res_model"], "res.users.identitycheck")
        self.assertTrue(self.user.totp_enabled)

    def test_the_customer_is_told_in_their_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.partner.lang = "fr_FR"
        langs = []
        self.patch(
            type(self.user),
            "_get_portal_totp_notice",
            lambda user, kind, *args: langs.append((kind, user.env.lang)) or ("Sujet", "Texte"),
        )
        self.rpc("res.users", "action_totp_disable", [self.user.id])
        self.assertEqual(langs, [("reset", "fr_FR")])
        self.assertEqual(self.notices().subject, "Sujet")

    def test_contacts_without_it_are_named(self):
        with mute_logger("odoo.http"):
            answer = self.rpc("res.partner", "action_portal_reset_totp", self.partners[1].ids)
        self.assertIn("None of these contacts", answer["error"]["data"]["message"])
        other = self.grant(self.partners[1])
        with mute_logger("odoo.http"):
            answer = self.rpc("res.users", "action_totp_disable", other.ids)
        self.assertIn("off already: customer 1", answer["error"]["data"]["message"])
        self.rpc("res.users", "action_totp_disable", (self.user | other).ids)
        self.check_reset()
        self.assertNotIn("totp_reset", self.events_of(self.partners[1]).mapped("kind"))

    def test_many_are_reset_at_once(self):
        other = self.grant(self.partners[1])
        other.sudo().totp_secret = SECRET
        self.env["mail.mail"].search([]).unlink()
        self.rpc("res.partner", "action_portal_reset_totp", self.partners.ids)
        self.assertFalse(other.totp_enabled)
        self.assertEqual(len(self.notices()), 2)

    def test_an_employee_is_reset_as_odoo_does_it(self):
        self.employee.totp_secret = SECRET
        self.rpc("res.users", "action_totp_disable", self.employee.ids)
        self.assertFalse(self.employee.totp_enabled)
        self.assertFalse(self.notices())

    @mute_logger(*LOGGERS)
    def test_a_reset_ends_the_limit_on_guesses(self):
        user = self.user.with_user(self.user)
        for _guess in range(11):
            with suppress(AccessDenied):
                user._totp_check(0)
        self.rpc("res.users", "action_totp_disable", [self.user.id])
        self.user.with_user(self.user).sudo().totp_secret = SECRET
        user._totp_check(int(self.authenticator_code()))
