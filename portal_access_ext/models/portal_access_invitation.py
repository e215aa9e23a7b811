import hashlib
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import email_normalize

VALIDITY_DAYS = 7
VALIDITY_DAYS_MAX = 365
OPEN_STATES = ("queued", "sent", "failed")


def hash_token(token):
    """Return what is kept of a sign-up token, so that a used or expired link can still be recognised."""
    return hashlib.sha256(token.encode()).hexdigest()


class PortalAccessInvitation(models.Model):
    """One invitation: a mail with a link with which a contact chooses a password.

    The link itself is Odoo's own sign-up token on the contact; here is only its hash, and what
    became of the mail. A contact has at most one open invitation, as it has one token.
    """

    _name = "portal.access.invitation"
    _description = "Portal Access Invitation"
    _order = "id desc"
    _rec_name = "partner_id"

    partner_id = fields.Many2one(
        "res.partner", string="Contact", required=True, readonly=True, ondelete="cascade", index=True
    )
    user_id = fields.Many2one("res.users", string="Portal User", readonly=True, ondelete="set null")
    company_id = fields.Many2one("res.company", readonly=True, ondelete="cascade")
    inviter_id = fields.Many2one("res.users", string="Invited By", readonly=True, ondelete="set null")
    email = fields.Char(required=True, readonly=True, help="The address the invitation goes to.")
    login = fields.Char(related="user_id.login")
    message = fields.Text(readonly=True, help="What the inviter wrote to the contact.")
    valid_until = fields.Datetime(required=True, readonly=True)
    state = fields.Selection(
        [
            ("queued", "Queued"),
            ("sent", "Sent"),
            ("failed", "Failed"),
            ("accepted", "Accepted"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        default="queued",
        readonly=True,
        index=True,
    )
    sent_on = fields.Datetime(readonly=True)
    accepted_on = fields.Datetime(readonly=True)
    failure_reason = fields.Text(readonly=True, help="What the mail server answered.")
    attempt_count = fields.Integer(string="Attempts", readonly=True)
    next_attempt_on = fields.Datetime(
        readonly=True, help="When a failed invitation is tried again; empty when it is not."
    )
    # Not a many2one: its foreign key would be written when the mail queue deletes a sent mail, and a
    # conflict there ends the whole run of the queue. `mailing.trace` does so too.
    mail_mail_id_int = fields.Integer(string="Mail ID", readonly=True, index="btree_not_null")
    rendered_on = fields.Datetime(readonly=True, help="When the mail was made that waits to be sent.")
    token_hash = fields.Char(readonly=True, groups=fields.NO_ACCESS, index="btree_not_null")
    link = fields.Char(
        compute="_compute_link",
        groups="base.group_erp_manager",
        help="Whoever has this link can choose the password of the account.",
    )

    @api.depends("partner_id", "user_id", "state")
    @api.depends_context("uid", "su")
    def _compute_link(self):
        # Whoever has the link can take the account. The mail renders as superuser; a reader by
        # attribute (a template of somebody else's) is not checked by the field's groups.
        if not self.env["res.partner"]._portal_access_may_see_tokens():
            self.link = False
            return
        open_invitations = self.filtered(lambda invitation: invitation.state in OPEN_STATES)
        (self - open_invitations).link = False
        # The token can only be read as superuser; the reader's right is checked above.
        urls = open_invitations.sudo().partner_id._get_signup_url_for_action()
        for invitation in open_invitations:
            invitation.link = urls.get(invitation.partner_id.id, False)

    # -------------------------------------------------------------------------
    # Making, cancelling, accepting: called by the core after its own checks
    # -------------------------------------------------------------------------

    @api.model
    def _get_validity_days(self):
        """:return int: for how many days a new invitation link works"""
        value = self.env["ir.config_parameter"].sudo().get_param("portal_access_ext.invitation_validity_days")
        try:
            days = int(value)
        except ValueError:
            return VALIDITY_DAYS
        return min(days, VALIDITY_DAYS_MAX) if days > 0 else VALIDITY_DAYS

    @api.model
    def _get_valid_until(self):
        """:return datetime: until when a link that is made now works (UTC)"""
        return fields.Datetime.now() + timedelta(days=self._get_validity_days())

    @api.model
    def _find_by_token(self, token):
        """:return: the newest invitation whose link had this token, or an empty recordset"""
        if not token:
            return self.browse()
        return self.search([("token_hash", "=", hash_token(token))], limit=1)

    @api.model
    def _get_open(self, partners):
        """:return: the invitations of these contacts that are not over"""
        return self.search([("partner_id", "in", partners.ids), ("state", "in", OPEN_STATES)])

    @api.model
    def _make(self, users, tokens, valid_until, message):
        """Make one invitation per user, for a link that exists already.

        :param users: the portal users
        :param dict tokens: the link's token by contact id
        :param datetime valid_until: the end of the links
        :param str message: plain text from the inviter
        """
        invitations = self.create(
            [
                {
                    "partner_id": user.partner_id.id,
                    "user_id": user.id,
                    "company_id": user.company_id.id,
                    "inviter_id": self.env.uid,
                    "email": self._get_address(user.partner_id),
                    "message": message or False,
                    "valid_until": valid_until,
                    "token_hash": hash_token(tokens[user.partner_id.id]),
                }
                for user in users
            ]
        )
        addresses = {invitation.user_id.id: invitation.email for invitation in invitations}
        self.env["portal.access.event"]._record("invited", users, addresses)
        return invitations

    def _cancel(self):
        """Close these open invitations: a mail that was not sent yet is not sent any more.

        The mail queue may hold the mail right now, so it is not touched: the queue asks the invitation
        before it sends, see `mail.mail._prepare_outgoing_list`.
        """
        self.write({"state": "cancelled", "next_attempt_on": False})

    def _replace(self):
        """Close open invitations because newer ones take their place.

        :return dict: by contact id, the hash of the token that the newer one may keep. A link that
            went to another address, by a slip perhaps, must not work on.
        """
        kept_hashes = {
            invitation.partner_id.id: invitation.token_hash
            for invitation in self
            if invitation.email == self._get_address(invitation.partner_id)
        }
        self._cancel()
        return kept_hashes

    @api.model
    def _get_address(self, partner):
        """:return str: the bare address that an invitation of this contact goes to"""
        return email_normalize(partner.email) or partner.email

    def _accept(self):
        """Note that the customer followed the link and chose a password."""
        self.write(
            {
                "state": "accepted",
                "accepted_on": fields.Datetime.now(),
                "next_attempt_on": False,
                "failure_reason": False,
            }
        )
