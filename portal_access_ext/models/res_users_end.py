from odoo import models


class ResUsers(models.Model):
    """Access that ends by itself: what is forgotten when it ends in whichever way."""

    _inherit = "res.users"

    def unlink(self):
        partners = self.sudo().partner_id
        result = super().unlink()
        partners.exists()._portal_access_clear_unused_ends()
        return result

    def _portal_access_end(self):
        result = super()._portal_access_end()
        self.sudo().partner_id._portal_access_clear_unused_ends()
        return result
