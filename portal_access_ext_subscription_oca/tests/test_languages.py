from odoo.tests import tagged

from odoo.addons.portal_access_ext.tests.languages import LANGUAGES, LanguageCase

from .common import SubscriptionCase

ADDON = "portal_access_ext_subscription_oca"


@tagged("post_install", "-at_install")
class TestLanguages(LanguageCase, SubscriptionCase):
    """S23: pages and mails of subscriptions, without a word of English."""

    def test_pages(self):
        self.sign_in(self.anna)
        self.check_pages(self.anna, ADDON, "/my", "/my/subscriptions", self.url())
        self.ask()
        self.check_pages(self.anna, ADDON, self.url())

    def test_mails(self):
        for language in LANGUAGES:
            self.anna.lang = language
            for setting in ("activity", "period_end"):
                with self.subTest(language=language, setting=setting):
                    self.set_close(setting)
                    self.env["mail.mail"].search([]).unlink()
                    self.ask()
                    self.subscription._portal_close_withdraw(self.anna)
                    mails = self.queued()
                    self.assertEqual(len(mails), 2)
                    for mail in mails:
                        self.assert_translated(f"{mail.subject}<br/>{mail.body_html}", ADDON, language)
