from odoo import models


class ResPartner(models.Model):
    """With `website`, a login belongs to the website of the contact."""

    _inherit = "res.partner"

    def write(self, vals):
        """Refuse to move a contact to a website where somebody has its login already, but for its case."""
        if "website_id" not in vals or "website_id" not in self.env["res.users"]._fields:
            return super().write(vals)
        before = {user: user.website_id.id for user in self._portal_access_all_users()}
        result = super().write(vals)
        # Looked for afterwards: whoever may not write the contact learns nothing of logins.
        moved = self._portal_access_all_users().filtered(lambda user: user.website_id.id != before.get(user))
        moved._portal_access_claim_logins([(user.login, user.website_id.id or None) for user in moved])
        return result
