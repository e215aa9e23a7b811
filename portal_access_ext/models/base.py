from odoo import api, models


class Base(models.AbstractModel):
    _inherit = "base"

    @api.model
    def search_count(self, domain, limit=None):
        """Count all, where an app counts to one only to know whether its card on the dashboard is shown."""
        if self.env.context.get("portal_access_count_all"):
            limit = None
        return super().search_count(domain, limit=limit)
