from odoo import _, fields, models
from odoo.exceptions import UserError


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    portal_discount = fields.Monetary(
        string="Early Payment Discount",
        readonly=True,
        help="What the customer was offered to save by paying this amount early.",
    )

    def _portal_payment_is_booked(self):
        """:return bool: whether the accounting knows of this payment, so that the invoice's balance says all"""
        self.ensure_one()
        return bool(self.is_post_processed or self.payment_id)

    def _send_payment_request(self):
        """Look again before the provider is asked, whoever has made the transaction."""
        if self.operation == "online_token" and self.invoice_ids.filtered("id"):
            invoices = self.invoice_ids
            if any(invoice.is_invoice(include_receipts=True) for invoice in invoices):
                invoices._portal_payment_lock()
                total = sum(invoices._portal_payment_get_open_amounts().values())
                if self.currency_id.compare_amounts(self.amount + self.portal_discount, total) > 0:
                    raise UserError(_("This was paid meanwhile. Please reload the page."))
        return super()._send_payment_request()
