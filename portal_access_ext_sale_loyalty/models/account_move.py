from odoo import models


class AccountMove(models.Model):
    _inherit = "account.move"

    def _post(self, soft=True):
        posted = super()._post(soft=soft)
        posted._portal_topup_settle_notes()
        return posted

    def button_draft(self):
        result = super().button_draft()
        self._portal_topup_settle_notes()
        return result

    def _portal_topup_settle_notes(self):
        """Take back what credit notes give back, and give it again when they are not posted any more."""
        # sudo: who posts credit notes need not be allowed to see orders.
        for note in self.sudo().filtered(lambda move: move.move_type == "out_refund"):
            lines = (note | note.reversed_entry_id).invoice_line_ids.sale_line_ids
            lines.order_id._portal_topup_settle(move=note)
