from odoo import models


class AccountMove(models.Model):
    _inherit = "account.move"

    def _post(self, soft=True):
        posted = super()._post(soft=soft)
        posted._portal_topup_settle_moves()
        return posted

    def button_draft(self):
        result = super().button_draft()
        self._portal_topup_settle_moves()
        return result

    def _portal_topup_settle_moves(self):
        """Take back what credit notes give back, and give it again when they are not posted or invoiced anew."""
        # sudo: who posts these need not be allowed to see orders.
        moves = self.sudo().filtered(lambda move: move.move_type in ("out_invoice", "out_refund"))
        moves_and_origins = moves | moves.reversed_entry_id
        if not moves_and_origins.invoice_line_ids.sale_line_ids.order_id._portal_topup_filter():
            return
        for move in moves:
            lines = (move | move.reversed_entry_id).invoice_line_ids.sale_line_ids
            lines.order_id._portal_topup_settle(move=move)
            if move.move_type == "out_invoice" and move.state == "posted":
                lines.order_id._portal_topup_reconcile()
