import logging

from odoo import api, models

_logger = logging.getLogger(__name__)

# How many invitations somebody with an old link can have sent, per contact and from one network address.
REQUESTS_PER_CONTACT = 3, 24 * 3600
REQUESTS_PER_ADDRESS = 30, 3600


class ResPartner(models.Model):
    """A customer whose link does not work asks for a new one."""

    _inherit = "res.partner"

    @api.model
    def _portal_access_request_invitation(self, token, address):
        """Queue a new invitation for the contact whose link this is or was once.

        Called as superuser for visitors, who get the same answer whatever happens here. Whoever holds
        an old link can do no more than have a mail sent to the registered address: the account, its
        password and its sessions stay as they are, and the old link stays dead, as nothing but a link
        that works anyway is kept (see :meth:`_portal_access_mint_tokens`).

        :param str token: the token in the link
        :param str address: the network address that the request came from
        """
        Limit = self.env["portal.access.limit"]
        if not Limit._take("invitation_from_address", address, *REQUESTS_PER_ADDRESS):
            _logger.info("Too many invitations were asked for from %s", address)
            return
        partner = self._portal_access_link_holder(token)
        user = partner._portal_access_requesting_user()
        if not user:
            return
        # Before the lock: of many requests at once, those that conflict and are started again end here.
        if not Limit._take("invitation_of_contact", partner.id, *REQUESTS_PER_CONTACT):
            _logger.info("Too many invitations were asked for contact %s", partner.id)
            return
        partner._portal_access_lock()
        earlier = self.env["portal.access.invitation"].search([("partner_id", "=", partner.id)], limit=1)
        inviter = earlier.inviter_id if earlier.inviter_id.active else self.env.ref("base.user_root")

        def invite(contact):
            # By the cron: an answer that waits for a mail server tells that there is somebody to send a mail to.
            contact._portal_access_make_invitations(user, None, send_now=False, actor=user)
            return {}

        # The answer must not show an error either: it is logged.
        partner.with_user(inviter).sudo()._portal_access_in_halves(invite, {})

    def _portal_access_requesting_user(self):
        """:return: the contact's portal user, as superuser, if an invitation can go to the registered address"""
        users = self._portal_access_users()
        if not users:
            return self.env["res.users"]
        verdict, user = self._portal_access_verdicts()[self.id], users[self.id]
        if verdict.code != "has_access" or verdict.email_code:
            return self.env["res.users"]
        # Whoever can write the contact's email must not get an account that is in use in this way.
        if user.is_in_use and user.login != verdict.email:
            return self.env["res.users"]
        return self.env["res.users"].browse(user.user_id)
