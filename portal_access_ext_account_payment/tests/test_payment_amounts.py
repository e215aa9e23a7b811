from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from .common import InvoicePaymentCase

NO_AMOUNTS = (0, 0.0, -1, -0.01, float("nan"), float("inf"), float("-inf"), True, False, None, "50", "", [50], {"a": 1})


@tagged("post_install", "-at_install")
class TestPaymentRules(InvoicePaymentCase):
    """What is accepted, whatever is sent."""

    def refuses(self, invoices, amount, message="", **kwargs):
        with self.assertRaisesRegex(ValidationError, message):
            invoices._portal_payment_check(amount, **kwargs)

    def test_amounts_up_to_what_is_open_are_accepted(self):
        invoice = self.make_invoice()
        for amount in (0.01, 1, 33.33, 99.99, 100, 100.0):
            self.assertEqual(invoice._portal_payment_check(amount), amount)

    def test_what_is_no_amount_is_refused(self):
        invoice = self.make_invoice()
        for amount in NO_AMOUNTS:
            with self.subTest(amount=amount):
                self.refuses(invoice, amount, "greater than zero")
        self.refuses(invoice, 10**400, "greater than zero")

    def test_more_than_is_open_is_refused(self):
        invoice = self.make_invoice()
        for amount in (100.01, 101, 1e12, 1e308):
            with self.subTest(amount=amount):
                self.refuses(invoice, amount, "more than can still be paid: .*100.00")

    def test_decimals_that_the_currency_does_not_have_are_refused(self):
        self.refuses(self.make_invoice(), 10.005, "decimals")
        self.refuses(self.make_invoice(), 1e-9, "decimals")
        yen = self.make_currency("JPY", 100)
        invoice = self.make_invoice(1000, currency_id=yen.id)
        self.assertEqual(invoice._portal_payment_check(999), 999)
        self.refuses(invoice, 999.5, "decimals")

    def test_floats_that_are_not_exact_are_the_amount_they_stand_for(self):
        invoice = self.make_invoice(1111.11)
        self.assertEqual(invoice._portal_payment_check(0.1 + 0.2), 0.3)
        self.assertEqual(invoice._portal_payment_check(1111.1100000000001), 1111.11)

    def test_the_company_can_ask_for_a_minimum_amount(self):
        self.company.portal_partial_minimum_amount = 20
        invoice = self.make_invoice(invoice_payment_term_id=self.instalments.id)
        self.assertEqual(self.choices_of(invoice)["other"]["minimum"], 20)
        self.refuses(invoice, 19.99, "at least .*20.00, and at most .*100.00")
        self.assertEqual(invoice._portal_payment_check(20), 20)

    def test_the_minimum_is_converted(self):
        self.company.portal_partial_minimum_amount = 20
        invoice = self.make_invoice(100, currency_id=self.make_currency(rate=2).id)
        self.assertEqual(self.choices_of(invoice)["other"]["minimum"], 40)
        self.refuses(invoice, 39.99)

    def test_the_company_can_ask_for_a_minimum_share(self):
        self.company.write({"portal_partial_minimum_type": "share", "portal_partial_minimum_share": 25})
        invoice = self.make_invoice(200)
        self.assertEqual(self.choices_of(invoice)["other"]["minimum"], 50)
        self.refuses(invoice, 49.99)
        self.book(self.pay(invoice, 100))
        self.assertEqual(self.choices_of(invoice)["other"]["minimum"], 50, "of the whole invoice")

    def test_less_than_the_minimum_can_be_paid_if_it_is_all_that_is_open(self):
        self.company.portal_partial_minimum_amount = 20
        invoice = self.make_invoice(15)
        self.assertEqual(set(self.choices_of(invoice)), {"full"})
        self.assertEqual(invoice._portal_payment_check(15), 15)
        self.refuses(invoice, 14, "full amount of .*15.00")

    def test_an_instalment_below_the_minimum_can_be_paid(self):
        self.company.portal_partial_minimum_amount = 50
        invoice = self.make_invoice(invoice_payment_term_id=self.instalments.id)
        self.assertEqual(invoice._portal_payment_check(30), 30)
        self.refuses(invoice, 29.99)

    def test_the_company_can_allow_no_other_amounts(self):
        self.company.portal_partial_payment = "none"
        invoice = self.make_invoice(invoice_payment_term_id=self.instalments.id)
        self.assertEqual(set(self.choices_of(invoice)), {"full", "next"})
        for amount in (30, 60, 100):
            self.assertEqual(invoice._portal_payment_check(amount), amount)
        for amount in (0.01, 29.99, 40, 70, 99.99):
            self.refuses(invoice, amount, "full amount of .*100.00 or an instalment")

    def test_the_company_can_allow_them_to_some_customers(self):
        self.company.portal_partial_payment = "flagged"
        invoice = self.make_invoice()
        self.assertEqual(set(self.choices_of(invoice)), {"full"})
        self.refuses(invoice, 50, "full amount")
        self.anna.portal_partial_payment = True
        self.refuses(invoice, 50, "full amount")  # the mark of the customer's company counts
        self.anna.parent_id.portal_partial_payment = True
        self.assertEqual(invoice._portal_payment_check(50), 50)

    def test_what_the_company_offers_is_accepted_up_to_what_is_open(self):
        self.company.portal_partial_payment = "none"
        invoice = self.make_invoice()
        self.assertEqual(invoice._portal_payment_check(40, offered=40.0), 40)
        self.refuses(invoice, 41, offered=40.0)
        self.book(self.pay(invoice, 70))
        self.refuses(invoice, 40, "more than can still be paid: .*30.00", offered=40.0)

    def test_an_offer_is_for_its_invoice_and_its_amount(self):
        invoice, other = self.make_invoice(), self.make_invoice()
        signature = invoice._portal_payment_sign_offer(40)
        self.assertEqual(invoice._portal_payment_read_offer("40.0", signature), 40)
        for amount in ("40.01", "", None, "nan", "inf", "1e400", "forty", "-40", "4" * 5000):
            self.assertIsNone(invoice._portal_payment_read_offer(amount, signature))
        for forged in (None, "", "x", "é", signature[:-1], 5):
            self.assertIsNone(invoice._portal_payment_read_offer("40.0", forged))
        self.assertIsNone(other._portal_payment_read_offer("40.0", signature))

    def test_early_payment_discount_is_offered_with_the_full_amount(self):
        invoice = self.make_invoice(invoice_payment_term_id=self.early.id)
        choice = self.choices_of(invoice)["full"]
        self.assertEqual((choice["amount"], choice["discount"]), (98, 2))
        self.assertEqual(choice["discount_date"], self.today + timedelta(days=10))
        self.company.portal_partial_payment = "none"
        for amount in (98, 100):
            self.assertEqual(invoice._portal_payment_check(amount), amount)
        self.refuses(invoice, 97)
        self.assertEqual(invoice._portal_payment_get_discount_of(98), 2)
        self.assertEqual(invoice._portal_payment_get_discount_of(100), 0)
        self.assertEqual(invoice._portal_payment_get_discount_of(50), 0)

    def test_no_discount_is_offered_too_late_or_on_a_rest_or_for_several(self):
        late = self.make_invoice(days=11, invoice_payment_term_id=self.early.id)
        last = self.make_invoice(days=10, invoice_payment_term_id=self.early.id)
        begun = self.make_invoice(invoice_payment_term_id=self.early.id)
        waiting = self.make_invoice(invoice_payment_term_id=self.early.id)
        self.book(self.pay(begun, 10))
        self.pay(waiting, 10, "pending")
        self.assertEqual(self.choices_of(last)["full"]["discount"], 2)
        for invoices in (late, begun, waiting, late + last):
            self.assertEqual(self.choices_of(invoices)["full"]["discount"], 0)
        self.assertEqual(self.choices_of(waiting)["full"]["amount"], 90)

    def test_amounts_at_random(self):
        self.company.portal_partial_minimum_amount = 5
        invoice = self.make_invoice(days=40, invoice_payment_term_id=self.instalments.id)
        numbers = st.floats() | st.integers() | st.decimals(-10, 200, places=3).map(float)
        others = st.none() | st.booleans() | st.text() | st.lists(st.integers(), max_size=2) | st.binary()

        @settings(max_examples=300, deadline=None)
        @given(numbers | others)
        def check(amount):
            try:
                accepted = invoice._portal_payment_check(amount)
            except ValidationError:
                return
            self.assertTrue(5 <= accepted <= 100)
            self.assertAlmostEqual(accepted, amount, 4)
            self.assertEqual(accepted, round(accepted, 2))

        check()

    def test_texts_at_random(self):
        invoice = self.make_invoice()

        @settings(max_examples=300, deadline=None)
        @given(st.text(max_size=25) | st.text("0123456789., -+e$'", max_size=12) | st.none() | st.integers())
        def check(typed):
            try:
                amount = invoice._portal_payment_get_amount("other", typed)
            except UserError:
                return
            self.assertTrue(0 < amount <= 100)

        check()

    def test_it_costs_no_query_per_invoice(self):
        counts = []
        for number in (2, 20):
            invoices = self.env["account.move"].union(*(self.make_invoice() for _index in range(number)))
            self.pay(invoices[0], 10, "pending")
            self.pay(invoices[:2], 20, "pending")
            self.env.flush_all()
            for method in (
                invoices._portal_payment_get_open_amounts,
                invoices._portal_payment_get_choices,
                lambda records=invoices: records._portal_payment_check(50),
            ):
                self.env.invalidate_all()
                with self.count_queries(counts):
                    method()
        self.assertLessEqual(counts[3:], counts[:3])
        self.assertLessEqual(max(counts), 30)

    def test_negative_lines_and_cash_rounding_leave_the_exact_amount(self):
        rounding = self.env["account.cash.rounding"].create(
            {
                "name": "5 cents",
                "rounding": 0.05,
                "strategy": "biggest_tax",
                "rounding_method": "HALF-UP",
            }
        )
        line = {"name": "Discount", "price_unit": -0.98, "tax_ids": False, "account_id": self.revenue.id}
        invoice = self.make_invoice(99.99, post=False, taxes=self.make_tax(7.7), invoice_cash_rounding_id=rounding.id)
        invoice.invoice_line_ids = [Command.create(line)]
        invoice.action_post()
        self.assertEqual(round(invoice.amount_total * 100) % 5, 0)
        self.assertEqual(self.open_of(invoice), invoice.amount_total)
        self.book(self.pay(invoice, invoice._portal_payment_check(invoice.amount_total)))
        self.assertEqual(invoice.amount_residual, 0)
