from odoo.exceptions import ValidationError
from odoo.tests import tagged

from .common_routes import NO_IDS, PaymentRouteCase


@tagged("post_install", "-at_install")
class TestPaymentRequests(PaymentRouteCase):
    """What is accepted of what a browser sends."""

    def test_amounts_are_checked_before_anything_is_made(self):
        self.sign_in_as("customer")
        self.pay(self.invoice, 30, "pending")
        for amount in (0, -1, -100, 70.01, 100, 1e308, 12.345, "50", "", None, True, [50], {"a": 1}, 10**400):
            with self.subTest(amount=amount):
                self.assert_refused(self.request_payment(self.invoice.id, amount=amount))
        for amount in ("NaN", "Infinity", "-Infinity"):
            with self.subTest(amount=amount):
                self.assert_refused(self.request_payment(self.invoice.id, amount=float(amount)))
        self.assert_made(self.request_payment(self.invoice.id, amount=70), 70, self.invoice, self.anna)
        parameters = self.params()
        del parameters["amount"]
        self.assert_refused(self.call(f"/invoice/transaction/{self.invoice.id}", **parameters))

    def test_what_can_not_be_paid_is_not(self):
        self.sign_in_as("visitor")
        paid = self.make_invoice()
        self.book(self.pay(paid, 100))
        refund = self.make_invoice(move_type="out_refund")
        for invoice in (paid, self.draft, self.cancelled, refund, self.make_invoice(move_type="in_invoice")):
            with self.subTest(state=invoice.state, move_type=invoice.move_type):
                token = invoice._portal_ensure_token()
                self.assert_refused(self.request_payment(invoice.id, access_token=token), "nothing left to pay")

    def test_the_same_request_twice_can_not_overpay(self):
        self.sign_in_as("customer")
        token = self.env["payment.token"].create(
            {
                "provider_id": self.provider.id,
                "payment_method_id": self.method.id,
                "partner_id": self.anna.id,
                "provider_ref": "saved",
                "demo_simulated_state": "pending",
            }
        )
        for state in ("pending", "done"):
            token.demo_simulated_state = state
            invoice = self.make_invoice()
            values = {"flow": "token", "token_id": token.id, "amount": 60}
            answer, made = self.request_payment(invoice.id, **values)
            self.assertEqual(made.state, state)
            self.assert_refused(self.request_payment(invoice.id, **values), "40.00")
            self.assertEqual(invoice.transaction_ids, made)

    def test_other_arguments_are_refused_or_harmless(self):
        self.sign_in_as("customer")
        for name in ("partner_id", "currency_id", "custom_create_values", "invoice_ids", "portal_discount", "state"):
            with self.subTest(name=name):
                self.assert_refused(self.request_payment(self.invoice.id, **{name: 1}))
                several = {**self.params(), "invoice_ids": self.invoice.ids, name: 1}
                if name != "invoice_ids":
                    self.assert_refused(self.call("/my/invoices/transaction", **several))
        self.assert_refused(self.request_payment(self.invoice.id, is_validation=True))
        for landing_route in ("a\0b", "\ud800", None, 5, [], {}):
            with self.subTest(landing_route=landing_route):
                _answer, made = self.request_payment(self.invoice.id, landing_route=landing_route)
                self.assertEqual(made.landing_route, "/my/invoices")

    def test_only_ways_to_pay_that_are_offered(self):
        self.sign_in_as("customer")
        disabled = self.provider.copy({"name": "Disabled"})
        company = self.env["res.company"].create({"name": "Other"})
        foreign = self.provider.copy({"name": "Foreign", "company_id": company.id})
        foreign.write({"state": "test", "is_published": True})
        small = self.provider.copy({"name": "Small", "maximum_amount": 50})
        small.write({"state": "test", "is_published": True})
        hidden = self.provider.copy({"name": "Hidden"})
        hidden.write({"state": "test", "is_published": False})
        for provider_id in (disabled.id, foreign.id, small.id, hidden.id, *NO_IDS, str(self.provider.id)):
            with self.subTest(provider_id=provider_id):
                self.assert_refused(self.request_payment(self.invoice.id, provider_id=provider_id), "payment method")
        self.assertNotIn("error", self.request_payment(self.invoice.id, provider_id=small.id, amount=50)[0])
        other = self.env["payment.method"].search([("provider_ids", "not in", self.provider.ids)], limit=1)
        for method_id in (other.id, *NO_IDS):
            with self.subTest(method_id=method_id):
                self.assert_refused(self.request_payment(self.invoice.id, payment_method_id=method_id))
        for flow in (None, "", "other", 5, [], ["direct"]):
            with self.subTest(flow=flow):
                self.assert_refused(self.request_payment(self.invoice.id, flow=flow))
        for token_id in NO_IDS:
            with self.subTest(token_id=token_id):
                answer = self.request_payment(self.invoice.id, flow="token", token_id=token_id)
                # Here, or where it is asked whose it is; other addons decide which comes first.
                self.assert_refused(answer, "payment method can't be used", name=answer[0]["error"]["data"]["name"])
                self.assertIn(answer[0]["error"]["data"]["name"].rpartition(".")[2], ("AccessError", "ValidationError"))

    def test_a_saved_method_of_another_company_s_provider_is_refused(self):
        company = self.env["res.company"].create({"name": "Other"})
        foreign = self.provider.copy({"name": "Foreign", "company_id": company.id})
        foreign.write({"state": "test", "is_published": True})
        values = {"payment_method_id": self.method.id, "provider_ref": "saved", "demo_simulated_state": "done"}
        token = self.env["payment.token"].create({**values, "provider_id": foreign.id, "partner_id": self.anna.id})
        self.sign_in_as("customer")
        self.assert_refused(self.request_payment(self.invoice.id, flow="token", token_id=token.id), "payment method")

    def test_the_discount_is_decided_here(self):
        invoice = self.make_invoice(invoice_payment_term_id=self.early.id)
        self.sign_in_as("customer")
        for amount, discount in ((100, 0), (98, 2), (97, 0)):
            made = self.assert_made(self.request_payment(invoice.id, amount=amount), amount, invoice, self.anna)
            self.assertEqual(made.portal_discount, discount)

    def test_several_are_paid_together_in_part(self):
        invoices = self.make_invoice(days=30) + self.make_invoice(50, days=20) + self.make_invoice(30, days=10)
        self.sign_in_as("customer")
        ids = invoices.ids[::-1]
        made = self.assert_made(
            self.call("/my/invoices/transaction", invoice_ids=ids, **self.params(120)), 120, invoices, self.anna
        )
        self.assertEqual(made.reference, f"{invoices[0].name}-and-2-more")
        made._set_done()
        self.book(made)
        self.assertEqual(invoices.mapped("amount_residual"), [0, 30, 30])
        answer = self.call("/my/invoices/transaction", invoice_ids=ids, **self.params(60))
        self.assert_refused(answer, "nothing left to pay")  # of the first
        answer = self.call("/my/invoices/transaction", invoice_ids=ids[:2], **self.params(60.01))
        self.assert_refused(answer, "60.00")

    def test_nothing_rides_along_with_what_can_be_paid(self):
        """Odoo posts each draft of a payment that is done."""
        entry = self.env["account.payment"].create(
            {"amount": 500, "payment_type": "inbound", "partner_type": "customer", "partner_id": self.anna.id}
        )
        paid = self.make_invoice()
        self.book(self.pay(paid, 100))
        for other in (
            self.draft,
            self.cancelled,
            paid,
            self.make_invoice(move_type="out_refund"),
            self.make_invoice(move_type="in_invoice"),
            self.make_invoice(move_type="in_invoice", post=False),
            self.make_invoice(move_type="out_receipt"),
            entry.move_id,
        ):
            state = other.state
            with self.subTest(move_type=other.move_type, state=state):
                self.sign_in_as("accountant")
                for ids in ((self.invoice + other).ids, other.ids):
                    self.assert_refused(self.call("/my/invoices/transaction", invoice_ids=ids, **self.params(0.01)))
                self.assertEqual(other.state, state)
                with self.assertRaisesRegex(ValidationError, "nothing left to pay"):
                    (self.invoice + other)._portal_payment_check(0.01)

    def test_where_invoices_are_not_paid_online(self):
        self.env["ir.config_parameter"].set_param("account_payment.enable_portal_payment", "False")
        self.sign_in_as("customer")
        self.assert_refused(self.request_payment(self.invoice.id), "can't be paid online")
        answer = self.call("/my/invoices/transaction", invoice_ids=self.invoice.ids, **self.params())
        self.assert_refused(answer, "can't be paid online")

    def test_several_that_do_not_belong_together(self):
        francs = self.make_invoice(currency_id=self.make_currency().id)
        self.sign_in_as("customer")
        ids = (self.invoice + francs).ids
        answer = self.call("/my/invoices/transaction", invoice_ids=ids, **self.params(200))
        self.assert_refused(answer, "different currencies")
        self.sign_in_as("accountant")
        ids = (self.invoice + self.foreign).ids
        answer = self.call("/my/invoices/transaction", invoice_ids=ids, **self.params(200))
        self.assert_refused(answer, "different customers")
