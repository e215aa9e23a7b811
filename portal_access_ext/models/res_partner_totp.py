from odoo import _, models
from odoo.exceptions import AccessError, UserError


class ResPartner(models.Model):
    _inherit = "res.partner"

    def action_portal_reset_totp(self):
        """Reset these contacts' two-factor authentication, who are told by mail. Odoo asks for one's password.

        :return dict: Odoo's action, see `res.users.action_totp_disable`
        :raise AccessError: for who is no administrator of access rights, or may not see the contacts
        :raise UserError: if none of them has it on
        """
        if not self.env.user.has_group("base.group_erp_manager"):
            raise AccessError(_("Only administrators of access rights reset two-factor authentication."))
        self.check_access_rights("read")
        self.check_access_rule("read")
        users = self.env["res.users"].search([("partner_id", "in", self.ids)])
        users = users._portal_access_having().filtered("totp_enabled")
        if not users:
            raise UserError(_("None of these contacts has turned on two-factor authentication in the portal."))
        return users.action_totp_disable()
