from odoo import models

from .payment_gone import GONE, Reason


class PaymentProvider(models.Model):
    _inherit = "payment.provider"

    def write(self, vals):
        """Let the saved methods that Odoo archives with the provider know why."""
        if "state" in vals:
            reason = Reason("provider" if vals["state"] == "disabled" else "mode")
            self = self.with_context(**{GONE: reason})
        return super().write(vals)
