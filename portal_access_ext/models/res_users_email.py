from odoo import _, models
from odoo.tools import email_normalize

from .portal_access_context import TOLD


class ResUsers(models.Model):
    _inherit = "res.users"

    def write(self, vals):
        """Odoo tells the previous address itself, where the email changes on the user."""
        if "email" in vals and self.env.context.get("portal_access_email") is not TOLD:
            return self.with_context(portal_access_email=TOLD).write(vals)
        return super().write(vals)

    def _portal_access_tell_email(self, old_email):
        """Tell the previous address of a customer that it is not used any more, as Odoo does on the user."""
        self.ensure_one()
        if not email_normalize(old_email):
            return
        text = _(
            "The email address of your account was changed from %(old_email)s to %(new_email)s. "
            "You still sign in with %(login)s.",
            old_email=old_email,
            new_email=self.partner_id.email or "-",
            login=self.login,
        )
        self._notify_security_setting_update(
            _("Security Update: Email Changed"),
            text,
            mail_values={"email_to": old_email},
            suggest_password_reset=False,
        )
