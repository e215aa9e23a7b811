from odoo.tests import tagged

from .common import TopupCase


@tagged("post_install", "-at_install")
class TestOtherOrders(TopupCase):
    """Carts and quotations with a top-up product: a payment online confirms them when it is captured in full."""

    def setUp(self):
        super().setUp()
        self.order = self.sell()
        self.order._update_programs_and_rewards()

    def test_a_payment_confirms_and_credits_as_in_stock(self):
        self.settle(self.make_tx(self.order))
        self.assertEqual(self.order.state, "sale")
        self.assertEqual(self.lines_of(self.card_of()), [("earned", 50, 50)])

    def test_an_authorized_payment_waits_for_its_capture(self):
        self.allow_capture()
        tx = self.make_tx(self.order)
        self.settle(tx, "authorized")
        self.assertNotEqual(self.order.state, "sale")
        self.assertEqual(sum(self.card_of().mapped("points")), 0)
        self.assertFalse(self.order._has_to_be_paid(), "not a second time")
        self.settle(tx)
        self.assertEqual(self.order.state, "sale")
        self.assertEqual(self.card_of().points, 50)

    def test_a_capture_in_part_does_not_confirm(self):
        self.allow_capture()
        tx = self.make_tx(self.order)
        self.settle(tx, "authorized")
        self.settle(tx._create_child_transaction(30))
        self.settle(tx._create_child_transaction(20), "cancel")
        tx._finalize_post_processing()
        self.assertNotEqual(self.order.state, "sale")

    def test_a_prepayment_does_not_confirm(self):
        self.order.prepayment_percent = 0.2
        self.assertEqual(self.order._get_prepayment_required_amount(), 50)
        self.settle(self.make_tx(self.order, 10))
        self.assertNotEqual(self.order.state, "sale")
        self.settle(self.make_tx(self.order, 40))
        self.assertEqual(self.order.state, "sale")
        self.assertEqual(self.card_of().points, 50)

    def test_signing_does_not_confirm_what_is_authorized_only(self):
        self.allow_capture()
        self.order.require_signature = True
        tx = self.make_tx(self.order)
        self.settle(tx, "authorized")
        self.as_customer(self.order).sudo().action_confirm()  # what the page does
        self.assertNotEqual(self.order.state, "sale")
        self.settle(tx)
        self.assertEqual(self.order.state, "sale")

    def test_saying_how_to_pay_does_not_confirm(self):
        self.order.require_payment = False
        self.as_customer(self.order).sudo().action_confirm()  # on delivery, on site
        self.assertNotEqual(self.order.state, "sale")

    def test_signing_does_not_confirm_what_nobody_pays(self):
        self.order.write({"require_payment": False, "require_signature": True})
        signed = self.as_customer(self.order).sudo()
        signed.action_confirm()
        messages = self.order.message_ids
        signed._send_order_confirmation_mail()
        self.assertNotEqual(self.order.state, "sale")
        self.assertEqual(self.order.message_ids, messages, "nobody is told that it is confirmed")
        self.order.with_user(self.salesman).action_confirm()
        self.assertEqual(self.card_of().points, 50)

    def test_a_salesperson_may_confirm_by_hand(self):
        self.order.with_user(self.salesman).action_confirm()
        self.assertEqual(self.card_of().points, 50)

    def test_other_orders_are_as_in_stock(self):
        self.allow_capture()
        thing = self.env["product.product"].create({"name": "Thing", "type": "service"})
        order = self.sell(thing)
        order.prepayment_percent = 0.5
        self.assertEqual(order._get_prepayment_required_amount(), 25)
        self.settle(self.make_tx(order, 25), "authorized")
        self.assertEqual(order.state, "sale")
        self.assertFalse(order.invoice_ids)
        empty = self.env["sale.order"].create({"partner_id": self.customer.id})
        self.assertTrue(empty._portal_topup_is_safe())
