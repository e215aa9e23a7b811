from odoo.tests import tagged

from .pages import InvoicePageCase


@tagged("post_install", "-at_install")
class TestInvoiceHistory(InvoicePageCase):
    """An invoice's page: what has been paid, and what is left."""

    def assert_page_says(self, invoice, *words):
        text = self.words_of(self.open_invoice(invoice))
        for each in words:
            self.assertIn(each, text)
        return text

    def test_payments_are_listed_with_their_state_and_what_is_left(self):
        invoice = self.make_invoice(100, days=-7)
        self.assertNotIn("o_portal_invoice_payments", self.open_invoice(invoice))
        self.pay(invoice, 30)
        self.pay(invoice, 20, "pending")
        self.pay(invoice, 10, "authorized")
        self.pay(invoice, 5, "cancel")
        name = self.method.name
        text = self.assert_page_says(
            invoice,
            f"{name} Paid Paid $ 30.00",
            f"{name} Being processed Being processed $ 20.00",
            f"{name} Authorized Authorized $ 10.00",
            "Not finished yet: $ 30.00",
            "Still to pay: $ 40.00 Due on",
        )
        self.assertNotIn("$ 5.00", text)

    def test_what_has_arrived_and_is_not_booked_yet_is_listed_too(self):
        invoice = self.make_invoice(100)
        self.pay(invoice, 40, is_booked=False)
        self.assert_page_says(invoice, "Received Received $ 40.00", "Still to pay: $ 60.00")

    def test_an_announced_transfer_is_listed_and_everything_is_still_to_pay(self):
        invoice = self.make_invoice(100)
        wire = self.env.ref("payment.payment_provider_transfer")
        wire.state = "enabled"
        self.pay(invoice, 60, "pending", provider_id=wire.id)
        self.assert_page_says(invoice, "Waiting for your transfer $ 60.00", "Still to pay: $ 100.00")

    def test_a_paid_invoice_says_so(self):
        invoice = self.make_invoice(100)
        self.pay(invoice, 100)
        text = self.assert_page_says(invoice, "Nothing is left to pay.")
        self.assertNotIn("Still to pay", text)

    def test_what_is_overdue_is_said(self):
        invoice = self.make_invoice(1000, days=45, invoice_payment_term_id=self.instalments.id)
        self.pay(invoice, 100)
        self.assert_page_says(invoice, "Still to pay: $ 900.00 Of this is overdue: $ 500.00 Overdue since")
        late = self.make_invoice(100, days=45)
        self.pay(late, 10)
        self.assert_page_says(late, "Still to pay: $ 90.00 Overdue since")

    def test_the_day_beside_the_amount_is_the_one_it_is_overdue_since(self):
        invoice = self.make_invoice(1000, days=45, invoice_payment_term_id=self.instalments.id)
        first, last = (f'datetime="{date}"' for date in self.due_days(invoice))
        self.assertIn(first, self.open_invoice(invoice))
        self.pay(invoice, 600)
        page = self.open_invoice(invoice)
        self.assertNotIn(first, page)
        self.assertIn(last, page)

    def due_days(self, invoice):
        """:return tuple: when the first and the last instalment are due"""
        days = invoice.line_ids.filtered("date_maturity").mapped("date_maturity")
        return min(days), max(days)

    def test_what_one_payment_for_several_paid_of_this_one_is_said(self):
        old, new = self.make_invoice(100, days=20), self.make_invoice(100, days=10)
        self.pay(old | new, 150)
        self.assert_page_says(new, "Part of a payment of $ 150.00 Paid Paid $ 50.00", "Still to pay: $ 50.00")
        self.pay(new, 30, "pending", invoice_ids=[(6, 0, (old | new).ids)])
        self.assert_page_says(new, "For 2 invoices together")

    def test_a_credit_note_is_a_payment_too(self):
        invoice = self.make_invoice(100)
        refund = invoice._reverse_moves([{"invoice_date": self.today}])
        refund.invoice_line_ids.price_unit = 30
        refund.action_post()
        self.assert_page_says(invoice, f"Credit note {refund.name} Paid", "$ 30.00", "Still to pay: $ 70.00")

    def test_what_arrived_too_much_is_a_credit_that_only_the_customer_sees(self):
        invoice = self.make_invoice(100)
        token = invoice._portal_ensure_token()
        self.pay(invoice, 130)
        self.assert_page_says(invoice, "Part of a payment of $ 130.00", "Credit on your account: $ 30.00")
        self.logout()
        page = self.fetch(f"/my/invoices/{invoice.id}", access_token=token)
        self.assertIn("Part of a larger payment", page)
        self.assertNotIn("130.00", page)
        self.assertNotIn("Credit on your account", page)
        login = self.ben.user_ids.login
        page = self.open(f"/my/invoices/{invoice.id}", login=login, access_token=token)
        self.assertNotIn("Credit on your account", page)

    def test_one_payment_of_several_instalments_is_one(self):
        invoice = self.make_invoice(1000, invoice_payment_term_id=self.instalments.id)
        self.pay(invoice, 700)
        text = self.assert_page_says(invoice, f"{self.method.name} Paid Paid $ 700.00")
        self.assertNotIn("Part of", text)

    def test_who_has_only_the_link_is_not_told_what_else_a_payment_is_for(self):
        both = self.make_invoice(100) | self.make_invoice(100)
        self.pay(both, 180, "pending")
        token = both[0]._portal_ensure_token()
        self.env.flush_all()
        text = self.words_of(self.fetch(f"/my/invoices/{both[0].id}", access_token=token))
        self.assertIn("For 2 invoices together Being processed Being processed", text)
        self.assertNotIn("180.00", text)

    def test_what_is_refunded_before_it_is_booked_is_not_added(self):
        invoice = self.make_invoice(100)
        transaction = self.pay(invoice, 100, is_booked=False)
        transaction._create_child_transaction(40, is_refund=True)._set_done()
        text = self.assert_page_says(invoice, "Received Received $ 100.00")
        self.assertNotIn("140.00", text)

    # Paid outside of the portal

    def announce(self, invoices, amount):
        wire = self.env.ref("payment.payment_provider_transfer")
        wire.state = "enabled"
        return self.pay(invoices, amount, "pending", provider_id=wire.id)

    def register(self, invoices, amount, **values):
        """Let the company register a payment that its bank tells of."""
        wizard = self.env["account.payment.register"].with_context(active_model="account.move", active_ids=invoices.ids)
        payment = wizard.create({"amount": amount, "group_payment": True, **values})._create_payments()
        self.env.flush_all()
        self.env.invalidate_all()
        return payment

    def test_a_transfer_that_has_arrived_is_not_waited_for(self):
        invoice = self.make_invoice(100)
        self.announce(invoice, 60)
        self.assertIn("o_account_payment_tx_status", self.open_invoice(invoice))
        self.register(invoice, 60)
        text = self.assert_page_says(invoice, "Paid Paid $ 60.00", "Still to pay: $ 40.00")
        self.assertNotIn("Waiting for your transfer", text)
        self.assertNotIn("o_account_payment_tx_status", self.open_invoice(invoice))
        self.announce(invoice, 40)
        self.assert_page_says(invoice, "Waiting for your transfer $ 40.00")
        self.assertIn("o_account_payment_tx_status", self.open_invoice(invoice))
        self.register(invoice, 30)
        self.assert_page_says(invoice, "Waiting for your transfer $ 40.00", "Still to pay: $ 10.00")
        self.register(invoice, 10)
        text = self.assert_page_says(invoice, "Nothing is left to pay.")
        self.assertNotIn("Waiting for your transfer", text)
        self.assertNotIn("o_account_payment_tx_status", self.open_invoice(invoice))

    def test_a_transfer_for_several_invoices_has_arrived_for_each(self):
        both = self.make_invoice(100, days=9) | self.make_invoice(100)
        self.announce(both, 150)
        self.register(both, 150)
        text = self.assert_page_says(both[1], "Part of a payment of $ 150.00", "Still to pay: $ 50.00")
        self.assertNotIn("Waiting for your transfer", text)

    def test_what_was_paid_before_or_by_card_is_not_the_transfer(self):
        invoice = self.make_invoice(100)
        payment = self.register(invoice, 40)
        self.env.cr.execute("UPDATE account_move SET create_date = '2020-01-01' WHERE id = %s", [payment.move_id.id])
        self.announce(invoice, 30)
        self.pay(invoice, 30)
        self.assert_page_says(invoice, "Waiting for your transfer $ 30.00", "Still to pay: $ 30.00")

    def test_a_deduction_is_called_a_discount_only_if_it_is_one(self):
        invoice = self.make_invoice(100)
        values = {"payment_difference_handling": "reconcile", "writeoff_account_id": self.revenue.id}
        self.register(invoice, 95, **values)
        text = self.assert_page_says(invoice, "Includes a deduction of $ 5.00 Paid Paid $ 100.00")
        self.assertNotIn("early payment discount", text)
        online, by_bank = (self.make_invoice(100, invoice_payment_term_id=self.early.id) for _number in range(2))
        self.pay(online, 98, portal_discount=2)
        self.register(by_bank, 98)
        for invoice in (online, by_bank):
            self.assert_page_says(invoice, "Includes an early payment discount of $ 2.00 Paid Paid $ 100.00")

    def test_a_page_costs_no_more_for_an_invoice_that_was_paid_often(self):
        invoice = self.make_invoice(1000)
        for _number in range(2):
            self.pay(invoice, 10)
            self.pay(invoice, 10, "pending")
        self.open_invoice(invoice)
        few = self.measure(lambda: self.open_invoice(invoice))
        for _number in range(8):
            self.pay(invoice, 10)
            self.pay(invoice, 10, "pending")
        self.assertLessEqual(self.measure(lambda: self.open_invoice(invoice)), few + 1)

    def measure(self, work):
        counter = []
        for _attempt in range(3):
            with self.count_queries(counter):
                work()
        return min(counter)
