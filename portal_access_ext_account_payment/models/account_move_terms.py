from odoo import models


class AccountMove(models.Model):
    """When what is left to pay of invoices is due."""

    _inherit = "account.move"

    def _portal_payment_get_open_terms(self):
        """:return dict: by invoice a list of `(date, amount)` of what can still be paid, what is due first at first"""
        open_lines = self._portal_payment_cover()[0]
        return {
            move: [(line.date_maturity or line.date, amount) for line, amount in open_lines.get(move, ())]
            for move in self
        }

    def _portal_payment_spread(self, amount):
        """Return how a payment for all these invoices goes to each of them: to what is due first, as Odoo reconciles.

        :return dict: an amount by invoice
        """
        parts = dict.fromkeys(self, 0.0)
        for line, still_open in self._portal_payment_get_open_lines():
            part = min(still_open, amount)
            parts[line.move_id] = self.currency_id.round(parts[line.move_id] + part)
            amount = self.currency_id.round(amount - part)
        return parts
