from odoo import models
from odoo.tools import create_index


class ResUsersLog(models.Model):
    _inherit = "res.users.log"

    def init(self):
        result = super().init()
        # Whether and when somebody signed in is asked for many users at a time, and Odoo has no index.
        name = "res_users_log_create_uid_create_date_index"
        create_index(self.env.cr, name, "res_users_log", ["create_uid", "create_date"])
        return result
