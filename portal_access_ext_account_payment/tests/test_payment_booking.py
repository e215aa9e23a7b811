from odoo.exceptions import ValidationError
from odoo.tests import tagged

from .common import InvoicePaymentCase


@tagged("post_install", "-at_install")
class TestPaymentBooking(InvoicePaymentCase):
    """What payments do in the books, to the cent."""

    def assert_items(self, payment, expected):
        """Compare the journal items of a payment: kind of account, amount in currency, balance, and what is left."""
        items = [
            (
                line.account_id.account_type.split("_")[-1],
                line.amount_currency,
                line.balance,
                line.amount_residual_currency if line.account_id == payment.destination_account_id else 0,
            )
            for line in payment.line_ids.sorted(lambda line: (-line.balance, line.id))
        ]
        self.assertEqual(items, expected)

    def notes_of(self, invoice):
        return invoice.message_ids.filtered(lambda message: "exceed what was due" in message.body)

    def test_all_of_an_invoice(self):
        invoice = self.make_invoice()
        payment = self.book(self.pay(invoice, 100))
        self.assert_items(payment, [("current", 100, 100, 0), ("receivable", -100, -100, 0)])
        self.assertIn(invoice.payment_state, ("paid", "in_payment"))
        self.assertEqual(invoice.amount_residual, 0)
        self.assertFalse(self.notes_of(invoice))

    def test_part_of_an_invoice_and_then_the_rest(self):
        invoice = self.make_invoice()
        payment = self.book(self.pay(invoice, 33.33))
        self.assert_items(payment, [("current", 33.33, 33.33, 0), ("receivable", -33.33, -33.33, 0)])
        self.assertEqual((invoice.payment_state, invoice.amount_residual), ("partial", 66.67))
        self.book(self.pay(invoice, 66.67))
        self.assertEqual(invoice.amount_residual, 0)

    def test_instalments_are_paid_by_their_dates(self):
        invoice = self.make_invoice(invoice_payment_term_id=self.instalments.id)
        self.book(self.pay(invoice, 45))
        lines = invoice.line_ids.filtered(lambda line: line.display_type == "payment_term")
        self.assertEqual(lines.sorted("date_maturity").mapped("amount_residual"), [0, 15, 40])

    def test_several_invoices_in_part_oldest_first(self):
        old, new = self.make_invoice(days=20), self.make_invoice(50, days=10)
        payment = self.book(self.pay(new + old, 120))
        self.assert_items(payment, [("current", 120, 120, 0), ("receivable", -120, -120, 0)])
        self.assertEqual((old.amount_residual, new.amount_residual), (0, 30))

    def test_what_is_too_much_is_a_credit_of_the_customer(self):
        invoice = self.make_invoice()
        first, second = self.pay(invoice, 70), self.pay(invoice, 70)
        self.book(first)
        payment = self.book(second)
        self.assert_items(payment, [("current", 70, 70, 0), ("receivable", -70, -70, -40)])
        self.assertEqual(invoice.amount_residual, 0)
        self.assertIn("40.00", self.notes_of(invoice).body)
        self.assertEqual(self.notes_of(invoice).author_id, self.env.ref("base.partner_root"))
        self.assertEqual(payment.partner_id, self.anna.commercial_partner_id)
        # It can be used for the next invoice, by who keeps the books.
        following = self.make_invoice(60)
        credit = payment.line_ids.filtered(lambda line: line.account_id == payment.destination_account_id)
        following.js_assign_outstanding_line(credit.id)
        self.assertEqual(following.amount_residual, 20)

    def test_what_is_paid_twice_is_a_credit(self):
        invoice = self.make_invoice()
        self.book(self.pay(invoice, 100))
        payment = self.book(self.pay(invoice, 100))
        self.assert_items(payment, [("current", 100, 100, 0), ("receivable", -100, -100, -100)])
        self.assertEqual(len(self.notes_of(invoice)), 1)

    def test_too_much_for_several_invoices(self):
        old, new = self.make_invoice(days=20), self.make_invoice(50, days=10)
        payment = self.book(self.pay(old + new, 160))
        self.assertEqual((old.amount_residual, new.amount_residual), (0, 0))
        self.assertEqual(payment._portal_payment_get_credit(), 10)
        for invoice in (old, new):
            self.assertIn("10.00", self.notes_of(invoice).body)

    def test_an_invoice_that_was_cancelled_meanwhile(self):
        invoice = self.make_invoice()
        transaction = self.pay(invoice, 100)
        invoice.button_draft()
        invoice.button_cancel()
        payment = self.book(transaction)
        self.assertTrue(transaction.is_post_processed)
        self.assert_items(payment, [("current", 100, 100, 0), ("receivable", -100, -100, -100)])
        self.assertEqual(invoice.state, "cancel")
        self.assertEqual(transaction.invoice_ids, invoice, "it still says what was paid")
        self.assertEqual(payment.partner_id, self.anna.commercial_partner_id)
        self.assertIn("100.00", self.notes_of(invoice).body)

    def test_one_of_several_that_was_cancelled_meanwhile(self):
        gone, stays = self.make_invoice(days=20), self.make_invoice(days=10)
        transaction = self.pay(gone + stays, 150)
        gone.button_draft()
        gone.button_cancel()
        payment = self.book(transaction)
        self.assertEqual((stays.amount_residual, payment._portal_payment_get_credit()), (0, 50))

    def test_an_invoice_that_was_credited_meanwhile(self):
        for amount, left, credit in ((100, 0, 100), (40, 0, 40)):
            with self.subTest(amount=amount):
                invoice = self.make_invoice()
                transaction = self.pay(invoice, amount)
                invoice._reverse_moves(cancel=True)
                self.assertEqual(self.open_of(invoice), 0)
                payment = self.book(transaction)
                self.assertEqual(invoice.amount_residual, left)
                self.assertEqual(payment._portal_payment_get_credit(), credit)

    def test_a_draft_invoice_is_posted_as_in_stock(self):
        invoice = self.make_invoice(post=False)
        self.book(self.pay(invoice, 100))
        self.assertEqual((invoice.state, invoice.amount_residual), ("posted", 0))

    def test_no_other_draft_is_posted(self):
        payment = self.env["account.payment"].create(
            {"amount": 500, "payment_type": "inbound", "partner_type": "customer", "partner_id": self.anna.id}
        )
        transaction = self.pay(payment.move_id, 0.01)
        transaction.invalidate_recordset()  # it is booked by another request; Odoo's field holds invoices only
        self.book(transaction)
        self.assertEqual(payment.state, "draft")
        self.assertEqual(transaction.payment_id.amount, 0.01)

    def test_in_a_foreign_currency(self):
        francs = self.make_currency("CHF", 2)
        invoice = self.make_invoice(100, days=5, currency_id=francs.id)
        self.env["res.currency.rate"].create(
            {"name": self.today, "rate": 2.5, "currency_id": francs.id, "company_id": self.company.id}
        )
        payment = self.book(self.pay(invoice, 40))
        self.assert_items(payment, [("current", 40, 16, 0), ("receivable", -40, -16, 0)])
        self.assertEqual(invoice.amount_residual, 60)
        self.assertEqual(self.open_of(invoice), 60)
        payment = self.book(self.pay(invoice, 70))
        self.assert_items(payment, [("current", 70, 28, 0), ("receivable", -70, -28, -10)])
        self.assertEqual(invoice.amount_residual, 0)
        line = invoice.line_ids.filtered(lambda line: line.display_type == "payment_term")
        self.assertEqual(line.amount_residual, 0)
        self.assertIn("10.00", self.notes_of(invoice).body)

    def test_it_is_the_customer_s_whoever_pays(self):
        invoice = self.make_invoice()
        payment = self.book(self.pay(invoice, 60, partner=self.ben))
        self.assertEqual(payment.partner_id, self.anna.commercial_partner_id)
        self.assertEqual(invoice.amount_residual, 40)
        payment = self.book(self.pay(invoice, 60, partner=self.ben))
        self.assertEqual(payment._portal_payment_get_credit(), 20)
        credits = payment.line_ids.filtered(lambda line: line.amount_residual < 0)
        self.assertEqual(credits.partner_id, self.anna.commercial_partner_id)

    def test_it_settles_the_account_that_the_invoice_is_on(self):
        invoice = self.make_invoice()
        account = self.anna.commercial_partner_id.property_account_receivable_id.copy()
        self.anna.commercial_partner_id.property_account_receivable_id = account
        self.assertNotIn(account, invoice.line_ids.account_id)
        self.book(self.pay(invoice, 100))
        self.assertEqual(invoice.amount_residual, 0)

    def test_what_became_due_on_another_account_does_not_matter(self):
        invoice = self.make_invoice(invoice_payment_term_id=self.instalments.id)
        lines = invoice.line_ids.filtered(lambda line: line.display_type == "payment_term").sorted("date_maturity")
        customer = self.anna.commercial_partner_id
        old, new = lines.account_id, lines.account_id.copy()
        customer.property_account_receivable_id = old.copy()
        self.book(self.pay(invoice, 30))
        lines[1:].account_id = new
        with self.assertRaisesRegex(ValidationError, "more than"):
            invoice._portal_payment_check(70.01)
        payment = self.book(self.pay(invoice, invoice._portal_payment_check(70)))
        self.assertEqual((payment.destination_account_id, invoice.amount_residual), (new, 0))
        # Paid while the money was on its way, which then is a credit.
        payment = self.book(self.pay(invoice, 10))
        self.assert_items(payment, [("current", 10, 10, 0), ("receivable", -10, -10, -10)])

    def test_what_is_due_on_two_accounts_is_settled_on_the_first(self):
        invoice = self.make_invoice(invoice_payment_term_id=self.instalments.id)
        transaction = self.pay(invoice, 100)
        lines = invoice.line_ids.filtered(lambda line: line.display_type == "payment_term").sorted("date_maturity")
        lines[1:].account_id = lines.account_id.copy()
        payment = self.book(transaction)
        self.assertEqual((invoice.amount_residual, payment._portal_payment_get_credit()), (70, 70))
        other = self.make_invoice(invoice_payment_term_id=self.instalments.id)
        other.line_ids.filtered(lambda line: line.display_type == "payment_term")[1:].account_id = lines[1:].account_id
        with self.assertRaisesRegex(ValidationError, "contact us"):
            other._portal_payment_check(100)

    def test_a_payment_without_invoices_is_as_in_stock(self):
        transaction = self.pay(self.env["account.move"], 10, partner=self.ben, currency_id=self.currency.id)
        self.assertEqual(self.book(transaction).partner_id, self.ben.commercial_partner_id)

    def test_parts_that_are_captured(self):
        self.provider.support_manual_capture = "partial"
        invoice = self.make_invoice()
        transaction = self.pay(invoice, 80, "authorized", partner=self.ben)
        part = transaction._create_child_transaction(50)
        part._set_done()
        payment = self.book(part)
        self.assert_items(payment, [("current", 50, 50, 0), ("receivable", -50, -50, 0)])
        self.assertEqual(payment.partner_id, self.anna.commercial_partner_id)
        self.assertEqual(invoice.amount_residual, 50)

    def refund(self, transaction, amount):
        refund = transaction._create_child_transaction(amount, is_refund=True)
        refund._set_done()
        return self.book(refund)

    def credits_of(self, partner):
        return partner._portal_payment_get_credits(self.company).get(self.currency, 0)

    def test_a_refund_uses_up_the_credit(self):
        credit = self.credits_of(self.anna)
        invoice = self.make_invoice()
        transaction = self.pay(invoice, 100)
        self.book(self.pay(invoice, 60))
        payment = self.book(transaction)
        self.assertEqual(payment._portal_payment_get_credit(), 60)
        self.assertEqual(self.credits_of(self.anna), credit + 60)
        refunded = self.refund(transaction, 25)
        self.assert_items(refunded, [("receivable", 25, 25, 0), ("current", -25, -25, 0)])
        self.assert_items(payment, [("current", 100, 100, 0), ("receivable", -100, -100, -35)])
        self.assertEqual(self.credits_of(self.anna), credit + 35)
        # More than the credit: the customer owes the rest, as in stock.
        refunded = self.refund(transaction, 45)
        self.assert_items(refunded, [("receivable", 45, 45, 10), ("current", -45, -45, 0)])
        self.assertEqual((self.credits_of(self.anna), payment._portal_payment_get_credit()), (credit, 0))
        self.assertEqual(invoice.amount_residual, 0)
        self.assertEqual(payment.amount_available_for_refund, 30)

    def test_a_refund_is_booked_on_the_account_of_the_payment(self):
        invoice = self.make_invoice()
        transaction = self.pay(invoice, 140)
        self.book(transaction)
        customer = self.anna.commercial_partner_id
        customer.property_account_receivable_id = customer.property_account_receivable_id.copy()
        self.refund(transaction, 40)
        self.assertEqual(transaction.payment_id._portal_payment_get_credit(), 0)

    def test_a_refund_in_a_foreign_currency(self):
        francs = self.make_currency("CHF", 2)
        invoice = self.make_invoice(100, days=5, currency_id=francs.id)
        transaction = self.pay(invoice, 140)
        payment = self.book(transaction)
        self.env["res.currency.rate"].create(
            {"name": self.today, "rate": 2.5, "currency_id": francs.id, "company_id": self.company.id}
        )
        self.refund(transaction, 40)
        lines = payment.line_ids.filtered(lambda line: line.account_id == payment.destination_account_id)
        self.assertEqual((lines.amount_residual_currency, lines.amount_residual), (0, 0))

    def test_a_refund_of_a_captured_part(self):
        self.provider.support_manual_capture = "partial"
        invoice = self.make_invoice()
        part = self.pay(invoice, 80, "authorized", partner=self.ben)._create_child_transaction(80)
        self.book(self.pay(invoice, 50))
        part._set_done()
        self.assertEqual(self.book(part)._portal_payment_get_credit(), 30)
        refunded = self.refund(part, 30)
        self.assertEqual(refunded.partner_id, self.anna.commercial_partner_id)
        self.assertEqual(part.payment_id._portal_payment_get_credit(), 0)

    def test_a_refund_without_invoices(self):
        transaction = self.pay(self.env["account.move"], 10, partner=self.ben, currency_id=self.currency.id)
        payment = self.book(transaction)
        self.refund(transaction, 4)
        self.assertEqual(payment._portal_payment_get_credit(), 6)

    def test_a_refund_is_as_in_stock_and_the_customer_s(self):
        invoice = self.make_invoice()
        transaction = self.pay(invoice, 100, partner=self.ben)
        self.book(transaction)
        refund = transaction._create_child_transaction(30, is_refund=True)
        refund._set_done()
        payment = self.book(refund)
        self.assertEqual(payment.payment_type, "outbound")
        self.assert_items(payment, [("receivable", 30, 30, 30), ("current", -30, -30, 0)])
        self.assertEqual(payment.partner_id, self.anna.commercial_partner_id)
        self.assertEqual(invoice.amount_residual, 0)
        self.assertFalse(self.notes_of(invoice))
