from odoo import fields
from odoo.tests import tagged

from odoo.addons.portal_access_ext.tests.languages import LANGUAGES, LanguageCase

from .pages import InvoicePageCase

ADDON = "portal_access_ext_account_payment"
AMOUNTS = {"de_DE": "1.234,50", "fr_FR": "1 234,50", "it_IT": "1.234,50", "nl_NL": "1.234,50"}


@tagged("post_install", "-at_install")
class TestLanguages(LanguageCase, InvoicePageCase):
    """S23: pages and receipts without a word of English, dates and amounts as the language writes them."""

    def test_pages(self):
        invoice = self.make_invoice(5000, days=45, invoice_payment_term_id=self.instalments.id)
        self.book(self.pay(invoice, 1234.5))
        self.sign_in(self.anna)
        self.check_pages(self.anna, ADDON, f"/my/invoices/{invoice.id}?pay=other&amount=abc", "/my")
        self.check_pages(self.anna, ADDON, "/my/invoices", least=0)

    def test_receipts(self):
        for language in LANGUAGES:
            with self.subTest(language=language):
                self.anna.lang = language
                self.env["mail.mail"].search([]).unlink()
                invoice = self.make_invoice(2000, invoice_payment_term_id=self.instalments.id)
                self.book(self.pay(invoice, 1234.5))
                mail = self.env["mail.mail"].search([("model", "=", "account.payment")])
                self.assert_translated(f"{mail.subject}<br/>{mail.body_html}", ADDON, language)
                body = mail.body_html.replace("\xa0", " ").replace("\u202f", " ")
                self.assertIn(AMOUNTS[language], body)
                today = fields.Date.context_today(invoice)
                self.assertIn(today.strftime(self.env["res.lang"]._lang_get(language).date_format), body)
