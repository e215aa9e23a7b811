from odoo import models

from ..models.portal_access_context import AT_WORK


class ResUsersIdentityCheck(models.TransientModel):
    _inherit = "res.users.identitycheck"

    def revoke_all_devices(self):
        """Remember that a customer signed out everywhere; Odoo does it by setting the same password again."""
        check = self.with_context(portal_access_batch=AT_WORK)
        result = super(ResUsersIdentityCheck, check).revoke_all_devices()
        users = self.env.user._portal_access_having().sudo()
        self.env["portal.access.event"]._record("all_sessions_ended", users)
        return result
