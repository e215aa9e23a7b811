from contextlib import contextmanager
from datetime import timedelta

from odoo import fields
from odoo.tests import tagged
from odoo.tools import format_datetime

from .languages import LANGUAGES, LanguageCase
from .test_login_change import PASSWORD, LoginChangeCase

ADDON = "portal_access_ext"


@tagged("post_install", "-at_install")
class TestLanguageMails(LanguageCase, LoginChangeCase):
    """S23: all mails to customers are in their language, whatever that of who causes them is."""

    @contextmanager
    def speaking(self, language):
        """Have the customer speak a language, and all who do something to the account English."""
        with self.subTest(language=language):
            self.partner.lang = language
            self.env["mail.mail"].search([]).unlink()
            yield

    def check(self, language, count):
        """Check the mails that wait, and return their texts."""
        self.env.flush_all()
        mails = self.env["mail.mail"].search([], order="id")
        self.assertEqual(len(mails), count, mails.mapped("subject"))
        for mail in mails:
            self.assert_translated(f"{mail.subject}<br/>{mail.body_html}", ADDON, language, least=1)
        return " ".join(mails.mapped("body_html"))

    def test_invitation_and_reminder(self):
        for number, language in enumerate(LANGUAGES):
            with self.speaking(language):
                partner = self.env["res.partner"].create(
                    {"name": f"Invited {number}", "email": f"invited{number}@pae.example", "lang": language}
                )
                self.as_manager(partner).portal_access_grant()
                invitation = self.invitations_of(partner)
                invitation._create_mails()
                invitation._create_mails("reminder")
                text = self.check(language, 2)
                end = format_datetime(self.env, invitation.valid_until, dt_format="short", lang_code=language)
                self.assertIn(end.partition(",")[0].partition(" ")[0], text)

    def test_the_end_of_access(self):
        for language in LANGUAGES:
            with self.speaking(language):
                end = fields.Date.today() + timedelta(days=3)
                for kind in ("warn_until", "warn_dormant"):
                    self.partner._portal_access_warn(kind, {self.partner.id: (kind, end)})
                self.check(language, 2)

    def test_another_login(self):
        for number, language in enumerate(LANGUAGES):
            with self.speaking(language):
                change = self.change(f"changed{number}@pae.example")
                self.check(language, 2)
                self.env["mail.mail"].search([]).unlink()
                change._undo()
                self.check(language, 2)
                self.env["mail.mail"].search([]).unlink()
                self.change(f"confirmed{number}@pae.example", needs_confirmation=True)
                self.check(language, 1)

    def test_notices_about_the_account(self):
        for number, language in enumerate(LANGUAGES):
            with self.speaking(language):
                # By an administrator who speaks English.
                user = self.as_admin(self.user)
                user.sudo().password = f"{PASSWORD} {number}"
                self.env["mail.mail"].search([]).unlink()  # Odoo's own text
                self.partner.with_user(self.user).sudo().email = f"changed.email{number}@pae.example"
                for kind in ("used", "made", "reset"):
                    user._portal_totp_notify(kind, 7)
                self.check(language, 4)
