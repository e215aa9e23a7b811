from datetime import timedelta

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from .common import InvoicePaymentCase


@tagged("post_install", "-at_install")
class TestPaymentChoices(InvoicePaymentCase):
    """What customers can choose to pay."""

    def test_an_invoice_due_at_once_can_be_paid_in_full_or_in_part(self):
        invoice = self.make_invoice()
        choices = self.choices_of(invoice)
        self.assertEqual(set(choices), {"full", "other"})
        self.assertEqual(choices["full"]["amount"], 100)
        self.assertEqual(choices["full"]["date_due"], invoice.invoice_date_due)
        self.assertFalse(choices["full"]["is_overdue"])
        self.assertEqual((choices["other"]["minimum"], choices["other"]["maximum"]), (self.currency.rounding, 100))

    def test_the_next_instalment_is_offered_with_its_date(self):
        invoice = self.make_invoice(invoice_payment_term_id=self.instalments.id)
        choice = self.choices_of(invoice)["next"]
        self.assertEqual((choice["amount"], choice["date_due"], choice["is_overdue"]), (30, self.today, False))
        self.book(self.pay(invoice, 30))
        choice = self.choices_of(invoice)["next"]
        self.assertEqual((choice["amount"], choice["date_due"]), (30, self.today + timedelta(days=30)))
        self.book(self.pay(invoice, 40))
        self.assertEqual(self.choices_of(invoice)["full"]["amount"], 30)
        self.assertNotIn("next", self.choices_of(invoice), "it is all that is left")

    def test_overdue_instalments_are_one_choice(self):
        invoice = self.make_invoice(days=40, invoice_payment_term_id=self.instalments.id)
        choices = self.choices_of(invoice)
        self.assertEqual(choices["next"]["amount"], 60)
        self.assertEqual(choices["next"]["date_due"], self.today - timedelta(days=40))
        self.assertTrue(choices["next"]["is_overdue"])
        self.assertTrue(choices["full"]["is_overdue"])
        self.assertEqual(choices["full"]["amount"], 100)

    def test_a_rest_of_an_instalment_comes_first(self):
        invoice = self.make_invoice(invoice_payment_term_id=self.instalments.id)
        self.book(self.pay(invoice, 10))
        self.assertEqual(self.choices_of(invoice)["next"]["amount"], 20)

    def test_nothing_is_offered_where_nothing_is_due(self):
        draft = self.make_invoice(post=False)
        paid = self.make_invoice()
        self.book(self.pay(paid, 100))
        cancelled = self.make_invoice()
        cancelled.button_draft()
        cancelled.button_cancel()
        refund = self.make_invoice(move_type="out_refund")
        bill = self.make_invoice(move_type="in_invoice")
        receipt = self.make_invoice(move_type="out_receipt")
        for invoice in (draft, paid, cancelled, refund, bill, receipt, self.make_invoice(0)):
            with self.subTest(invoice=invoice.display_name):
                self.assertEqual(self.open_of(invoice), 0)
                self.assertEqual(invoice._portal_payment_get_choices(), [])
                self.assertFalse(invoice._has_to_be_paid())
                self.assertRaisesRegex(ValidationError, "nothing left", invoice._portal_payment_check, 100)
                self.assertRaises(UserError, invoice._portal_payment_get_amount, "full")

    def test_several_invoices_are_paid_together(self):
        invoices = self.make_invoice(100, days=3) + self.make_invoice(50.5)
        choices = self.choices_of(invoices)
        self.assertEqual(set(choices), {"full", "other"})
        self.assertEqual(choices["full"]["amount"], 150.5)

    def test_what_does_not_belong_together_is_not(self):
        invoice = self.make_invoice()
        foreign = self.make_invoice(partner=self.ben)
        other_currency = self.make_invoice(currency_id=self.make_currency().id)
        for other, message in ((foreign, "different customers"), (other_currency, "different currencies")):
            with self.assertRaisesRegex(ValidationError, message):
                (invoice + other)._portal_payment_get_choices()
            with self.assertRaisesRegex(ValidationError, message):
                (invoice + other)._portal_payment_check(200)

    def test_invoices_on_different_accounts_are_paid_one_by_one(self):
        first = self.make_invoice()
        customer = self.anna.commercial_partner_id
        customer.property_account_receivable_id = customer.property_account_receivable_id.copy()
        second = self.make_invoice()
        for refused in ("_portal_payment_check_together", "_portal_payment_get_choices"):
            with self.assertRaisesRegex(ValidationError, "one by one"):
                getattr(first + second, refused)()
        with self.assertRaisesRegex(ValidationError, "one by one"):
            (first + second)._portal_payment_check(200)
        for invoice in (first, second):
            self.book(self.pay(invoice, invoice._portal_payment_check(100)))
            self.assertEqual(invoice.amount_residual, 0)

    def test_contacts_of_one_customer_belong_together(self):
        invoices = self.make_invoice() + self.make_invoice(partner=self.anna.parent_id)
        self.assertEqual(self.choices_of(invoices)["full"]["amount"], 200)

    def test_typed_amounts_are_read_in_the_customer_s_language(self):
        invoice = self.make_invoice(2000)
        self.assertEqual(invoice._portal_payment_get_amount("full"), 2000)
        self.assertEqual(invoice._portal_payment_get_amount("other", "1,234.50"), 1234.5)
        german = self.env["res.lang"]._activate_lang("de_DE")
        self.assertTrue(german)
        german = invoice.with_context(lang="de_DE")
        self.assertEqual(german._portal_payment_get_amount("other", "1.234,50"), 1234.5)
        for typed in ("", "abc", "-5", "1e3", None, "NaN", "١٢", "1,2,3", "9" * 50):
            with self.subTest(typed=typed):
                self.assertRaises(UserError, invoice._portal_payment_get_amount, "other", typed)
        for typed in ("0", "2000.01", "1.234.567"):
            with self.subTest(typed=typed):
                self.assertRaises(UserError, invoice._portal_payment_get_amount, "other", typed)

    def test_what_is_not_offered_can_not_be_chosen(self):
        invoice = self.make_invoice()
        self.company.portal_partial_payment = "none"
        for key in ("next", "other", "", None, "constructor", [1]):
            with self.subTest(key=key):
                self.assertRaises(UserError, invoice._portal_payment_get_amount, key, "5")
