from odoo import models


class ResGroups(models.Model):
    _inherit = "res.groups"

    def write(self, vals):
        """Tell the ledger who got or lost portal access by way of a group's own form."""
        if {"users", "implied_ids"}.isdisjoint(vals):
            return super().write(vals)
        before = self._get_users_having_portal_access()
        result = super().write(vals)
        after = self._get_users_having_portal_access()
        self.env["res.users"]._portal_access_remember_access(before, after)
        return result

    def _get_users_having_portal_access(self):
        Users = self.env["res.users"]
        Users.flush_model(["active", "groups_id"])
        self.env.cr.execute(Users._get_portal_access_query())
        return Users.browse(row[0] for row in self.env.cr.fetchall())
