from odoo import models

from odoo.addons.base.models.res_users import check_identity


class AuthTotpWizard(models.TransientModel):
    _inherit = "auth_totp.wizard"

    @check_identity
    def enable(self):
        """Hand a customer who turns on two-factor authentication the recovery codes, once, in the answer.

        Employees, who do so in the backend, get none: an administrator is at hand.
        """
        action = super().enable()
        if self.env.user._portal_access_having():
            codes = self.env["portal.access.recovery.code"]._make(self.env.user)
            action["params"]["portal_recovery_codes"] = codes
        return action
