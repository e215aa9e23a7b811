import unittest

from odoo import Command
from odoo.tests import tagged

from .test_portal_home import PortalHomeCase

OUTCOMES = ("done", "pending", "cancel", "error")


class PaymentTourCase(PortalHomeCase):
    """A customer, Odoo's demo provider, and the company's card."""

    browser_size = "1366,768"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if "demo_simulated_state" not in cls.env["payment.token"]._fields or "account.move" not in cls.env:
            raise unittest.SkipTest("payment_demo and accounting are not both installed")
        cls.provider = cls.env.ref("payment.payment_provider_demo")
        cls.provider.write({"state": "test", "is_published": True, "allow_tokenization": True})
        cls.method = cls.provider.payment_method_ids[:1]
        cls.save_demo_card(cls, cls.anna.parent_id, "9999")
        cls.env.flush_all()

    def save_demo_card(self, partner, details, outcome="done"):
        return self.env["payment.token"].create(
            {
                "provider_id": self.provider.id,
                "payment_method_id": self.method.id,
                "partner_id": partner.id,
                "payment_details": details,
                "provider_ref": "tour",
                "demo_simulated_state": outcome,
            }
        )

    def start_payment_tour(self, path, tour):
        self.start_tour(path, tour, login=self.anna.user_ids.login, timeout=120)

    def check_methods(self):
        """After the walk, what is left is the company's and the one whose payment isn't settled."""
        tokens = self.env["payment.token"].with_context(active_test=False).search([("partner_id", "=", self.anna.id)])
        found = {token.payment_details: (token.active, token.portal_gone_reason) for token in tokens}
        self.assertEqual(found, {"4242": (False, "customer"), "1111": (True, False)})


@tagged("post_install", "-at_install")
class TestPaymentMethodTours(PaymentTourCase):
    """S14 and S15 in a real browser, by the labels."""

    def test_payment_methods_on_a_desktop(self):
        self.start_payment_tour("/my", "portal_access_payment_methods")
        self.check_methods()


@tagged("post_install", "-at_install", "portal_access_once")
class TestPaymentMethodPhoneTours(PaymentTourCase):
    """The same on a phone."""

    browser_size = "390,844"
    touch_enabled = True

    def test_payment_methods_on_a_phone(self):
        self.start_payment_tour("/my", "portal_access_payment_methods_phone")
        self.check_methods()


@tagged("post_install", "-at_install")
class TestPaymentTours(PaymentTourCase):
    """An invoice is paid, with each outcome."""

    def make_invoice(self):
        invoice = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.anna.id,
                "invoice_line_ids": [Command.create({"name": "Work", "price_unit": 480, "tax_ids": False})],
            }
        )
        invoice.action_post()
        return invoice

    def pay(self, tour, outcome):
        """Pay an invoice in the browser; return the transaction."""
        invoice = self.make_invoice()
        self.start_payment_tour(invoice.get_portal_url(), tour)
        self.env.invalidate_all()
        transaction = invoice.transaction_ids
        self.assertEqual(transaction.state, outcome)
        self.assertEqual(invoice.payment_state in ("paid", "in_payment"), outcome == "done")
        return transaction

    def saved_of(self, partner):
        return self.env["payment.token"].search([("partner_id", "=", partner.id)])

    def test_pay_with_each_outcome(self):
        for outcome in OUTCOMES:
            with self.subTest(outcome=outcome):
                self.pay(f"portal_access_pay_{outcome}", outcome)
                self.assertFalse(self.saved_of(self.anna))

    def test_pay_and_save_with_each_outcome(self):
        for outcome in OUTCOMES:
            with self.subTest(outcome=outcome):
                transaction = self.pay(f"portal_access_pay_{outcome}_and_save", outcome)
                # Odoo's demo provider saves whatever the outcome is.
                self.assertEqual(self.saved_of(self.anna), transaction.token_id)
                self.env.cr.execute("UPDATE payment_token SET active = FALSE WHERE id = %s", [transaction.token_id.id])
                self.env.invalidate_all()

    def test_pay_with_the_default_of_several_saved_methods_with_each_outcome(self):
        for outcome in OUTCOMES:
            with self.subTest(outcome=outcome):
                saved = self.save_demo_card(self.anna, "4242", outcome)
                self.save_demo_card(self.anna, "7777")
                self.anna.sudo().portal_default_token_id = saved
                transaction = self.pay(f"portal_access_pay_saved_{outcome}", outcome)
                self.assertEqual(transaction.token_id, saved)
                self.env.cr.execute("UPDATE payment_token SET active = FALSE WHERE partner_id = %s", [self.anna.id])
                self.env.invalidate_all()
