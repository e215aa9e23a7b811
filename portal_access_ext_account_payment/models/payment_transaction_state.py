from odoo import models

from .account_move_open import PROMISING_PROVIDERS


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    def _portal_payment_get_state(self):
        """:return str: what the customer is told: paid, recorded, authorized, processing, announced, or failed"""
        self.ensure_one()
        if self.state == "done":
            return "paid" if self._portal_payment_is_booked() else "recorded"
        if self.state == "pending":
            return "announced" if self.provider_code in PROMISING_PROVIDERS else "processing"
        return "authorized" if self.state == "authorized" else "failed"
