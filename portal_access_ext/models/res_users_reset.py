from odoo import api, models
from odoo.tools import SQL

from .portal_access_rank import IN_USE


class ResetAddress(str):
    """In the context: where the link that resets a password goes. Nobody can put one there over RPC."""

    __slots__ = ()


class ResUsers(models.Model):
    _inherit = "res.users"

    def _action_reset_password(self):
        """Send the link to a customer's account in use to its login, if that is another address than the contact's.

        Whoever may write contacts, as each new employee, could have it sent to themselves otherwise.
        """
        addresses = {} if self.env.context.get("create_user") else self._portal_access_get_reset_addresses()
        elsewhere = self.browse(addresses)
        result = super(ResUsers, self - elsewhere)._action_reset_password()
        email_field = self._fields["email"]
        for user in elsewhere:
            address = ResetAddress(addresses[user.id])
            try:
                # For stock's check that there is an email, and for its log. The mail itself is sure to go
                # there, see `MailMail.create`.
                self.env.cache.set(user, email_field, str(address))
                super(ResUsers, user.with_context(portal_access_reset_to=address))._action_reset_password()
            finally:
                user.invalidate_recordset(["email"], flush=False)
        return result

    def _portal_access_get_reset_addresses(self):
        """:return dict: by user id, the login of those whose account is in use, where it is one address of its own"""
        normalize = self.env["res.partner"]._portal_access_normalize_email
        addresses = {user.id: normalize(user.login) for user in self._portal_access_having()}
        addresses = {
            user.id: addresses[user.id]
            for user in self.browse(addresses)
            if addresses[user.id] and addresses[user.id] != normalize(user.email)
        }
        if not addresses:
            return {}
        self.env["res.users.log"].flush_model(["create_uid"])
        self.env.cr.execute(SQL("SELECT id FROM res_users u WHERE id IN %s AND %s", tuple(addresses), IN_USE))
        return {user_id: addresses[user_id] for (user_id,) in self.env.cr.fetchall()}


class MailMail(models.Model):
    _inherit = "mail.mail"

    @api.model_create_multi
    def create(self, vals_list):
        """Address the mail that resets a password."""
        address = self.env.context.get("portal_access_reset_to")
        if isinstance(address, ResetAddress):
            vals_list = [{**vals, "email_to": str(address)} for vals in vals_list]
        return super().create(vals_list)
