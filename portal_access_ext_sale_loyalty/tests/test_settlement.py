from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import TopupCase

TX_LOGGER = "odoo.addons.payment.models.payment_transaction"


@tagged("post_install", "-at_install")
class TestSettlement(TopupCase):
    """What is on the card: as much as is captured, once, whatever happens in whichever order."""

    def test_nothing_is_credited_for_a_payment_that_is_not_made(self):
        self.allow_capture()
        for state, expected in (
            ("pending", "pending"),
            ("authorized", "authorized"),
            ("cancel", "failed"),
            ("error", "failed"),
        ):
            with self.subTest(state=state):
                order = self.start()
                self.settle(self.make_tx(order), state)
                self.assertIn(order.state, ("draft", "sent"))
                self.assertFalse(self.card_of())
                self.assertFalse(order.invoice_ids)
                self.assertEqual(order._portal_topup_get_state(), expected)

    @mute_logger(TX_LOGGER)
    def test_a_payment_that_is_told_of_again_and_again_is_credited_once(self):
        order = self.start()
        tx = self.make_tx(order)
        for _number in range(3):
            self.settle(tx)
            order._portal_topup_settle()
            tx._finalize_post_processing()
        self.assertEqual(self.lines_of(self.card_of()), [("topup", 50, 50)])
        self.assertEqual(len(order.invoice_ids), 1)
        self.assertEqual(self.env["account.payment"].search_count([("payment_transaction_id", "=", tx.id)]), 1)

    @mute_logger(TX_LOGGER)
    def test_answers_in_the_wrong_order_change_nothing(self):
        order = self.start()
        tx = self.make_tx(order)
        self.settle(tx)
        for state in ("pending", "cancel", "error", "authorized", "done"):
            self.settle(tx, state)
        self.assertEqual(self.lines_of(self.card_of()), [("topup", 50, 50)])

    def test_a_payment_that_failed_and_is_done_after_all_is_credited(self):
        order = self.start()
        tx = self.make_tx(order)
        self.settle(tx, "error")
        self.settle(tx)
        self.assertEqual(self.card_of().points, 50)

    def test_a_payment_after_the_order_was_given_up_is_credited(self):
        order = self.start()
        tx = self.make_tx(order)
        self.env.cr.execute(
            "UPDATE payment_transaction SET create_date = %s WHERE id = %s",
            [fields.Datetime.now() - timedelta(hours=2), tx.id],
        )
        self.env.invalidate_all()
        self.program.portal_topup_free = True
        self.start(amount=20)
        self.assertEqual(order.state, "cancel")
        self.settle(tx)
        self.assertEqual(order.state, "sale")
        self.assertEqual(self.card_of().points, 50)

    def test_a_payment_after_the_staff_cancelled_the_order_is_not_credited_but_told(self):
        order = self.start()
        tx = self.make_tx(order)
        order._action_cancel()
        self.settle(tx)
        self.assertEqual(order.state, "cancel")
        self.assertFalse(self.card_of())
        self.assertEqual(order.activity_ids.summary, "A payment too much")
        self.assertEqual(tx.payment_id.state, "posted", "the money is on the customer's account")

    def test_a_second_payment_is_not_credited_but_told(self):
        order = self.start()
        first, second = self.make_tx(order), self.make_tx(order)
        self.settle(first)
        self.assertFalse(order.activity_ids)
        self.settle(second)
        self.assertEqual(self.lines_of(self.card_of()), [("topup", 50, 50)])
        self.assertEqual(order.activity_ids.summary, "A payment too much")
        self.refund(second)
        self.assertEqual(self.lines_of(self.card_of()), [("topup", 50, 50)], "it was not credited in the first place")
        self.refund(first)
        self.assertEqual(self.card_of().points, 0)

    # Authorised, captured and voided

    def test_what_is_authorized_is_credited_when_it_is_captured(self):
        self.allow_capture()
        order = self.start()
        tx = self.make_tx(order)
        self.settle(tx, "authorized")
        with self.assertRaisesRegex(UserError, "captured in full"):
            order.with_user(self.salesman).action_confirm()
        self.settle(tx)
        self.assertEqual(order.state, "sale")
        self.assertEqual(self.card_of().points, 50)

    def test_captures_in_parts_count_when_they_are_complete(self):
        self.allow_capture()
        order = self.start()
        tx = self.make_tx(order)
        self.settle(tx, "authorized")
        self.settle(tx._create_child_transaction(30))
        self.assertFalse(self.card_of())
        self.assertIn(order.state, ("draft", "sent"))
        last = tx._create_child_transaction(20)
        self.settle(last)
        self.assertEqual(tx.state, "done")
        tx._finalize_post_processing()
        self.assertEqual(self.lines_of(self.card_of()), [("topup", 50, 50)])
        self.assertEqual(order.invoice_ids.amount_residual, 0)
        self.refund(last)
        self.assertEqual(self.card_of().points, 30)

    def test_what_is_captured_in_part_and_voided_is_not_credited(self):
        self.allow_capture()
        order = self.start()
        tx = self.make_tx(order)
        self.settle(tx, "authorized")
        self.settle(tx._create_child_transaction(30))
        self.settle(tx._create_child_transaction(20), "cancel")
        self.assertEqual(tx.state, "done", "for Odoo")
        tx._finalize_post_processing()
        self.assertIn(order.state, ("draft", "sent"))
        self.assertFalse(self.card_of())
        with self.assertRaisesRegex(UserError, "captured in full"):
            order.action_confirm()
        self.settle(self.make_tx(order, 20))
        self.assertEqual(self.card_of().points, 50, "the rest came after all")

    @mute_logger(TX_LOGGER)
    def test_a_capture_or_void_that_failed_doesnt_hide_the_full_capture(self):
        self.allow_capture()
        self.program.portal_topup_free = True
        for amount, state in ((50, "error"), (20, "error"), (50, "draft")):
            with self.subTest(amount=amount, state=state):
                order = self.start(amount=50)
                before = self.card_of().points
                tx = self.make_tx(order)
                self.settle(tx, "authorized")
                part = tx._create_child_transaction(amount)
                if state == "error":
                    self.settle(part, state)
                self.assertEqual(order._portal_topup_get_open_amount(), 0)
                self.settle(tx)
                self.assertEqual(self.card_of().points, before + 50)
                self.assertEqual((order.state, order.invoice_ids.amount_residual), ("sale", 0))
                self.assertTrue(order._portal_topup_is_safe())
                self.assertEqual(order._portal_topup_get_open_amount(), 0)
