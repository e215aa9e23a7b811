from odoo import models
from odoo.tools import email_normalize

from .portal_access_context import TOLD


class ResPartner(models.Model):
    _inherit = "res.partner"

    def write(self, vals):
        """Tell the ledger, and the previous address, that customers changed their own email, on whichever page."""
        is_told = "email" not in vals or self._portal_access_is_at_work()
        user = self.env["res.users"] if is_told else self.env.user.sudo()
        if not (user.share and user.partner_id in self):
            return super().write(vals)
        old_email = user.partner_id.email
        result = super().write(vals)
        new_email = user.partner_id.email
        if email_normalize(old_email) != email_normalize(new_email):
            Event = self.env["portal.access.event"]
            Event._record("email_changed", user, {user.id: Event._describe_change(old_email, new_email)})
            if self.env.context.get("portal_access_email") is not TOLD:
                user.with_context(lang=user.partner_id.lang or self.env.lang)._portal_access_tell_email(old_email)
        return result
