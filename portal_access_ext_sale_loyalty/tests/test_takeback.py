from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import TopupCase

TX_LOGGER = "odoo.addons.payment.models.payment_transaction"


@tagged("post_install", "-at_install")
class TestTakeback(TopupCase):
    """Refunds, credit notes and cancelled orders take a top-up back, once in all."""

    def test_a_refund_takes_it_back_once_it_is_done(self):
        order = self.top_up()
        tx = order.transaction_ids
        refund = self.refund(tx, state=None)
        self.assertEqual(self.card_of().points, 50)
        self.settle(refund)
        self.settle(refund)
        self.assertEqual(self.lines_of(self.card_of()), [("topup", 50, 50), ("takeback", -50, 0)])
        self.assertEqual(order._portal_topup_get_state(), "returned")

    def test_a_refund_in_part_takes_back_a_part(self):
        self.program.rule_ids.reward_point_amount = 1.1
        order = self.top_up()
        self.refund(order.transaction_ids, 20)
        self.assertEqual(self.card_of().points, 33, "the bonus of what is refunded too")
        self.refund(order.transaction_ids, 30)
        self.assertEqual(self.card_of().points, 0)

    def test_a_refund_that_fails_takes_nothing(self):
        order = self.top_up()
        for state in ("error", "cancel", "pending"):
            self.refund(order.transaction_ids, 10, state)
        self.assertEqual(self.card_of().points, 50)

    def test_a_credit_note_takes_it_back_and_gives_it_again(self):
        order = self.top_up()
        note = self.reverse(order.invoice_ids)
        card = self.card_of()
        self.assertEqual(card.points, 0)
        self.assertEqual(card.portal_history_ids[0].move_id, note)
        note.button_draft()
        self.assertEqual(card.points, 50)
        note.invoice_line_ids.price_unit = 12.5
        note.action_post()
        self.assertEqual(card.points, 37.5)

    def test_a_credit_note_with_a_line_of_its_own_counts_too(self):
        order = self.top_up()
        note = order.invoice_ids._reverse_moves([{"invoice_date": fields.Date.today()}])
        note.invoice_line_ids.unlink()
        note.write({"invoice_line_ids": [(0, 0, {"name": "Given back", "price_unit": 15, "tax_ids": False})]})
        note.action_post()
        self.assertEqual(self.card_of().points, 35)

    def test_refund_and_credit_note_of_the_same_money_count_once(self):
        order = self.top_up()
        self.refund(order.transaction_ids, 20)
        self.reverse(order.invoice_ids, 20)
        self.assertEqual(self.card_of().points, 30)
        self.reverse(order.invoice_ids, 30)
        self.assertEqual(self.card_of().points, 0)
        order._action_cancel()
        self.refund(order.transaction_ids, 30)
        self.assertEqual(self.card_of().points, 0)
        self.assertEqual(sum(self.card_of().portal_history_ids.mapped("points")), 0)

    def test_a_cancelled_order_takes_it_back(self):
        order = self.top_up()
        order._action_cancel()
        self.assertEqual(self.lines_of(self.card_of()), [("topup", 50, 50), ("takeback", -50, 0)])
        order.action_draft()
        self.assertEqual(self.card_of().points, 0)
        order.action_confirm()
        self.assertEqual(self.card_of().points, 50, "it is paid")

    def test_what_was_given_back_is_not_opened_again(self):
        order = self.top_up()
        order._action_cancel()
        note = self.reverse(order.invoice_ids)
        with self.assertRaisesRegex(UserError, "given back"):
            order.action_draft()
        note.button_draft()
        note.button_cancel()
        self.refund(order.transaction_ids, 10)
        with self.assertRaisesRegex(UserError, "given back"):
            order.action_draft()
        self.assertEqual(self.card_of().points, 0)

    def test_what_was_refunded_before_does_not_confirm(self):
        order = self.start()
        tx = self.make_tx(order)
        tx._set_done()
        self.refund(tx)
        self.settle(tx)
        with self.assertRaisesRegex(UserError, "captured in full"):
            order.action_confirm()
        self.assertFalse(self.card_of())
        self.settle(self.make_tx(order))
        self.assertEqual(self.card_of().points, 50)

    def test_what_was_spent_leaves_a_debt_that_the_staff_is_told_of(self):
        order = self.top_up()
        self.card_of().points -= 40
        self.refund(order.transaction_ids)
        self.assertEqual(self.card_of().points, -40)
        self.assertEqual(order.activity_ids.summary, "The eWallet is overdrawn")
        self.assertIn("-", order.activity_ids.note)

    @mute_logger(TX_LOGGER)
    def test_a_provider_that_takes_a_payment_back_takes_the_credit_back(self):
        order = self.top_up()
        order.transaction_ids._set_canceled(extra_allowed_states=("done",))
        self.assertEqual(self.card_of().points, 0)

    def test_an_invoice_that_is_made_again_leaves_the_funds(self):
        order = self.top_up()
        first = order.invoice_ids
        wizard = self.env["account.move.reversal"].with_context(active_model="account.move", active_ids=first.ids)
        action = wizard.create({"journal_id": first.journal_id.id}).modify_moves()
        card, again = self.card_of(), self.env["account.move"].browse(action["res_id"])
        self.assertEqual(again.state, "draft")
        self.assertEqual(card.points, 0, "nothing is invoiced now")
        again.invoice_date = fields.Date.today()
        again.with_user(self.accountant).action_post()
        self.assertEqual(card.points, 50)
        self.assertEqual(again.amount_residual, 0, "the payment pays it")
        self.assertEqual(first.payment_state, "reversed")
        again.button_draft()
        self.assertEqual(card.points, 0)
        again.invoice_line_ids.price_unit = 33.33
        again.action_post()
        self.assertEqual(card.points, 33.33, "what is invoiced counts")
        self.reverse(again)
        self.assertEqual(card.points, 0)

    def test_an_invoice_in_draft_takes_nothing_back(self):
        order = self.top_up()
        order.invoice_ids.button_draft()
        self.assertEqual(self.card_of().points, 50)
        order.invoice_ids.action_post()
        self.assertEqual(order.invoice_ids.amount_residual, 0, "the payment pays it again")
        self.assertEqual(self.lines_of(self.card_of()), [("topup", 50, 50)])
