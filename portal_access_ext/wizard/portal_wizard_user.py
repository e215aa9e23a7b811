from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ..models.res_partner_check import ACCESS_VERDICTS, GRANTABLE

OUTCOMES = [
    ("granted", "Granted"),
    ("invited", "Invited"),
    ("revoked", "Revoked"),
    ("saved", "Email saved"),
    ("until_set", "End date set"),
    ("refused", "Failed"),
]
# The stock words for what is wrong with an address.
EMAIL_STATES = {"no_email": "ko", "invalid_email": "ko", "taken": "exist"}


class PortalWizardUser(models.TransientModel):
    _inherit = "portal.wizard.user"
    # What needs attention comes first, however long the list is.
    _order = "has_problem desc, id"

    # A contact may be deleted while the dialog is open: the row then says so, instead of vanishing.
    partner_id = fields.Many2one(required=False, ondelete="set null")
    in_portal = fields.Boolean()
    seen_in_portal = fields.Boolean(
        readonly=True, help="Whether the contact had access when the dialog showed it last."
    )
    seen_email = fields.Char(readonly=True, help="The contact's email when the dialog showed it last.")
    has_problem = fields.Boolean(readonly=True, help="Whether the row needs attention, and comes first.")
    outcome = fields.Selection(OUTCOMES, readonly=True, help="What the last action did with this row.")
    outcome_reason = fields.Char(readonly=True)
    access_state = fields.Selection(
        [*OUTCOMES, *ACCESS_VERDICTS], string="Access Status", compute="_compute_access_state"
    )
    access_reason = fields.Char(compute="_compute_access_state")
    is_grantable = fields.Boolean(compute="_compute_access_state")
    email_state = fields.Selection(compute="_compute_access_state")
    is_portal = fields.Boolean(compute="_compute_user_id", compute_sudo=True)
    is_internal = fields.Boolean(compute="_compute_user_id", compute_sudo=True)

    @api.model_create_multi
    def create(self, vals_list):
        """Note what each contact is like while the dialog shows it, so that a change can be told from it."""
        partners = self.env["res.partner"].browse(vals["partner_id"] for vals in vals_list if vals.get("partner_id"))
        verdicts = partners._portal_access_verdicts(
            {
                vals["partner_id"]: vals["email"] or ""
                for vals in vals_list
                if "email" in vals and vals.get("partner_id")
            }
        )
        for vals in vals_list:
            verdict = verdicts.get(vals.get("partner_id"))
            if verdict:
                has_access = verdict.code in ("has_access", "internal")
                vals.setdefault("in_portal", has_access)
                vals["seen_in_portal"] = has_access
                partner = partners.browse(vals["partner_id"])
                vals["seen_email"] = partner.email
                vals["seen_until"] = partner.portal_access_until
                vals.setdefault("access_until", partner.portal_access_until)
                vals["has_problem"] = not (has_access or verdict.is_grantable)
        return super().create(vals_list)

    # -------------------------------------------------------------------------
    # Computed fields: for all rows together, in a number of queries that does not grow
    # -------------------------------------------------------------------------

    @api.depends("partner_id.user_ids.active", "partner_id.user_ids.groups_id")
    def _compute_user_id(self):
        users = self.partner_id._origin._portal_access_users()
        for line in self:
            user = users.get(line.partner_id._origin.id)
            line.user_id = user.user_id if user else False
            line.is_internal = bool(user and user.is_internal)
            line.is_portal = bool(user and not user.is_internal and user.is_active and user.is_portal)

    @api.depends("email", "partner_id", "outcome", "outcome_reason")
    def _compute_access_state(self):
        for wizard, lines in self.grouped("wizard_id").items():
            verdicts = (wizard.user_ids | lines)._get_verdicts(lines)
            for line in lines:
                line.update(line._get_state_values(verdicts[line]))

    def _get_state_values(self, verdict):
        """:return dict: what the row shows, values by field"""
        values = {
            # Another row with the same email is no reason not to grant this one alone.
            "email_state": EMAIL_STATES.get(verdict.email_code, "ok"),
            "is_grantable": verdict.is_grantable,
            "access_state": verdict.code,
            "access_reason": verdict.reason,
        }
        # A refusal that the verdict explains is not told twice; a success is always told.
        if self.outcome and (self.outcome != "refused" or verdict.code in (*GRANTABLE, "has_access")):
            values.update(access_state=self.outcome, access_reason=self.outcome_reason)
        return values

    def _judge_again(self):
        """Judge all these rows, and touch only those that it changes: each one touched costs time."""
        verdicts = self._get_verdicts()
        for line in self:
            for name, value in line._get_state_values(verdicts[line]).items():
                if line[name] != value:
                    line[name] = value

    def _get_verdicts(self, last_word=()):
        """Judge these rows together.

        :param last_word: rows in memory, whose address counts more than what is stored for the same contact
        :return: a verdict by row
        """
        lines = [*self, *last_word]
        emails = {}
        for line in lines:
            partner_id = line.partner_id._origin.id
            if line._is_email_typed():
                emails[partner_id] = line.email or ""
            else:
                emails.pop(partner_id, None)  # it was typed, saved with the dialog, and taken back
        partners = self.partner_id._origin
        verdicts = partners._portal_access_verdicts(emails)
        missing = self.env["res.partner"]._portal_access_missing_verdict()
        return {line: verdicts.get(line.partner_id._origin.id, missing) for line in lines}

    def _is_email_typed(self):
        """:return bool: whether the administrator typed another address than the contact has"""
        if not self._origin:
            return bool(self.email)
        return (self.email or "") != (self.seen_email or "")

    @api.onchange("in_portal", "email", "access_until")
    def _onchange_row(self):
        """What the last action did is no longer the news of a row that is changed again."""
        if self.outcome:  # else all rows would be judged once more for nothing
            self.outcome = self.outcome_reason = False

    # -------------------------------------------------------------------------
    # The buttons of one row: stock names and meaning, on the core
    # -------------------------------------------------------------------------

    def action_grant_access(self):
        """Grant portal access to the contact and send the invitation right after the commit.

        :raise UserError: if access can't be granted, with the reason
        """
        self.ensure_one()
        if self._get_stale():
            return self._act_alone({self: ("refused", self._get_stale_reason())})
        if self._is_customized():
            return self._call_stock(super().action_grant_access, "granted")
        self.partner_id._portal_access_lock()
        return self._act_alone(self._grant_access(send_now=True))

    def action_revoke_access(self):
        """Take portal access from the contact.

        :raise UserError: if the contact has none, or is an internal user
        """
        self.ensure_one()
        if self._is_customized():
            return self._call_stock(super().action_revoke_access, "revoked")
        self.partner_id._portal_access_lock()
        return self._act_alone(self._revoke_access())

    def action_invite_again(self):
        """Send a new invitation right after the commit.

        :raise UserError: if the contact has no access or no usable email
        """
        self.ensure_one()
        if self._get_stale():
            return self._act_alone({self: ("refused", self._get_stale_reason())})
        if self._is_customized():
            return self._call_stock(super().action_invite_again, "invited")
        self.partner_id._portal_access_lock()
        return self._act_alone(self._invite_again(send_now=True))

    def _act_alone(self, results):
        outcome, reason = results[self]
        if outcome == "refused" and not self._get_stale():
            raise UserError(reason)
        self._show_results(results)
        return self.action_refresh_modal()

    # -------------------------------------------------------------------------
    # Doors to the core: many rows, one call
    # -------------------------------------------------------------------------

    def _get_pending(self):
        """:return tuple: the rows that were ticked, those that were unticked, those with a typed email"""
        return (
            self.filtered(lambda line: line.in_portal and not line.seen_in_portal),
            self.filtered(lambda line: not line.in_portal and line.seen_in_portal),
            self.filtered(lambda line: line._is_email_typed()),
        )

    def _get_grantable(self):
        """:return: those of these rows that can be granted access together, whatever the other rows are"""
        if "duplicate" not in self.mapped("access_state"):
            return self.filtered("is_grantable")
        verdicts = self._get_verdicts()
        return self.filtered(lambda line: verdicts[line].is_grantable)

    def _get_typed_emails(self):
        return {line.partner_id.id: line.email or "" for line in self if line._is_email_typed()}

    def _get_results_by_line(self, verdicts, outcomes):
        """:return dict: (outcome, reason) by row, from what the core returns"""
        missing = ("refused", self.env["res.partner"]._portal_access_missing_verdict().reason)
        return {line: outcomes.get(line.partner_id.id, missing) for line in self}

    def _grant_access(self, send_now=False):
        stale = self._get_stale()
        results = {line: ("refused", line._get_stale_reason()) for line in stale}
        # Nobody is granted access for longer than was asked for.
        problems = (self - stale)._get_end_problems(is_grant=True)
        results.update({line: ("refused", problem) for line, problem in problems.items()})
        lines = self.filtered(lambda line: line not in results)
        if lines._is_customized():
            results.update(lines._run_one_by_one("action_grant_access", "granted"))
            return results
        granted = lines.partner_id._portal_access_grant(
            lines._get_typed_emails(),
            self.wizard_id.welcome_message,
            send_now=send_now,
            ends=lines._get_ends_to_grant(),
        )
        results.update(lines._get_results_by_line(*granted))
        return results

    def _get_stale(self):
        """:return: the rows that show an address that the contact has no more: nobody saw the new one"""
        # A contact that went to a company out of reach is refused for that, by the core.
        readable = self.partner_id.exists()._filter_access_rules("read")
        return self.filtered(
            lambda line: (
                line.partner_id in readable
                and not line._is_email_typed()
                and (line.partner_id.email or "") != (line.seen_email or "")
            )
        )

    def _get_stale_reason(self):
        return _("The email was changed meanwhile to %s. Look at it, and apply again.", self.partner_id.email or "")

    def _invite_again(self, send_now=False):
        results = {line: ("refused", problem) for line, problem in self._get_end_problems().items()}
        lines = self.filtered(lambda line: line not in results)
        invited = lines.partner_id._portal_access_invite(
            lines._get_typed_emails(), self.wizard_id.welcome_message, send_now=send_now
        )
        results.update(lines._get_results_by_line(*invited))
        lines.filtered(lambda line: results[line][0] == "invited" and line._is_end_typed())._save_ends()
        return results

    def _revoke_access(self):
        if self._is_customized():
            return self._run_one_by_one("action_revoke_access", "revoked")
        results = self._get_results_by_line(*self.partner_id._portal_access_revoke())
        # As in stock, an address typed in the row is saved whichever button is used.
        revoked = self.filtered(lambda line: results[line][0] == "revoked" and line._is_email_typed())
        revoked._save_typed_emails()
        return results
