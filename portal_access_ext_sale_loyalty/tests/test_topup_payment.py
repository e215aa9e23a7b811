from odoo.tests import HttpCase, JsonRpcException, tagged
from odoo.tools import mute_logger

from .common import TopupCase


@tagged("post_install", "-at_install")
class TestTopupPayment(TopupCase, HttpCase):
    """Odoo's own address for paying orders, with whatever a browser may send."""

    def sign_in(self, user):
        login = user and user.sudo().login
        self.authenticate(login, login and login.ljust(8, "x"))

    def pay(self, order, amount, token=None, **values):
        params = {
            "access_token": order._portal_ensure_token() if token is None else token,
            "provider_id": self.provider.id,
            "payment_method_id": self.payment_method_id,
            "token_id": None,
            "amount": amount,
            "flow": "redirect",
            "tokenization_requested": False,
            "landing_route": "/my",
            **values,
        }
        return self.make_jsonrpc_request(f"/my/orders/{order.id}/transaction", params)

    def refuse(self, order, amount, error, **values):
        before = len(order.sudo().transaction_ids)
        with mute_logger("odoo.http"), self.assertRaises(JsonRpcException) as caught:
            self.pay(order, amount, **values)
        self.assertIn(error, str(caught.exception))
        self.env.invalidate_all()
        self.assertEqual(len(order.sudo().transaction_ids), before)

    def test_only_the_amount_of_the_top_up_is_taken(self):
        order = self.start()
        self.sign_in(self.anna)
        for amount in (0, -50, 0.01, 49.99, 50.01, 1e308, -1e308, 10**400):
            with self.subTest(amount=amount):
                self.refuse(order, amount, "ValidationError")
        for amount in (float("nan"), float("inf"), True, None, "50", "", [50], {}):
            with self.subTest(amount=amount):
                self.refuse(order, amount, "ValidationError")
        self.refuse(order, 50, "ValidationError", is_validation=True)
        self.pay(order, 50)
        self.assertEqual(order.sudo().transaction_ids.amount, 50)

    def test_only_who_may_see_the_order_pays_it(self):
        order = self.start()
        for user in (None, self.ben):
            self.sign_in(user)
            self.refuse(order, 50, "ValidationError", token="nonsense")
        self.pay(order, 50)  # with the link, as any order
        self.settle(order.sudo().transaction_ids)
        self.assertEqual(self.card_of().points, 50, "whoever pays, it is the customer's")
        self.assertFalse(self.card_of(self.ben.partner_id))

    def test_what_is_paid_or_cancelled_is_not_paid_again(self):
        paid = self.top_up()
        cancelled = self.start(program=self.make_program())
        cancelled._action_cancel()
        self.sign_in(self.anna)
        for order in (paid, cancelled):
            self.refuse(order, 50, "ValidationError")
