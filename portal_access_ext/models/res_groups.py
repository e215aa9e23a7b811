from odoo import Command, _lt, models


class ResGroups(models.Model):
    _inherit = "res.groups"

    def write(self, vals):
        """Tell the ledger who got or lost portal access by way of a group's own form."""
        if {"users", "implied_ids"}.isdisjoint(vals) or not self._is_about_portal_access(vals):
            return super().write(vals)
        before = self._get_users_having_portal_access()
        result = super().write(vals)
        after = self._get_users_having_portal_access()
        self.env["res.users"]._portal_access_remember_access(before, after)
        # `mail` sees what is changed on users only.
        (after - before).sudo().partner_id._portal_access_log(_lt("Portal Access Granted"))
        (before - after).sudo().partner_id._portal_access_log(_lt("Portal Access Revoked"))
        return result

    def _is_about_portal_access(self, vals):
        """Say whether users can get or lose portal access with these groups, before the values are written.

        Reading all who have it costs too much for each group of each module that is installed.
        """
        implied_ids = []
        for command in vals.get("implied_ids") or ():
            if isinstance(command, int):
                implied_ids.append(command)
            elif command[0] == Command.CREATE:
                return True  # whatever it implies
            elif command[0] == Command.LINK:
                implied_ids.append(command[1])
            elif command[0] == Command.SET:
                implied_ids += command[2]
        groups = self | self.browse(implied_ids)
        xmlid_to_id = self.env["ir.model.data"]._xmlid_to_res_id
        deciding = {xmlid_to_id("base.group_portal"), xmlid_to_id("base.group_user")}
        return not deciding.isdisjoint((groups | groups.trans_implied_ids).ids)

    def _get_users_having_portal_access(self):
        Users = self.env["res.users"]
        Users.flush_model(["active", "groups_id"])
        self.env.cr.execute(Users._get_portal_access_query())
        return Users.browse(row[0] for row in self.env.cr.fetchall())
