from odoo.tests import tagged

from odoo.addons.portal_access_ext.tests.keyboard import KeyboardCase

from .common import InvoicePaymentCase


@tagged("post_install", "-at_install")
class TestInvoiceKeyboard(KeyboardCase, InvoicePaymentCase):
    """Invoices are chosen and paid by the keyboard alone."""

    def test_several_are_ticked_and_a_part_is_paid(self):
        self.make_invoice(1000, days=45, invoice_payment_term_id=self.instalments.id)
        self.make_invoice(100)
        choices, box = "form.o_portal_payment_choices", "input[name=invoice_ids]"
        self.open_page("/my/invoices", self.anna.user_ids.login)
        self.tab_to(box)
        self.press(" ")
        self.press("Tab")
        self.tab_to(f"{box}:not(:checked)")
        self.press(" ")
        self.tab_to(".o_portal_pay_selected button", "Shift+Tab")
        self.press("Enter")
        self.see(choices, "[name=o_payment_submit_button]")
        self.assert_walkable(".o_portal_invoices_pay")
        self.assert_not_cut(".o_portal_invoices_pay")
        self.tab_to(f"{choices} [name=pay]:checked", "Shift+Tab")
        for _press in range(3):
            self.press("ArrowDown")
            self.assert_at(f"{choices} [name=pay]:checked")  # choosing does not move the focus
            if self.is_at("[value=other]"):
                break
        self.press("Tab")
        self.assert_at(f"{choices} [name=amount]")
        self.enter("600")
        self.press("Tab")
        self.assert_at(f"{choices} button[type=submit]")
        self.press("Enter")
        self.see("[name=o_payment_submit_button]")
        self.assertTrue(self._run("return new URLSearchParams(location.search).get('amount') === '600';"))
        self.tab_to("[name=o_payment_submit_button]")
