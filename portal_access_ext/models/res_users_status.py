from odoo import models
from odoo.tools import create_index

# The users whom one status or another is told from, as few pages of an index instead of the whole table.
INDEXES = {
    "res_users_portal_password_index": (["partner_id", "id"], "active AND password <> ''"),
    "res_users_portal_no_password_index": (["partner_id", "id"], "active AND (password IS NULL OR password = '')"),
    "res_users_portal_archived_index": (["partner_id", "id"], "active IS NOT TRUE"),
    "res_users_portal_active_index": (["id", "partner_id"], "active"),
}


class ResUsers(models.Model):
    _inherit = "res.users"

    def init(self):
        result = super().init()
        for name, (columns, where) in INDEXES.items():
            create_index(self.env.cr, name, "res_users", columns, where=where)
        return result


class ResUsersLog(models.Model):
    _inherit = "res.users.log"

    def init(self):
        result = super().init()
        # Whether and when somebody signed in is asked for many users at a time, and Odoo has no index.
        name = "res_users_log_create_uid_create_date_index"
        create_index(self.env.cr, name, "res_users_log", ["create_uid", "create_date"])
        return result
