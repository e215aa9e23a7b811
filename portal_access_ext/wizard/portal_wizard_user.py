from datetime import timedelta

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
    access_until = fields.Date(
        help="The last day of access, in the contact's time zone. Empty: it does not end by itself."
    )
    seen_until = fields.Date(readonly=True, help="The contact's last day of access when the dialog showed it last.")
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

    def _is_end_typed(self):
        """:return bool: whether the administrator chose another end of access than the contact has"""
        return self.access_until != self.seen_until

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

    # -------------------------------------------------------------------------
    # The end of access
    # -------------------------------------------------------------------------

    def _get_ends_to_grant(self):
        """Return the last day of rows that are granted access.

        A contact's own counts, typed or not, else that of the dialog. What nobody typed is not
        written over, somebody else may have set it meanwhile, unless it went by already.

        :return dict: the last day by contact id, or False
        """
        own = {line.partner_id.id: line.partner_id.sudo().portal_access_until for line in self}  # to be read only
        lapsed = self.partner_id._portal_access_end_problems(own)
        ends = {}
        for line in self:
            partner_id = line.partner_id.id
            until = line.access_until if line._is_end_typed() else partner_id not in lapsed and own[partner_id]
            ends[partner_id] = until or line.wizard_id.access_until
        return ends

    def _get_newly_ending(self):
        """:return: those of these rows that will have another last day once they are granted access"""
        return self.filtered(lambda line: (line.access_until or line.wizard_id.access_until) != line.seen_until)

    def _get_end_problems(self, is_grant=False):
        """:return dict: why they can't have their last day, by row, for those rows only"""
        ends = {line: line.access_until for line in self if line._is_end_typed()}
        if is_grant:
            ends.update({line: line.wizard_id.access_until for line in self if not line.access_until})
        # Of any later day no time zone makes a past one: ticking must not wait for a thousand contacts.
        tomorrow = fields.Date.today() + timedelta(1)
        by_contact = {
            line.partner_id._origin.id: until
            for line, until in ends.items()
            if until and until <= tomorrow and line.partner_id._origin
        }
        contacts = self.env["res.partner"].browse(by_contact).exists()
        problems = contacts._portal_access_end_problems(by_contact)
        return {line: problems[contact.id] for line in ends if (contact := line.partner_id._origin).id in problems}

    def _save_ends(self):
        """Save the typed ends of access on the contacts, and nothing else.

        :return dict: (outcome, reason) by row
        """
        ends = {line.partner_id.id: line.access_until for line in self}
        return self._get_results_by_line(*self.partner_id._portal_access_set_ends(ends))

    def _save_typed(self):
        """Save the typed addresses and ends of access of rows that keep the access they have, or don't.

        :return dict: (outcome, reason) by row
        """
        results = self.filtered(lambda line: line._is_email_typed())._save_typed_emails()
        for line, (outcome, reason) in self.filtered(lambda line: line._is_end_typed())._save_ends().items():
            email_outcome, email_reason = results.get(line, (outcome, ""))
            outcome = "refused" if "refused" in (outcome, email_outcome) else email_outcome
            results[line] = (outcome, " ".join(filter(None, (email_reason, reason))))
        return results

    def _save_typed_emails(self):
        """Save the typed addresses that can be used on the contacts.

        :return dict: (outcome, reason) by row
        """
        typed = self._get_typed_emails()
        verdicts = self.partner_id._portal_access_verdicts(typed)
        outcomes, savable = {}, self.env["res.partner"]
        for line in self:
            verdict = verdicts.get(line.partner_id.id)
            is_foreign = not verdict or verdict.code in ("internal", "other_company", "missing")
            if not is_foreign and verdict.email and verdict.email_code != "taken":
                savable |= line.partner_id
            else:
                reason = verdict and (verdict.reason if is_foreign else verdict.email_reason)
                outcomes[line.partner_id.id] = ("refused", reason or _("This email was not saved."))
        outcomes.update(savable._portal_access_save_typed_emails(verdicts))
        return {line: outcomes[line.partner_id.id] for line in self}

    def _show_results(self, results):
        """Keep what was done with each row, and what its contact is like now, in one statement.

        :param dict results: (outcome, reason) by row
        """
        if not results:
            return
        # sudo: the rows are the caller's own, they were read before. Asking again for rights, which Odoo
        # forgets each time that access changes, costs as much as all the rest.
        results = {line.sudo(): result for line, result in results.items()}
        lines = self.sudo().browse().concat(*results).exists()
        self.env.flush_all()
        # What was done is known. Where nothing was, somebody else may have done something meanwhile.
        unchanged = lines.filtered(lambda line: results[line][0] in ("refused", "saved", "until_set"))
        verdicts = unchanged.partner_id.sudo(False)._portal_access_verdicts()
        rows = []
        for line in lines:
            outcome, reason = results[line]
            verdict = verdicts.get(line.partner_id.id)
            has_access = verdict.code in ("has_access", "internal") if verdict else outcome in ("granted", "invited")
            if outcome == "refused" and line._is_settled(has_access):
                outcome = reason = None
            is_refused = outcome == "refused"
            # What was refused stays as it was typed and ticked, to be mended and applied again.
            rows.append(
                (
                    line.id,
                    line.in_portal if is_refused else has_access,
                    has_access,
                    (line.email if is_refused and line._is_email_typed() else line.partner_id.email) or None,
                    line.partner_id.email or None,
                    (line.access_until if is_refused else line.partner_id.portal_access_until) or None,
                    line.partner_id.portal_access_until or None,
                    outcome,
                    reason,
                    is_refused,
                )
            )
        self.env.cr.execute(
            """
            UPDATE portal_wizard_user line
               SET in_portal = new.in_portal, seen_in_portal = new.seen_in_portal, email = new.email,
                   seen_email = new.seen_email, access_until = new.access_until, seen_until = new.seen_until,
                   outcome = new.outcome, outcome_reason = new.outcome_reason, has_problem = new.has_problem
              FROM unnest(%s, %s, %s, %s::varchar[], %s::varchar[], %s::date[], %s::date[], %s, %s, %s)
                AS new (id, in_portal, seen_in_portal, email, seen_email, access_until, seen_until, outcome,
                        outcome_reason, has_problem)
             WHERE line.id = new.id
            """,
            [list(column) for column in zip(*rows, strict=True)],
        )
        self.invalidate_model()

    def _is_settled(self, has_access):
        """:return bool: whether somebody else did meanwhile what was asked for: no failure, but nothing to do"""
        return (
            self.seen_in_portal != self.in_portal == has_access
            and not self._is_email_typed()
            and not self._is_end_typed()
        )
