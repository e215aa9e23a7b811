from odoo.tests import tagged

from .pages import InvoicePageCase

PAY_NOW = 'data-bs-target="#pay_with"'


@tagged("post_install", "-at_install")
class TestInvoicePage(InvoicePageCase):
    """An invoice's page: how much is paid, what has been paid, and what is left."""

    # How much

    def test_the_full_amount_is_offered_at_once(self):
        page = self.open_invoice(self.make_invoice(1000, invoice_payment_term_id=self.instalments.id))
        self.assertEqual(self.get_choices(page), ["full", "next", "other"])
        self.assertEqual(self.get_shown(page), "full")
        self.assertEqual(self.get_form_amount(page), 1000)
        self.assertIn("Pay $ 1,000.00", self.words_of(page))
        self.assertNotIn("data-portal-open", page)

    def test_the_next_instalment_is_offered_with_its_date_and_paid_if_chosen(self):
        invoice = self.make_invoice(1000, invoice_payment_term_id=self.instalments.id)
        self.assertIn("Next instalment $ 300.00 Due on", self.words_of(self.open_invoice(invoice)))
        page = self.open_invoice(invoice, pay="next")
        self.assertEqual((self.get_form_amount(page), self.get_shown(page)), (300, "next"))
        self.assertIn('data-portal-open="1"', page)

    def test_overdue_instalments_are_named_so(self):
        invoice = self.make_invoice(1000, days=45, invoice_payment_term_id=self.instalments.id)
        self.assertIn("Overdue amount $ 600.00 Was due on", self.words_of(self.open_invoice(invoice)))

    def test_another_amount_is_paid_as_it_is_typed(self):
        invoice = self.make_invoice(2000)
        page = self.open_invoice(invoice, pay="other", amount="1,234.5")
        self.assertEqual((self.get_form_amount(page), self.get_shown(page)), (1234.5, "other"))
        self.assertIn('value="1,234.5"', page)

    def test_another_amount_is_typed_in_the_customer_s_language(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self.anna.lang = "de_DE"
        if "website" in self.env:
            self.env["website"].search([]).language_ids |= self.env.ref("base.lang_de")
        invoice = self.make_invoice(2000)
        self.url_open("/my")
        self.open_invoice(invoice)
        self.opener.cookies.set("frontend_lang", "de_DE")
        self.assertEqual(self.get_form_amount(self.open_invoice(invoice, pay="other", amount="1.234,50")), 1234.5)

    def test_a_bad_amount_is_explained_at_the_field_and_nothing_can_be_paid(self):
        invoice = self.make_invoice(100)
        self.company.portal_partial_minimum_amount = 10
        bad = ("", "abc", "0", "-5", "NaN", "Infinity", "1e308", "9" * 5000, "50.001", "9.99", "100.01", "<b>", "٣٤")
        for typed in bad:
            with self.subTest(typed=typed[:20]):
                page = self.open_invoice(invoice, pay="other", amount=typed)
                self.assertEqual(self.get_shown(page), "")
                self.assertIn("is-invalid", page)
                self.assertRegex(page, r'aria-describedby="o_portal_pay_hint\s+o_portal_pay_error"')
                self.assertIn("At least: $ 10.00 At most: $ 100.00", self.words_of(page))
                self.assertNotIn("<b>", page.partition("o_portal_payment_choices")[2].partition("</form>")[0])

    def test_an_example_has_the_decimals_of_the_currency(self):
        invoice = self.make_invoice(5000, currency_id=self.make_currency("JPY").id)
        page = self.words_of(self.open_invoice(invoice, pay="other", amount="abc"))
        self.assertIn("for example 5,000. ", page)

    def test_an_unknown_choice_is_none(self):
        invoice = self.make_invoice(100)
        for pay in ("next", "nothing", "", "<script>"):
            page = self.open_invoice(invoice, pay=pay, amount="5")
            self.assertEqual((self.get_form_amount(page), self.get_shown(page)), (100, "full"))
            self.assertNotIn("data-portal-open", page)

    def test_where_only_the_full_amount_can_be_paid_there_is_nothing_to_choose(self):
        self.company.portal_partial_payment = "none"
        page = self.open_invoice(self.make_invoice(100), pay="other", amount="5")
        self.assertEqual(self.get_choices(page), [])
        self.assertEqual(self.get_form_amount(page), 100)

    def test_an_early_payment_discount_is_offered_with_its_last_day(self):
        invoice = self.make_invoice(100, invoice_payment_term_id=self.early.id)
        page = self.open_invoice(invoice)
        self.assertEqual(self.get_form_amount(page), 98)
        discount = r"Early payment discount: \$ 2.00 Last day for it: [\d/]+"
        self.assertRegex(self.words_of(page), rf"Full amount \$ 98.00 {discount}")
        self.assertIn("The early payment discount is only for the full amount.", self.words_of(page))
        self.company.portal_partial_payment = "none"
        self.assertIn("Early payment discount: $ 2.00", self.words_of(self.open_invoice(invoice)))

    def test_providers_are_those_that_take_the_chosen_amount(self):
        invoice = self.make_invoice(1000)
        self.env["payment.provider"].search([("id", "!=", self.provider.id)]).state = "disabled"
        self.provider.maximum_amount = 500
        page = self.open_invoice(invoice)
        self.assertIn("No suitable payment method", page)
        self.assertEqual(self.get_choices(page), ["full", "other"])
        page = self.open_invoice(invoice, pay="other", amount="400")
        self.assertNotIn("No suitable payment method", page)
        self.assertEqual(self.get_form_amount(page), 400)

    def test_who_has_the_link_chooses_and_keeps_it(self):
        invoice = self.make_invoice(100)
        token = invoice._portal_ensure_token()
        self.env.flush_all()
        page = self.fetch(f"/my/invoices/{invoice.id}", access_token=token, pay="other", amount="40")
        self.assertEqual(self.get_form_amount(page), 40)
        self.assertIn(f'name="access_token" value="{token}"', page)

    def test_what_is_paid_already_is_not_offered_again(self):
        invoice = self.make_invoice(100)
        self.pay(invoice, 30)
        self.pay(invoice, 20, "pending")
        page = self.open_invoice(invoice)
        self.assertEqual(self.get_form_amount(page), 50)
        self.pay(invoice, 50, "authorized")
        self.assertNotIn(PAY_NOW, self.open_invoice(invoice))
