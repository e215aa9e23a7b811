from odoo import models


class ResPartner(models.Model):
    _inherit = "res.partner"

    def write(self, vals):
        """With `website`: take no login to a website where somebody has the same one in another case."""
        if "website_id" in vals and "website_id" in self.env["res.users"]._fields:
            self.check_access_rights("write")
            self.check_access_rule("write")
            website_id = vals["website_id"] or None
            moving = self.filtered(lambda partner: partner.website_id.id != (website_id or False))
            # sudo: who may write the contact moves its users, seen or not.
            users = moving.sudo().with_context(active_test=False).user_ids
            users._portal_access_claim_logins([(user.login, website_id) for user in users])
        return super().write(vals)
