from collections import defaultdict

from odoo import _, _lt, api, fields, models
from odoo.exceptions import AccessError, UserError

from .portal_access_invitation import OPEN_STATES

# So many contacts are named per reason, the others are counted.
NAMED_CONTACTS = 5


class PortalAccessInvitation(models.Model):
    """What contact managers do with invitations, one or many: invite again, cancel, copy the link."""

    _inherit = "portal.access.invitation"

    has_mail = fields.Boolean(compute="_compute_has_mail")

    @api.depends("mail_mail_id_int", "reminder_mail_id_int")
    def _compute_has_mail(self):
        mails = self._get_mails() | self._get_mails("reminder")
        for invitation in self:
            invitation.has_mail = not {invitation.mail_mail_id_int, invitation.reminder_mail_id_int}.isdisjoint(
                mails.ids
            )

    def action_reinvite(self):
        """Send a new invitation to the contacts of these invitations, to each one once.

        :return dict: an action that tells whom it was sent to, and who was refused and why
        :raise AccessError: if the user is no contact manager
        :raise UserError: if nobody was invited, with the reasons
        """
        self.env["res.partner"]._portal_access_check_rights()
        invitations = self._filter_reachable()
        partners = invitations.partner_id
        # Somebody who came by an earlier invitation needs none. An open one for an account in use is one
        # that the customer asked for.
        users = partners._portal_access_users()
        waiting = invitations.filtered(lambda invitation: invitation.state in OPEN_STATES).partner_id
        settled = (partners - waiting).filtered(
            lambda partner: partner.id in users and users[partner.id].is_active and users[partner.id].is_in_use
        )
        refused = {_("Has chosen a password already"): settled} if settled else {}
        results = (partners - settled).portal_access_invite()
        for result in results:
            if result["outcome"] == "refused":
                partner = partners.browse(result["partner_id"])
                refused[result["reason"]] = refused.get(result["reason"], partners.browse()) | partner
        invited_count = sum(result["outcome"] == "invited" for result in results)
        return self._tell(_("Invited again: %s", invited_count), invited_count, refused)

    def action_cancel(self):
        """Cancel the invitations that are open: their links stop working, what was not sent is not sent.

        The contacts keep their portal access, and can be invited again.

        :return dict: an action that tells how many were cancelled, and which were not and why
        :raise AccessError: if the user is no contact manager
        :raise UserError: if none was cancelled, with the reasons
        """
        self.env["res.partner"]._portal_access_check_rights()
        invitations = self._filter_reachable()
        invitations.partner_id._portal_access_lock()
        verdicts = invitations.partner_id._portal_access_verdicts()
        cancelled, refused = self.browse(), defaultdict(self.env["res.partner"].browse)
        closed = {"accepted": _("Accepted already"), "cancelled": _("Cancelled already")}
        for invitation in invitations:
            verdict = verdicts[invitation.partner_id.id]
            if verdict.code == "other_company":
                refused[verdict.reason] |= invitation.partner_id
            elif invitation.state in OPEN_STATES:
                cancelled |= invitation
            else:
                refused[closed[invitation.state]] |= invitation.partner_id
        # Old ones of the same contacts are no news.
        refused = {
            reason: partners - cancelled.partner_id
            for reason, partners in refused.items()
            if partners - cancelled.partner_id
        }
        # Nobody has the right to write invitations; that this user may cancel these is checked above.
        cancelled.sudo()._cancel_by_hand()
        return self._tell(_("Cancelled: %s", len(cancelled)), len(cancelled), refused)

    def action_copy_link(self):
        """Show the link for copying, and record in the ledger that it was shown.

        :return dict: an action that shows the link
        :raise AccessError: if the user is no administrator of access rights: whoever has the link can take the account
        :raise UserError: if there is no link any more
        """
        self.ensure_one()
        if not self.env.user.has_group("base.group_erp_manager"):
            raise AccessError(_("Only administrators of access rights can copy links: they open the account."))
        self.check_access_rights("read")
        self.check_access_rule("read")
        # Nobody reads links; this user may have this one, as was checked above.
        invitation = self.sudo()
        invitation.partner_id._portal_access_lock()
        if not invitation._has_link() or not invitation.user_id._portal_access_having():
            raise UserError(_("This invitation has no link any more. Invite the contact again."))
        invitation._renew_tokens()
        self.env["portal.access.event"]._record(
            "link_copied", invitation.user_id, {invitation.user_id.id: invitation.email}
        )
        return {
            "type": "ir.actions.client",
            "tag": "portal_access_copy_link",
            "params": {
                "link": invitation.link,
                "login": invitation.login,
                # That of a password reset, while there is one in its place.
                "valid_until": fields.Datetime.to_string(
                    invitation.partner_id.signup_expiration or invitation.valid_until
                ),
            },
        }

    def action_open_mail(self):
        """Show the mail that waits or failed; who may, Odoo decides."""
        self.ensure_one()
        mails = self._get_mails() | self._get_mails("reminder")
        if not mails:
            raise UserError(_("The mail does not exist any more: Odoo deletes mails that were sent."))
        return {
            "type": "ir.actions.act_window",
            "name": _("Mail"),
            "res_model": "mail.mail",
            "view_mode": "form" if len(mails) == 1 else "tree,form",
            "res_id": mails.id if len(mails) == 1 else False,
            "domain": [("id", "in", mails.ids)],
        }

    def _filter_reachable(self):
        """:return: the invitations that exist still, each once, and are of the user's companies

        :raise UserError: if there is none
        """
        self.check_access_rights("read")
        invitations = self.browse(dict.fromkeys(id_ for id_ in self._ids if id_)).exists()
        invitations = invitations._filter_access_rules("read") if invitations else invitations
        if not invitations:
            raise UserError(_("These invitations don't exist any more, or belong to another company."))
        return invitations

    def _cancel_by_hand(self):
        """Cancel these open invitations with their links, and remember who did it. Called as superuser."""
        if not self:
            return
        self._cancel("by_hand")
        self.flush_recordset()
        partners = self.partner_id
        partners.flush_recordset(["signup_type", "signup_expiration"])
        # Only the link of the invitation: one of a password reset in its place was asked for by the customer.
        self.env.cr.execute(
            """
            UPDATE res_partner partner SET signup_token = NULL, signup_type = NULL, signup_expiration = NULL
              FROM portal_access_invitation invitation
             WHERE invitation.id IN %s AND partner.id = invitation.partner_id
               AND encode(sha256(convert_to(partner.signup_token, 'UTF8')), 'hex') = invitation.token_hash
            """,
            [tuple(self.ids)],
        )
        partners.invalidate_recordset(
            ["signup_token", "signup_type", "signup_expiration", "signup_valid", "signup_url"]
        )
        addresses = {invitation.user_id.id: invitation.email for invitation in self}
        self.env["portal.access.event"]._record("invitation_cancelled", self.user_id, addresses)
        partners._portal_access_log(_lt("Portal Invitation Cancelled"))

    @api.model
    def _tell(self, summary, done_count, refused):
        """Tell what was done with many invitations.

        :param str summary: what was done with how many
        :param int done_count: with how many
        :param dict refused: the contacts by the reason why nothing was done
        :raise UserError: if nothing was done
        """
        lines = []
        for reason, partners in refused.items():
            # sudo: the invitation shows the contact's name.
            names = partners[:NAMED_CONTACTS].sudo().mapped("display_name")
            if len(partners) > NAMED_CONTACTS:
                names.append(_("%s more", len(partners) - NAMED_CONTACTS))
            lines.append(f"{'; '.join(names)}: {reason}")
        if not done_count:
            raise UserError("\n".join(lines))
        refused_count = sum(map(len, refused.values()))
        if refused_count:
            lines.insert(0, _("Not changed: %s", refused_count))
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning" if refused_count else "success",
                "message": "\n".join([summary, *lines]),
                "sticky": bool(refused_count),
                "className": "o_portal_access_told",
                "next": {"type": "ir.actions.act_window_close"},
            },
        }
