from odoo.tests import tagged

from .common import InvoicePaymentCase


class InvoiceTourCase(InvoicePaymentCase):
    browser_size = "1366,768"

    def walk(self, path, tour, login=True):
        self.start_tour(path, tour, login=self.anna.user_ids.login if login else None, timeout=120)
        self.env.invalidate_all()

    def pay_selected(self):
        invoices = self.make_invoice(100, days=5) | self.make_invoice(50, days=2) | self.make_invoice(200, days=-5)
        self.walk("/my", "portal_access_pay_selected")
        self.assertEqual(invoices.mapped("amount_residual"), [0, 0, 200])
        self.assertEqual(invoices.transaction_ids.sorted("id").mapped("amount"), [120, 30])


@tagged("post_install", "-at_install")
class TestInvoiceTours(InvoiceTourCase):
    """S17 in a real browser, by the labels."""

    def pay_part(self, tour, state, open_amount, **kwargs):
        invoice = self.make_invoice(480)
        self.walk(f"/my/invoices/{invoice.id}", tour, **kwargs)
        self.assertEqual((invoice.transaction_ids.state, invoice.transaction_ids.amount), (state, 50))
        self.assertEqual(self.open_of(invoice), open_amount)
        return invoice

    def test_a_part_is_paid(self):
        invoice = self.pay_part("portal_access_pay_part_done", "done", 430)
        self.assertEqual(invoice.amount_residual, 430)

    def test_a_part_that_is_pending(self):
        self.pay_part("portal_access_pay_part_pending", "pending", 430)

    def test_a_part_that_is_cancelled(self):
        self.pay_part("portal_access_pay_part_cancel", "cancel", 480)

    def test_a_part_that_fails(self):
        self.pay_part("portal_access_pay_part_error", "error", 480)

    def test_a_part_is_paid_with_a_saved_method(self):
        self.env["payment.token"].create(
            {
                "provider_id": self.provider.id,
                "payment_method_id": self.method.id,
                "partner_id": self.anna.id,
                "payment_details": "4242",
                "provider_ref": "tour",
                "demo_simulated_state": "done",
            }
        )
        self.pay_part("portal_access_pay_part_saved", "done", 430)

    def test_a_part_is_announced_as_transfer(self):
        wire = self.env.ref("payment.payment_provider_transfer", raise_if_not_found=False)
        if not wire or wire.code != "custom":
            self.skipTest("payment_custom is not installed")
        wire.write({"state": "enabled", "is_published": True})
        wire.payment_method_ids.active = True
        self.pay_part("portal_access_pay_transfer", "pending", 480)

    def test_who_has_the_link_pays_a_part(self):
        invoice = self.make_invoice(480)
        self.walk(invoice.get_portal_url(), "portal_access_pay_part_done", login=False)
        self.assertEqual((invoice.transaction_ids.state, invoice.amount_residual), ("done", 430))
        self.assertEqual(invoice.transaction_ids.partner_id, self.anna)

    def test_a_wrong_amount_is_explained(self):
        invoice = self.make_invoice(480)
        self.walk(f"/my/invoices/{invoice.id}", "portal_access_pay_part_wrongly")
        self.assertFalse(invoice.transaction_ids)

    def test_an_instalment_is_paid_and_then_the_rest(self):
        invoice = self.make_invoice(1000, invoice_payment_term_id=self.instalments.id)
        self.walk(f"/my/invoices/{invoice.id}", "portal_access_pay_instalments")
        self.assertEqual(invoice.amount_residual, 0)
        self.assertEqual(invoice.transaction_ids.sorted("id").mapped("amount"), [300, 700])

    def test_several_are_paid_in_part_and_then_the_rest(self):
        self.pay_selected()


@tagged("post_install", "-at_install")
class TestInvoicePhoneTours(InvoiceTourCase):
    """The same on a phone."""

    browser_size = "390,844"
    touch_enabled = True

    def test_several_are_paid_on_a_phone(self):
        self.pay_selected()

    def test_a_part_is_paid_on_a_phone(self):
        invoice = self.make_invoice(480)
        self.walk(f"/my/invoices/{invoice.id}", "portal_access_pay_part_done")
        self.assertEqual(invoice.amount_residual, 430)
