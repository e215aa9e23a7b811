from odoo import Command
from odoo.tests import tagged

from .common import InvoicePaymentCase


@tagged("post_install", "-at_install")
class TestEarlyPaymentDiscount(InvoicePaymentCase):
    """The discount is booked as when the company registers such a payment."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tax = cls.make_tax(20)

    def items_of(self, payment):
        return sorted(
            (
                line.account_id.id,
                f"{line.amount_currency:.6f}",
                f"{line.balance:.6f}",
                line.tax_ids.ids,
                line.tax_line_id.id,
            )
            for line in payment.line_ids
        )

    def compare_with_register(self, **values):
        """Pay one invoice online and register the payment of one like it, and compare the journal items."""
        online, registered = (
            self.make_invoice(99.99, taxes=self.tax, invoice_payment_term_id=self.early.id, **values)
            for _number in range(2)
        )
        choice = self.choices_of(online)["full"]
        self.assertGreater(choice["discount"], 0)
        transaction = self.pay(online, choice["amount"], portal_discount=choice["discount"])
        payment = self.book(transaction)
        context = {"active_model": "account.move", "active_ids": registered.ids}
        wizard = (
            self.env["account.payment.register"].with_context(**context).create({"journal_id": payment.journal_id.id})
        )
        self.assertAlmostEqual(wizard.amount, choice["amount"], 6)
        expected = wizard._create_payments()
        self.assertEqual(online.amount_residual, 0)
        self.assertEqual(registered.amount_residual, 0)
        accounts = {
            payment.outstanding_account_id.id: "outstanding",
            expected.outstanding_account_id.id: "outstanding",
        }

        def neutral(items):
            return sorted((str(accounts.get(item[0], item[0])), *item[1:]) for item in items)

        self.assertEqual(neutral(self.items_of(payment)), neutral(self.items_of(expected)))
        self.assertFalse(online.message_ids.filtered(lambda message: "exceed" in message.body))

    def test_on_the_price_and_the_tax(self):
        self.compare_with_register()

    def test_on_the_price_only(self):
        self.early.early_pay_discount_computation = "excluded"
        self.compare_with_register()

    def test_on_the_price_with_the_tax_reduced_always(self):
        self.early.early_pay_discount_computation = "mixed"
        self.compare_with_register()

    def test_in_a_foreign_currency(self):
        francs = self.make_currency("CHF", 2)
        self.compare_with_register(days=3, currency_id=francs.id)

    def test_what_was_offered_stays_offered(self):
        invoice = self.make_invoice(invoice_payment_term_id=self.early.id)
        transaction = self.pay(invoice, 98, "pending", portal_discount=2)
        invoice.invoice_payment_term_id.discount_days = 1
        invoice.flush_recordset()
        self.env.cr.execute("UPDATE account_move SET invoice_date = '2020-01-01' WHERE id = %s", [invoice.id])
        invoice.invalidate_recordset()
        transaction._set_done()
        self.book(transaction)
        self.assertEqual(invoice.amount_residual, 0)

    def test_no_discount_on_another_amount_or_after_something_else_was_paid(self):
        invoice = self.make_invoice(invoice_payment_term_id=self.early.id)
        self.book(self.pay(invoice, 97))
        self.assertEqual(invoice.amount_residual, 3)
        invoice = self.make_invoice(invoice_payment_term_id=self.early.id)
        transaction = self.pay(invoice, 98, portal_discount=2)
        self.book(self.pay(invoice, 10))
        payment = self.book(transaction)
        self.assertEqual((invoice.amount_residual, payment._portal_payment_get_credit()), (0, 8))

    def test_no_discount_on_an_invoice_that_was_cancelled(self):
        invoice = self.make_invoice(invoice_payment_term_id=self.early.id)
        transaction = self.pay(invoice, 98, portal_discount=2)
        invoice.button_draft()
        invoice.button_cancel()
        payment = self.book(transaction)
        self.assertEqual((payment.amount, payment._portal_payment_get_credit()), (98, 98))

    def test_no_discount_where_the_company_has_no_account_for_it(self):
        invoice = self.make_invoice(invoice_payment_term_id=self.early.id)
        transaction = self.pay(invoice, 98, portal_discount=2)
        self.company.account_journal_early_pay_discount_loss_account_id = False
        self.book(transaction)
        self.assertEqual(invoice.amount_residual, 2, "the money is booked all the same")
        other = self.make_invoice(invoice_payment_term_id=self.early.id)
        self.assertEqual(self.choices_of(other)["full"]["discount"], 0)

    def test_no_discount_for_part_of_what_was_authorized(self):
        self.provider.support_manual_capture = "partial"
        invoice = self.make_invoice(invoice_payment_term_id=self.early.id)
        transaction = self.pay(invoice, 98, "authorized", portal_discount=2)
        part = transaction._create_child_transaction(50)
        part._set_done()
        self.book(part)
        self.assertEqual(invoice.amount_residual, 50)

    def test_a_discounted_payment_under_way_leaves_nothing_open(self):
        invoice = self.make_invoice(invoice_payment_term_id=self.early.id)
        self.pay(invoice, 98, "pending", portal_discount=2)
        self.assertEqual(self.open_of(invoice), 0)

    def test_draft_invoices_are_no_matter_of_ours(self):
        invoice = self.make_invoice(post=False, invoice_payment_term_id=self.early.id)
        invoice.invoice_line_ids = [Command.clear()]
        self.assertEqual(invoice._portal_payment_get_choices(), [])
