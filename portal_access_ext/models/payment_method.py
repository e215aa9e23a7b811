from odoo import models

from .payment_gone import GONE, Reason, get_reason


class PaymentMethod(models.Model):
    _inherit = "payment.method"

    def write(self, vals):
        """Let the saved methods that Odoo archives with the payment method know why."""
        if not get_reason(self.env):
            self = self.with_context(**{GONE: Reason("method")})
        return super().write(vals)
