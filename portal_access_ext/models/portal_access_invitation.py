import hashlib
from datetime import timedelta

from odoo import api, fields, models
from odoo.osv import expression
from odoo.tools import SQL, email_normalize

VALIDITY_DAYS = 7
VALIDITY_DAYS_MAX = 365
STATES = [
    ("queued", "Queued"),
    ("sent", "Sent"),
    ("failed", "Failed"),
    ("accepted", "Accepted"),
    ("cancelled", "Cancelled"),
]
# An invitation in one of these states waits for the customer, or has expired: see `status`.
OPEN_STATES = ("queued", "sent", "failed")


def hash_token(token):
    """Return what is kept of a sign-up token, so that a used or expired link can still be recognised."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


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
    valid_until = fields.Datetime(required=True, readonly=True, index=True)
    state = fields.Selection(STATES, string="Last Event", required=True, default="queued", readonly=True, index=True)
    status = fields.Selection(
        [*STATES[:3], ("expired", "Expired"), *STATES[3:]],
        compute="_compute_status",
        search="_search_status",
        help="What is true at this moment: an invitation expires without anybody writing it down.",
    )
    cancel_reason = fields.Selection(
        [
            ("replaced", "Replaced by a newer invitation"),
            ("by_hand", "Cancelled by hand"),
            ("ended", "The contact's access ended"),
        ],
        string="Why Cancelled",
        readonly=True,
    )
    login_date = fields.Datetime(related="user_id.login_date", string="Latest Authentication")
    is_connected = fields.Boolean(
        string="Has Signed In", compute="_compute_is_connected", search="_search_is_connected"
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
        groups=fields.NO_ACCESS,
        help="Whoever has this link can choose the password of the account. "
        "Mails have it; people get it by Copy link only, which the ledger records.",
    )

    @api.depends("state", "valid_until")
    def _compute_status(self):
        now = fields.Datetime.now()
        for invitation in self:
            is_over = invitation.valid_until and invitation.valid_until <= now
            invitation.status = "expired" if is_over and invitation.state in OPEN_STATES else invitation.state

    @api.model
    def _search_status(self, operator, value):
        values = value if isinstance(value, (list, tuple, set)) else [value]
        wanted = {key for key, _label in self._fields["status"].selection if key in values}
        if operator in expression.NEGATIVE_TERM_OPERATORS:
            wanted = {key for key, _label in self._fields["status"].selection} - wanted
        now = fields.Datetime.now()
        in_time = [("state", "in", [state for state in OPEN_STATES if state in wanted]), ("valid_until", ">", now)]
        domains = [in_time, [("state", "in", list(wanted - set(OPEN_STATES)))]]
        if "expired" in wanted:
            domains.append([("state", "in", OPEN_STATES), ("valid_until", "<=", now)])
        return expression.OR(domains)

    def _field_to_sql(self, alias, fname, query=None):
        """Let invitations be grouped by what they are at this moment."""
        if fname != "status":
            return super()._field_to_sql(alias, fname, query)
        self.flush_model(["state", "valid_until"])
        return SQL(
            "CASE WHEN %(state)s IN %(open_states)s AND %(valid_until)s <= %(now)s THEN 'expired' ELSE %(state)s END",
            state=SQL.identifier(alias, "state"),
            open_states=OPEN_STATES,
            valid_until=SQL.identifier(alias, "valid_until"),
            now=fields.Datetime.now(),
        )

    @api.depends("login_date")
    def _compute_is_connected(self):
        for invitation in self:
            invitation.is_connected = bool(invitation.login_date)

    @api.model
    def _search_is_connected(self, operator, value):
        # sudo: contact managers may not read who signed in when; that somebody ever did, they see anyway.
        Users = self.env["res.users"].sudo().with_context(active_test=False)
        is_wanted = bool(value) is (operator not in expression.NEGATIVE_TERM_OPERATORS)
        return [("user_id", "in" if is_wanted else "not in", Users._search([("log_ids", "!=", False)]))]

    @api.depends("partner_id", "user_id", "state", "valid_until")
    @api.depends_context("su")
    def _compute_link(self):
        # Whoever has the link can take the account. The mail renders as superuser; a reader by
        # attribute (a template of somebody else's) is not checked by the field's groups.
        working = self.filtered(lambda invitation: invitation._has_link()) if self.env.su else self.browse()
        (self - working).link = False
        urls = working.partner_id._get_signup_url_for_action()
        for invitation in working:
            invitation.link = urls.get(invitation.partner_id.id, False)

    def _has_link(self):
        """:return bool: whether the link works still"""
        return self.state in OPEN_STATES and self.valid_until > fields.Datetime.now()

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
    def _get_reminder_days(self):
        """:return int: how many days before its end a customer is reminded of an invitation; 0 if never"""
        value = self.env["ir.config_parameter"].sudo().get_param("portal_access_ext.invitation_reminder_days")
        try:
            days = int(value)
        except ValueError:
            return 0
        return days if 0 < days < self._get_validity_days() else 0

    @api.model
    def _find_by_token(self, token):
        """:return: the newest invitation whose link had this token, or an empty recordset"""
        if not token:
            return self.browse()
        return self.search([("token_hash", "=", hash_token(token))], limit=1)

    @api.model
    def _get_open(self, partners):
        """:return: the invitations of these contacts that are not over, expired ones too: these can be replaced,
        cancelled, and accepted by way of another link
        """
        return self.search([("partner_id", "in", partners.ids), ("state", "in", OPEN_STATES)])

    @api.model
    def _make(self, users, tokens, valid_until, message, actor=None):
        """Make one invitation per user, for a link that exists already.

        :param users: the portal users
        :param dict tokens: the link's token by contact id
        :param datetime valid_until: the end of the links
        :param str message: plain text from the inviter
        :param actor: who asked for it, if not the current user, who invites
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
        self.env["portal.access.event"]._record("invited", users, addresses, actor=actor)
        return invitations

    def _cancel(self, reason):
        """Close these open invitations: a mail that was not sent yet is not sent any more.

        :param str reason: a key of :attr:`cancel_reason`

        The mail queue may hold the mail right now, so it is not touched: the queue asks the invitation
        before it sends, see `mail.mail._prepare_outgoing_list`.
        """
        self.write({"state": "cancelled", "cancel_reason": reason, "next_attempt_on": False})

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
        self._cancel("replaced")
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
