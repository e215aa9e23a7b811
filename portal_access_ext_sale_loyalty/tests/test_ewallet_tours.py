import unittest

from odoo.tests import tagged

from .ewallet_pages import EwalletPageCase


class EwalletTourCase(EwalletPageCase):
    """A customer with an eWallet, Odoo's demo provider, and wire transfers."""

    browser_size = "1366,768"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if "demo_simulated_state" not in cls.env["payment.token"]._fields:
            raise unittest.SkipTest("payment_demo is not installed")
        cls.provider = cls.env.ref("payment.payment_provider_demo")
        cls.provider.write({"state": "test", "is_published": True, "allow_tokenization": True})
        cls.card = cls.make_card(cls.anna, 5)
        cls.env.flush_all()

    def start_ewallet_tour(self, name, partner=None):
        """Let a customer walk; return the order of the payment."""
        partner = partner or self.anna
        before = self.topups_of(partner)
        self.start_tour("/my", f"portal_ewallet_{name}", login=partner.user_ids.login, timeout=120)
        self.env.invalidate_all()
        return self.topups_of(partner) - before

    def check(self, order, state, points):
        """The accounting, and what is on the card."""
        self.assertEqual(len(order), 1)
        self.assertEqual(order._portal_topup_get_state(), state)
        self.assertEqual(self.card.points, points)
        if state == "done":
            invoice = order.invoice_ids
            self.assertEqual(invoice.amount_total, order.amount_total)
            self.assertIn(invoice.payment_state, ("paid", "in_payment"))


@tagged("post_install", "-at_install")
class TestEwalletTours(EwalletTourCase):
    """S18 in a real browser, by the labels."""

    def test_add_funds_with_each_outcome(self):
        for outcome, state in (("error", "failed"), ("cancel", "failed"), ("pending", "pending"), ("done", "done")):
            with self.subTest(outcome=outcome):
                self.topups_of(self.anna)._action_cancel()
                self.check(self.start_ewallet_tour(outcome), state, 30 if outcome == "done" else 5)

    def test_try_again(self):
        order = self.start_ewallet_tour("again")
        self.check(order, "done", 30)
        self.assertEqual(order.transaction_ids.sorted("id").mapped("state"), ["error", "done"])

    def test_add_funds_with_a_saved_method(self):
        self.env["payment.token"].create(
            {
                "provider_id": self.provider.id,
                "payment_method_id": self.provider.payment_method_ids[:1].id,
                "partner_id": self.anna.id,
                "payment_details": "4242",
                "provider_ref": "tour",
                "demo_simulated_state": "done",
            }
        )
        self.check(self.start_ewallet_tour("saved"), "done", 30)

    def test_add_another_amount(self):
        self.allow_any_amount(10, 2000)
        self.check(self.start_ewallet_tour("amount"), "done", 1038.5)

    def test_add_funds_by_wire_transfer(self):
        transfer = self.env.ref("payment.payment_provider_transfer")
        if transfer.code != "custom":
            self.skipTest("payment_custom is not installed")
        transfer.write({"state": "enabled", "is_published": True})
        transfer.pending_msg = "<p>Please use wire transfer to this account</p>"
        self.check(self.start_ewallet_tour("wire"), "pending", 5)

    def test_another_customer_sees_nothing_of_it_and_opens_a_wallet(self):
        order = self.start_ewallet_tour("first", self.ben)
        card = order.portal_topup_card_id
        self.assertEqual((card.partner_id, card.points), (self.ben, 25))
        self.assertEqual(self.card.points, 5)


@tagged("post_install", "-at_install")
class TestEwalletPhoneTours(EwalletTourCase):
    """The same on a phone."""

    browser_size = "390,844"
    touch_enabled = True

    def test_add_funds_on_a_phone(self):
        self.check(self.start_ewallet_tour("done"), "done", 30)
