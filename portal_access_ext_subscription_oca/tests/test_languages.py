from odoo.tests import tagged
from odoo.tests.common import HOST

from odoo.addons.portal_access_ext.tests.languages import LANGUAGES, LanguageCase

from .test_subscription_pages import SubscriptionPageCase

ADDON = "portal_access_ext_subscription_oca"


@tagged("post_install", "-at_install")
class TestLanguages(LanguageCase, SubscriptionPageCase):
    """S23: pages and mails of subscriptions, without a word of English."""

    def test_pages(self):
        self.sign_in(self.anna)
        self.check_pages(self.anna, ADDON, "/my", "/my/subscriptions", self.url())
        self.ask()
        self.check_pages(self.anna, ADDON, self.url())

    def read_list(self, language="de_DE"):
        """:return str: what a customer reads in the list"""
        self.anna.lang = language
        self.env.flush_all()
        self.sign_in(self.anna)
        self.opener.cookies.set("frontend_lang", language, domain=HOST)
        return self.text_of("/my/subscriptions")

    def test_a_subscription_without_stage_is_in_the_list(self):
        stageless = self.make_subscription(self.anna, stage="pre")
        stageless.stage_id = False
        for language in ("en_US", *LANGUAGES):
            with self.subTest(language=language):
                self.assertIn(stageless.name, self.read_list(language))
        self.assertIn("Nicht begonnen", self.read_list())

    def test_stages_are_called_what_the_company_calls_them(self):
        stage = self.env.ref("subscription_oca.subscription_stage_in_progress")
        self.subscription.stage_id = stage
        self.assertNotIn("In progress", self.read_list())
        stage.with_context(lang="en_US").name = "Brewing"
        self.assertIn("Brewing", self.read_list())
        stage.with_context(lang="de_DE").name = "Wird gebraut"
        self.assertIn("Wird gebraut", self.read_list())
        self.assertIn("Brewing", self.read_list("en_US"))

    def test_the_list_costs_no_more_for_who_has_more(self):
        self.make_subscription(self.anna)
        self.read_list()
        url = self.get("/my/subscriptions").url  # website has one for each language
        few = self.measure(url)
        for number in range(20):
            self.make_subscription(self.anna, stage="pre" if number % 2 else "in_progress")
        self.env.flush_all()
        self.assertLessEqual(self.measure(url), few + 1)

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
