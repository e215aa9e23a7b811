from odoo import models


class ResUsers(models.Model):
    """Saved payment methods stay with who saved them, not with the contact's next login."""

    _inherit = "res.users"

    def unlink(self):
        customers = self.sudo().filtered("share").partner_id
        result = super().unlink()
        customers.exists()._portal_access_hide_saved_methods()
        return result

    def _portal_access_start_again(self, logins):
        result = super()._portal_access_start_again(logins)
        self.sudo().partner_id._portal_access_hide_saved_methods()
        return result
