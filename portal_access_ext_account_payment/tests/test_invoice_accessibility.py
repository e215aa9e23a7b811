from odoo.tests import tagged

from odoo.addons.portal_access_ext.tests.accessibility import AccessibilityCase

from .common import InvoicePaymentCase

# Stock's: its frame has no axe, and its wheel never comes to rest.
WITHOUT_REPORT = "document.querySelector('.o_portal_html_view')?.remove()"


@tagged("post_install", "-at_install")
class TestInvoiceAccessibility(AccessibilityCase, InvoicePaymentCase):
    """Our blocks of the pages of invoices."""

    def setUp(self):
        super().setUp()
        self.login = self.anna.user_ids.login
        self.late = self.make_invoice(1000, days=45, invoice_payment_term_id=self.instalments.id)
        self.early_paid = self.make_invoice(100, invoice_payment_term_id=self.early.id)
        self.pay(self.late, 100, "pending")
        self.book(self.pay(self.late, 50))
        self.both = f"/my/invoices/pay?invoice_ids={self.late.id}&invoice_ids={self.early_paid.id}"

    def assert_invoice_accessible(self, page, *selectors):
        self.assert_accessible(page, *selectors, login=self.login, steps=[WITHOUT_REPORT])

    def test_how_much_is_paid_of_an_invoice(self):
        form, title = "#pay_with form.o_portal_payment_choices", "#pay_with .modal-title"
        page = f"/my/invoices/{self.late.id}"
        self.assert_invoice_accessible(f"{page}?pay=next", form, title)
        self.assert_invoice_accessible(f"{page}?pay=other&amount=x", form, "#o_portal_pay_error")
        self.assert_invoice_accessible(f"/my/invoices/{self.early_paid.id}?pay=full", form)

    def test_what_has_been_paid(self):
        self.book(self.pay(self.early_paid, 130))
        self.assert_invoice_accessible(f"/my/invoices/{self.late.id}", ".o_portal_invoice_payments")

    def test_the_list(self):
        parts = (".o_portal_pay_selected button", ".o_portal_my_doc_table input", "[name=invoice_status_overdue]")
        steps = ["(await see('.o_portal_my_doc_table input')).click()"]
        self.assert_accessible("/my/invoices", *parts, login=self.login, steps=steps)

    def test_several_are_paid(self):
        part = ".o_portal_invoices_pay > :not(#o_payment_form)"
        self.assert_accessible(self.both, part, "form.o_portal_payment_choices", login=self.login)
        page = f"{self.both}&pay=other&amount=600"
        self.assert_accessible(page, ".o_portal_invoices_pay table", "form.o_portal_payment_choices", login=self.login)

    def test_several_that_cannot_be_paid_together(self):
        foreign = self.make_invoice(100, currency_id=self.make_currency().id)
        page = f"{self.both}&invoice_ids={foreign.id}"
        self.assert_accessible(page, ".o_portal_invoices_pay", login=self.login)

    def test_the_dashboard(self):
        self.book(self.pay(self.early_paid, 130))
        self.assert_accessible("/my", ".o_portal_dues", login=self.login)
