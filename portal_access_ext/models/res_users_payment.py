from odoo import models


class ResUsers(models.Model):
    """Saved payment methods stay with who saved them, not with the contact's next login."""

    _inherit = "res.users"

    def unlink(self):
        customers = self.sudo().filtered("share").partner_id
        result = super().unlink()
        # Who has another login is still there.
        customers = customers.exists()
        customers -= self.sudo().search([("partner_id", "in", customers.ids), ("active", "=", True)]).partner_id
        customers._portal_access_hide_saved_methods()
        return result

    def _portal_access_start_again(self, logins):
        # Who has the mailbox of before is who had the access before.
        others = self.sudo().filtered(lambda user: user.login.strip().lower() != logins[user.id].strip().lower())
        result = super()._portal_access_start_again(logins)
        others.partner_id._portal_access_hide_saved_methods()
        return result
