from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import InvoicePaymentCase


@tagged("post_install", "-at_install")
class TestPaymentsUnderWay(InvoicePaymentCase):
    """What is open of invoices while payments of them are under way."""

    def test_pending_and_authorized_payments_cover_their_amount(self):
        for state in ("pending", "authorized"):
            with self.subTest(state=state):
                invoice = self.make_invoice()
                self.pay(invoice, 40, state)
                self.assertEqual(invoice.amount_residual, 100)
                self.assertEqual(self.open_of(invoice), 60)
                self.assertTrue(invoice._has_to_be_paid())
                self.assertRaises(ValidationError, invoice._portal_payment_check, 60.01)
                self.pay(invoice, 60, state)
                self.assertEqual(self.open_of(invoice), 0)
                self.assertFalse(invoice._has_to_be_paid())

    def test_those_that_came_to_nothing_cover_nothing(self):
        invoice = self.make_invoice()
        for state in ("draft", "cancel", "error"):
            self.pay(invoice, 100, state)
            self.assertEqual(self.open_of(invoice), 100)
            self.assertTrue(invoice._has_to_be_paid())

    def test_those_that_are_done_cover_until_they_are_booked(self):
        invoice = self.make_invoice()
        transaction = self.pay(invoice, 40)
        self.assertEqual(self.open_of(invoice), 60)
        self.book(transaction)
        self.assertEqual(invoice.amount_residual, 60)
        self.assertEqual(self.open_of(invoice), 60)

    def test_refunds_and_the_saving_of_cards_cover_nothing(self):
        invoice = self.make_invoice()
        self.pay(invoice, 1, operation="validation")
        self.pay(invoice, -30, operation="refund")
        self.assertEqual(self.open_of(invoice), 100)

    def test_an_announced_wire_transfer_blocks_nothing(self):
        wire = self.env["payment.provider"].search([("code", "=", "custom")], limit=1)
        if not wire:
            self.skipTest("payment_custom is not installed")
        invoice = self.make_invoice()
        self.pay(invoice, 100, "pending", provider_id=wire.id, payment_method_id=wire.payment_method_ids[:1].id)
        self.assertEqual(self.open_of(invoice), 100)
        self.assertTrue(invoice._has_to_be_paid())

    def test_the_switch_for_online_payment_counts(self):
        invoice = self.make_invoice()
        self.pay(invoice, 40, "pending")
        self.assertTrue(invoice._has_to_be_paid())
        self.env["ir.config_parameter"].set_param("account_payment.enable_portal_payment", "False")
        self.assertFalse(invoice._has_to_be_paid())
        self.assertFalse(self.make_invoice()._has_to_be_paid())

    def test_one_of_several_invoices_covers_what_is_due_first(self):
        old, middle, new = (self.make_invoice(days=days) for days in (30, 20, 10))
        self.pay(new + old + middle, 150, "pending")
        amounts = (old + middle + new)._portal_payment_get_open_amounts()
        self.assertEqual(list(amounts.values()), [0, 50, 100])
        # Also when only one of them is asked for.
        for invoice, amount in amounts.items():
            self.assertEqual(self.open_of(invoice), amount)

    def test_it_covers_instalments_by_their_dates(self):
        parts = self.make_invoice(invoice_payment_term_id=self.instalments.id)
        other = self.make_invoice(days=10)
        self.pay(parts + other, 120, "pending")
        self.assertEqual(self.open_of(other), 0)
        self.assertEqual(self.open_of(parts), 80)
        self.assertEqual(self.choices_of(parts)["next"]["amount"], 10)
        transaction = parts.transaction_ids
        transaction._set_done()
        self.book(transaction)
        self.assertEqual((other.amount_residual, parts.amount_residual), (0, 80), "as it is reconciled")

    def test_payments_of_overlapping_invoices_cover_each_cent_once(self):
        old, middle, new = (self.make_invoice(days=days) for days in (30, 20, 10))
        self.pay(old, 70, "pending")
        self.pay(old + middle, 80, "pending")
        self.pay(middle + new, 100, "authorized")
        amounts = (old + middle + new)._portal_payment_get_open_amounts()
        self.assertEqual(list(amounts.values()), [0, 0, 50])
        self.assertEqual(self.open_of(new), 50)

    def test_it_is_never_negative(self):
        invoice = self.make_invoice()
        self.pay(invoice, 80, "pending")
        self.pay(invoice, 80, "pending")
        self.assertEqual(self.open_of(invoice), 0)

    def test_what_was_paid_otherwise_meanwhile_counts(self):
        invoice = self.make_invoice()
        self.pay(invoice, 60, "pending")
        wizard = self.env["account.payment.register"].with_context(active_model="account.move", active_ids=invoice.ids)
        wizard.create({"amount": 30})._create_payments()
        self.assertEqual(self.open_of(invoice), 10)

    def capture(self, transaction, amount):
        part = transaction._create_child_transaction(amount)
        part._set_done()
        return part

    def test_of_one_captured_in_parts_each_cent_is_covered_once(self):
        self.provider.support_manual_capture = "partial"
        invoice = self.make_invoice()
        transaction = self.pay(invoice, 80, "authorized")
        self.assertEqual(self.open_of(invoice), 20)
        first = self.capture(transaction, 30)
        self.assertEqual(self.open_of(invoice), 20, "captured and not booked")
        self.book(first)
        self.assertEqual(invoice.amount_residual, 70)
        self.assertEqual(self.open_of(invoice), 20)
        void = transaction._create_child_transaction(10)
        void._set_canceled()
        self.assertEqual(self.open_of(invoice), 30, "what was given up is open again")
        last = self.capture(transaction, 40)
        self.assertEqual(transaction.state, "done")
        self.assertEqual(self.open_of(invoice), 30)
        self.book(transaction)
        self.assertEqual(self.open_of(invoice), 30, "the last part is not booked yet")
        self.book(last)
        self.assertEqual(invoice.amount_residual, 30)
        self.assertEqual(self.open_of(invoice), 30)

    def test_a_saved_method_is_not_charged_for_what_was_paid_meanwhile(self):
        invoice = self.make_invoice()
        token = self.env["payment.token"].create(
            {
                "provider_id": self.provider.id,
                "payment_method_id": self.method.id,
                "partner_id": self.anna.id,
                "provider_ref": "saved",
                "demo_simulated_state": "done",
            }
        )
        values = {"token_id": token.id, "operation": "online_token"}
        first, second = (self.pay(invoice, 60, "draft", **values) for _number in range(2))
        first._send_payment_request()
        self.assertEqual(first.state, "done")
        with self.assertRaisesRegex(UserError, "paid meanwhile"):
            second._send_payment_request()
        self.assertEqual(second.state, "draft")

    def test_the_company_is_told_of_what_is_authorized_beyond_what_is_due(self):
        invoice = self.make_invoice()
        first, second = (self.pay(invoice, 60, "draft") for _number in range(2))
        first._set_authorized()
        self.assertNotIn("exceed what is due", "".join(invoice.message_ids.mapped("body")))
        second._set_authorized()
        [note] = invoice.message_ids.filtered(lambda message: "exceed what is due" in message.body)
        self.assertIn("20.00", note.body)
        self.assertIn(second.reference, note.body)
        self.assertEqual(note.subtype_id, self.env.ref("mail.mt_note"))
        with mute_logger("odoo.addons.payment.models.payment_transaction"):
            second._set_authorized()
        self.assertEqual(len(invoice.message_ids.filtered(lambda message: "exceed what" in message.body)), 1)
