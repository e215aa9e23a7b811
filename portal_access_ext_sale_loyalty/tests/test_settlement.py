from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError, ValidationError
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

    # Taken back

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

    # What else might confirm or credit

    def test_nobody_confirms_a_top_up_by_hand(self):
        order = self.start()
        for user in (self.salesman, self.env.ref("base.user_root")):
            with self.assertRaisesRegex(UserError, "Payment Received"):
                order.with_user(user).action_confirm()
        order.state = "sale"  # by RPC
        order._portal_topup_settle()
        self.assertFalse(self.card_of())

    def test_a_top_up_is_not_signed_and_takes_no_prepayment(self):
        order = self.start()
        order.write({"require_signature": True, "prepayment_percent": 0.1})
        self.assertFalse(order._has_to_be_signed())
        self.assertEqual(order._get_prepayment_required_amount(), 50)

    def test_it_has_to_be_paid_as_long_as_nothing_is_under_way(self):
        self.allow_capture()
        order = self.start()
        self.assertTrue(order._has_to_be_paid())
        tx = self.make_tx(order)
        self.assertTrue(order._has_to_be_paid(), "the customer may have given up")
        self.settle(tx, "authorized")
        self.assertFalse(order._has_to_be_paid())

    def test_only_the_exact_amount_is_taken_and_only_once(self):
        order = self.start()
        for amount in (0.01, 49.99, 50.01, 100, -50, 0):
            with self.subTest(amount=amount), self.assertRaisesRegex(ValidationError, "Exactly"):
                self.make_tx(order, amount)
        with self.assertRaisesRegex(ValidationError, "Exactly"):
            other = (self.currency_euro | self.currency_usd) - self.currency
            self.make_tx(order, currency_id=other[:1].id)
        self.settle(self.make_tx(order), "pending")
        with self.assertRaisesRegex(ValidationError, "under way"):
            self.make_tx(order)
        other = self.start()
        self.settle(self.make_tx(other))
        with self.assertRaisesRegex(ValidationError, "is paid"):
            self.make_tx(other)
        other._action_cancel()
        with self.assertRaisesRegex(ValidationError, "cancelled"):
            self.make_tx(other)

    def test_who_tries_payments_without_end_is_stopped(self):
        order = self.as_customer(self.start())
        with self.assertRaisesRegex(ValidationError, "too often"):
            for number in range(100):
                tx = self.make_tx(order.sudo()).with_user(self.anna).sudo()
                tx.sale_order_ids = False
                tx.copy({"reference": f"again {number}", "sale_order_ids": [(6, 0, order.ids)]}).unlink()

    def test_no_promotion_goes_with_a_top_up(self):
        self.make_card(points=500)
        self.env["loyalty.program"].create(
            {
                "name": "Ten percent",
                "program_type": "promotion",
                "trigger": "auto",
                "applies_on": "current",
                "rule_ids": [(0, 0, {"reward_point_mode": "order"})],
                "reward_ids": [(0, 0, {"discount": 10})],
            }
        )
        order = self.start(card=self.card_of())
        order._update_programs_and_rewards()
        self.assertFalse(order._get_claimable_rewards())
        self.assertIn("error", order._try_apply_code(self.card_of().code))
        self.assertIn("error", order._apply_program_reward(self.program.reward_ids, self.card_of()))
        order.action_open_reward_wizard()
        self.settle(self.make_tx(order))
        self.assertEqual(order.amount_total, 50)
        self.assertEqual(self.card_of().points, 550)

    def test_where_the_invoice_fails_the_credit_stands(self):
        order = self.start()
        self.env["account.journal"].search([("type", "=", "sale"), ("company_id", "=", self.company.id)]).active = False
        self.settle(self.make_tx(order))
        self.assertEqual(self.card_of().points, 50)
        self.assertEqual(order.activity_ids.summary, "The invoice could not be made")

    # Top-ups nobody pays

    def age(self, order, hours=25):
        self.env.flush_all()
        date = fields.Datetime.now() - timedelta(hours=hours)
        self.env.cr.execute("UPDATE sale_order SET create_date = %s WHERE id = %s", [date, order.id])
        self.env.cr.execute(
            "UPDATE payment_transaction SET create_date = %s WHERE id IN %s",
            [date, tuple(order.transaction_ids.ids) or (0,)],
        )
        self.env.invalidate_all()

    def test_what_nobody_pays_is_cancelled_after_a_day(self):
        self.allow_capture()
        orders = {}
        for state in ("young", "open", "draft", "cancel", "error", "pending", "authorized"):
            orders[state] = self.start(program=self.make_program())
            if state not in ("young", "open"):
                tx = self.make_tx(orders[state])
                if state != "draft":
                    self.settle(tx, state)
            if state != "young":
                self.age(orders[state])
        shop = self.sell()
        self.age(shop)
        self.env["sale.order"]._cron_abandon_topups()
        cancelled = {state for state, order in orders.items() if order.state == "cancel"}
        self.assertEqual(cancelled, {"open", "draft", "cancel", "error"})
        self.assertNotEqual(shop.state, "cancel")

    def test_a_top_up_that_is_being_paid_is_not_deleted(self):
        order = self.start()
        self.make_tx(order)
        with self.assertRaisesRegex(UserError, "can't be deleted"):
            order.sudo().unlink()

    def test_one_payment_is_for_one_top_up(self):
        first, second = self.start(), self.start(program=self.make_program())
        with self.assertRaisesRegex(ValidationError, "alone"):
            self._create_transaction(
                "redirect", amount=50, reference="both", sale_order_ids=[(6, 0, (first | second).ids)]
            )

    def call(self, record, method):
        """:return str: what a call is answered with, if it is an error"""
        try:
            with self.env.cr.savepoint():
                getattr(record, method)()
        except UserError as error:
            return str(error)
        return ""

    def test_customers_confirm_and_cancel_nothing_over_rpc(self):
        paid, open_order = self.top_up(), self.start(program=self.make_program())
        other = self.sell()
        for user in (self.anna, self.sibling, self.ben, self.env.ref("base.public_user")):
            for order in (paid, open_order, other):
                for method in ("action_confirm", "action_cancel", "action_draft", "action_quotation_sent", "unlink"):
                    before = order.state
                    with self.subTest(user=user.sudo().login, method=method):
                        message = self.call(self.as_customer(order, user), method)
                        self.assertEqual(order.state, before)
                        self.assertEqual(order.exists(), order)
                        if user not in (self.anna | self.sibling):
                            self.assertNotIn(order.name, message)
        self.assertEqual(self.card_of().points, 50)

    @mute_logger(
        "odoo.addons.portal_access_ext_sale_loyalty.models.sale_order_topup", "odoo.addons.base.models.ir_qweb"
    )
    def test_a_mail_that_cannot_be_made_undoes_no_payment(self):
        template = self.env.ref("sale.mail_template_sale_confirmation").sudo()
        template.body_html = '<t t-out="object.no_such_field"/>'
        self.top_up()
        self.assertEqual(self.card_of().points, 50)
