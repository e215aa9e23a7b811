from datetime import timedelta

from odoo.tests import tagged

from odoo.addons.portal.controllers.portal import CustomerPortal

from .pages import InvoicePageCase

PAGE = "/my/invoices/pay"


@tagged("post_install", "-at_install")
class TestInvoicesPages(InvoicePageCase):
    """The list, the page on which several invoices are paid, and the dashboard."""

    def make_bill(self):
        bill = self.make_invoice(100, move_type="in_invoice", post=False)
        bill.action_post()
        bill.message_subscribe(self.anna.ids)
        return bill

    def measure(self, path, **query):
        """:return int: the queries of a page, but those that only some requests make"""
        counter = []
        for _attempt in range(4):
            with self.count_queries(counter):
                self.open(path, **query)
        return min(counter)

    # The list

    def get_boxes(self, page):
        return {int(part.partition('"')[0]) for part in page.split('form="o_portal_pay_selected" value="')[1:]}

    def test_what_can_be_paid_can_be_ticked(self):
        first, second, paid = (self.make_invoice(100) for _number in range(3))
        self.pay(paid, 100)
        bill = self.make_bill()
        page = self.open("/my/invoices")
        self.assertEqual(self.get_boxes(page), {first.id, second.id})
        self.assertIn(bill.name, page)

    def test_one_invoice_needs_no_tick(self):
        self.make_invoice(100)
        page = self.open("/my/invoices")
        self.assertEqual(self.get_boxes(page), set())
        self.assertNotIn("Pay selected", page)

    def test_what_is_overdue_is_named_and_can_be_filtered(self):
        late = self.make_invoice(100, days=3)
        late_part = self.make_invoice(100, days=3, invoice_payment_term_id=self.instalments.id)
        current, paid = self.make_invoice(100, days=-3), self.make_invoice(100, days=3)
        self.pay(paid, 100)
        self.assertEqual(self.open("/my/invoices").count('name="invoice_status_overdue"'), 2)
        for filterby, shown in (("overdue", late | late_part), ("to_pay", late | late_part | current)):
            page = self.open("/my/invoices", filterby=filterby)
            for invoice in late | late_part | current | paid:
                self.assertEqual(invoice.name in page, invoice in shown, (filterby, invoice.name))

    def test_a_filter_stays_on_the_second_page(self):
        self.patch(CustomerPortal, "_items_per_page", 1)
        for _number in range(2):
            self.make_invoice(100, days=3)
        page = self.open("/my/invoices", filterby="overdue")
        self.assertRegex(page, r"/my/invoices/page/2\?[^\"]*filterby=overdue")

    def test_many_invoices_cost_no_more_queries(self):
        for _number in range(2):
            self.make_invoice(100, days=3)
        few = self.measure("/my/invoices"), self.measure("/my")
        invoices = self.env["account.move"]
        for _number in range(20):
            invoices |= self.make_invoice(100, days=3)
        self.assertLessEqual(self.measure("/my/invoices"), few[0])
        self.assertLessEqual(self.measure("/my"), few[1])
        two = self.measure(PAGE, invoice_ids=invoices[:2].ids)
        self.assertLessEqual(self.measure(PAGE, invoice_ids=invoices.ids), two)

    # Several at once

    def open_pay(self, invoices, **query):
        return self.open(PAGE, invoice_ids=invoices.ids, **query)

    def test_several_are_listed_the_oldest_due_first_and_paid_together(self):
        new, old = self.make_invoice(100, days=-5), self.make_invoice(50, days=5)
        page = self.open_pay(new | old)
        self.assertLess(page.index(old.name), page.index(new.name))
        self.assertEqual(self.get_form_amount(page), 150)
        self.assertEqual(self.get_choices(page), ["full", "other"])
        self.assertIn(f'data-invoice-ids="[{old.id}, {new.id}]"', page)
        text = self.words_of(page)
        self.assertIn("Pay invoices", text)
        self.assertIn("Total $ 150.00", text)
        self.assertNotIn("Paid now", text)
        self.assertEqual(self.get_form_amount(self.open(PAGE, invoice_ids=f"{new.id},{old.id}")), 150)

    def test_another_amount_is_shown_spread_over_them(self):
        old, new = self.make_invoice(50, days=5), self.make_invoice(100, days=-5)
        page = self.open_pay(old | new, pay="other", amount="70")
        self.assertEqual(self.get_form_amount(page), 70)
        text = self.words_of(page)
        self.assertRegex(text, r"Overdue \$ 50.00 Paid now: \$ 50.00 \$ 50.00")
        self.assertRegex(text, r"\$ 100.00 Paid now: \$ 20.00 \$ 20.00")
        page = self.open_pay(old | new, pay="other", amount="150.01")
        self.assertEqual(self.get_shown(page), "")
        self.assertIn("o_portal_pay_error", page)

    def test_all_of_it_is_no_part_whatever_floats_say(self):
        page = self.open_pay(self.make_invoice(0.1) | self.make_invoice(0.2))
        self.assertEqual(self.get_form_amount(page), 0.3)
        self.assertNotIn("Paid now", self.words_of(page))

    def test_a_discount_that_one_of_them_has_alone_is_named(self):
        early = self.make_invoice(100, invoice_payment_term_id=self.early.id)
        page = self.open_pay(early | self.make_invoice(50))
        self.assertEqual(self.get_form_amount(page), 150)
        self.assertRegex(self.words_of(page), r"Pay it alone and save \$ 2.00 Last day for it: [\d/]+")
        self.assertEqual(self.words_of(page).count("Pay it alone"), 1)
        self.assertNotIn("Pay it alone", self.words_of(self.open_pay(early)))

    def test_many_discounts_cost_no_more_queries(self):
        invoices = self.env["account.move"]
        for _number in range(8):
            invoices |= self.make_invoice(100, invoice_payment_term_id=self.early.id)
        few = self.measure(PAGE, invoice_ids=invoices[:2].ids)
        self.assertLessEqual(self.measure(PAGE, invoice_ids=invoices.ids), few)

    def test_the_spread_is_what_odoo_reconciles(self):
        first = self.make_invoice(1000, days=20, invoice_payment_term_id=self.instalments.id)
        second = self.make_invoice(500, days=5)
        both = first | second
        parts = both._portal_payment_spread(750.0)
        self.assertEqual(parts, {first: 300.0, second: 450.0})
        self.pay(both, 750)
        self.assertEqual([first.amount_residual, second.amount_residual], [700.0, 50.0])

    def test_those_of_different_currencies_are_offered_group_by_group(self):
        dollars = self.make_invoice(100) | self.make_invoice(20)
        francs = self.make_invoice(50, currency_id=self.make_currency().id)
        page = self.open_pay(dollars | francs)
        self.assertNotIn('id="o_payment_form"', page)
        self.assertIn("can't be paid together", self.words_of(page))
        self.assertIn("$ 120.00", self.words_of(page))
        self.assertEqual(page.count("Pay these"), 2)
        self.assertIn(f"{PAGE}?invoice_ids={francs.id}", page)

    def test_those_on_different_accounts_are_offered_group_by_group(self):
        first = self.make_invoice(100)
        customer = self.anna.commercial_partner_id
        customer.property_account_receivable_id = customer.property_account_receivable_id.copy()
        page = self.open_pay(first | self.make_invoice(20))
        self.assertNotIn('id="o_payment_form"', page)
        self.assertEqual(page.count("Pay these"), 2)

    def test_somebody_else_s_invoice_is_as_if_it_did_not_exist(self):
        own, foreign = self.make_invoice(100), self.make_invoice(70, self.ben)
        draft = self.make_invoice(30, post=False)
        draft.message_subscribe(self.anna.ids)
        page = self.open_pay(own | foreign | draft)
        self.assertEqual(self.get_form_amount(page), 100)
        self.assertNotIn(foreign.name, page)
        for ids in (foreign.ids, [999_999_999], draft.ids, ["abc", "-1", "9" * 5000, str(2**64), "²", ""], []):
            self.open(PAGE, invoice_ids=ids)
            self.assertEqual(self.path.partition("?")[0], "/my/invoices")

    def test_those_that_are_paid_are_shown_and_not_paid_again(self):
        paid, under_way, still_open = (self.make_invoice(100) for _number in range(3))
        self.pay(paid, 100)
        self.pay(under_way, 100, "pending")
        page = self.open_pay(paid | under_way | still_open)
        self.assertEqual(self.get_form_amount(page), 100)
        self.assertIn(f'data-invoice-ids="[{still_open.id}]"', page)
        page = self.open_pay(paid | under_way)
        self.assertNotIn('id="o_payment_form"', page)
        self.assertIn("There is nothing left to pay.", page)
        self.assertIn("Not finished yet", page)

    def test_visitors_are_asked_to_sign_in(self):
        response = self.url_open(f"{PAGE}?invoice_ids={self.make_invoice(100).id}", allow_redirects=False)
        self.assertEqual(response.status_code, 303)
        self.assertIn("/web/login", response.headers["Location"])

    def test_what_became_of_the_payment_is_told_to_who_made_it(self):
        both = self.make_invoice(100, days=5) | self.make_invoice(100)
        self.open_pay(both)
        answer = self.json("/my/invoices/transaction", amount=150, invoice_ids=both.ids)
        transaction = self.env["payment.transaction"].search([("reference", "=", answer["reference"])])
        self.assertEqual(transaction.invoice_ids, both)
        transaction._set_pending()
        self.env.flush_all()
        text = self.words_of(self.open_pay(both, paid=1))
        self.assertIn("$ 150.00 Being processed", text)
        self.assertIn("Pay the rest", text)
        self.assertNotIn("$ 150.00", self.words_of(self.open_pay(self.make_invoice(10), paid=1)))
        both.message_subscribe(self.ben.ids)
        self.assertNotIn("Being processed", self.words_of(self.open_pay(both, login=self.ben.user_ids.login, paid=1)))

    # The dashboard

    def test_the_dashboard_says_what_is_due_overdue_and_credited_by_currency(self):
        self.assertNotIn("o_portal_dues", self.open("/my"))
        late = self.make_invoice(100, days=5)
        self.make_invoice(1000, days=-5)
        self.make_invoice(50, currency_id=self.make_currency().id)
        self.make_invoice(70, self.ben)
        self.pay(late, 20)
        self.pay(late, 30, "pending")
        text = self.words_of(self.open("/my"))
        self.assertIn("To pay: $ 1,050.00 Overdue: $ 50.00", text)
        self.assertRegex(text, r"To pay: (50.00 CHF|CHF 50.00)")
        self.assertNotIn("Credit on your account", text)
        self.pay(late, 90)
        text = self.words_of(self.open("/my"))
        self.assertIn("Credit on your account: $ 10.00", text)
        self.assertNotIn("Overdue: $", text)

    def test_a_filter_leads_to_what_is_due(self):
        self.make_invoice(100, days=5)
        page = self.open("/my")
        for filterby in ("overdue", "to_pay"):
            self.assertIn(f'href="/my/invoices?filterby={filterby}"', page)

    def test_invoices_of_others_that_one_follows_are_not_one_s_own_dues(self):
        foreign = self.make_invoice(100, self.ben)
        foreign.message_subscribe(self.anna.ids)
        self.assertNotIn("o_portal_dues", self.open("/my"))

    def test_an_employee_owes_nothing(self):
        self.make_invoice(100, days=5)
        self.manager.password = self.manager.login
        self.manager.groups_id |= self.env.ref("account.group_account_invoice")
        self.assertNotIn("o_portal_dues", self.open("/my", login=self.manager.login))

    def test_employees_without_accounting_see_no_balance(self):
        partner = self.employee.partner_id
        self.pay(self.make_invoice(100, partner), 130, partner=partner)
        self.employee.password = self.employee.login
        self.assertNotIn("o_portal_dues", self.open("/my", login=self.employee.login))
        self.employee.groups_id |= self.env.ref("account.group_account_invoice")
        text = self.words_of(self.open("/my", login=self.employee.login))
        self.assertIn("Credit on your account: $ 30.00", text)

    def test_the_list_of_an_employee_and_its_filters_work(self):
        self.make_invoice(100, days=5)
        self.make_invoice(100, self.ben, days=5)
        self.manager.password = self.manager.login
        self.manager.groups_id |= self.env.ref("account.group_account_invoice")
        for filterby in ("all", "overdue", "to_pay"):
            self.open("/my/invoices", login=self.manager.login, filterby=filterby)

    def test_the_first_term_that_is_open_says_when_an_invoice_is_due(self):
        invoice = self.make_invoice(1000, days=10, invoice_payment_term_id=self.instalments.id)
        day = self.today - timedelta(days=10)
        self.assertEqual(invoice._portal_payment_get_open_terms()[invoice][0], (day, 300.0))
        self.pay(invoice, 350, "pending")
        terms = invoice._portal_payment_get_open_terms()[invoice]
        self.assertEqual(terms[0], (day + timedelta(days=30), 250.0))

    # Rights

    def test_colleagues_see_the_company_s_invoices_and_employees_without_rights_see_none(self):
        invoices = self.make_invoice(100) | self.make_invoice(50)
        [sibling] = self.make_partners(1, "sibling", parent_id=self.anna.parent_id.id)
        self.as_manager(sibling).portal_access_grant()
        user = self.users_of(sibling)
        self.employee.password, user.password = self.employee.login, user.login
        self.assertEqual(self.get_form_amount(self.open_pay(invoices, login=user.login)), 150)
        self.open_pay(invoices, login=self.employee.login)
        self.assertEqual(self.path.partition("?")[0], "/my/invoices")
