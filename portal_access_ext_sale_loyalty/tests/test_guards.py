from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import TopupCase


@tagged("post_install", "-at_install")
class TestGuards(TopupCase):
    """What else might confirm, credit or charge a top-up, and what becomes of those that nobody pays."""

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

    @mute_logger("odoo.addons.portal_access_ext_sale_loyalty.models.sale_order_topup")
    def test_one_that_cannot_be_cancelled_blocks_no_other(self):
        orders = self.env["sale.order"]
        for _number in range(4):
            orders |= self.start(program=self.make_program())
        for order in orders:
            self.age(order)
        refused = orders[0]
        cancel = self.registry["sale.order"]._action_cancel

        def refuse(records):
            if refused in records:
                raise RuntimeError("Refused by another module")
            return cancel(records)

        self.patch(self.registry["sale.order"], "_action_cancel", refuse)
        cron = self.env.ref("portal_access_ext_sale_loyalty.ir_cron_abandon_topups")
        triggers = self.env["ir.cron.trigger"]
        before = triggers.search_count([("cron_id", "=", cron.id)])
        self.env["sale.order"]._cron_abandon_topups(limit=2)
        self.assertEqual(orders.mapped("state"), ["draft", "cancel", "cancel", "draft"])
        self.assertEqual(triggers.search_count([("cron_id", "=", cron.id)]), before + 1, "the rest follows")
        self.env["sale.order"]._cron_abandon_topups(limit=2)
        self.assertEqual(orders.mapped("state"), ["draft", "cancel", "cancel", "cancel"])
        self.assertEqual(triggers.search_count([("cron_id", "=", cron.id)]), before + 1)

    def test_the_currency_of_a_program_stays_while_somebody_pays(self):
        order, tx = (order := self.start()), self.make_tx(order)
        other = self.currency_euro if self.currency != self.currency_euro else self.currency_usd
        with self.assertRaisesRegex(ValidationError, "paying top-ups"):
            self.program.currency_id = other
        order._portal_topup_abandon()
        self.program.currency_id = other
        self.settle(tx)
        self.assertFalse(self.card_of())
        self.assertEqual(order.activity_ids.summary, "The eWallet was not credited")

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
        "odoo.addons.portal_access_ext_sale_loyalty.models.sale_order_topup_notice", "odoo.addons.base.models.ir_qweb"
    )
    def test_a_mail_that_cannot_be_made_undoes_no_payment(self):
        template = self.env.ref("sale.mail_template_sale_confirmation").sudo()
        template.body_html = '<t t-out="object.no_such_field"/>'
        self.top_up()
        self.assertEqual(self.card_of().points, 50)
