from collections import Counter, defaultdict

from odoo import Command, _, api, fields, models
from odoo.exceptions import UserError


class PortalWizard(models.TransientModel):
    _inherit = "portal.wizard"

    def _default_partner_ids(self):
        """List the contacts in their own order: a company, then its contacts, by name."""
        contact_ids = [command[1] for command in super()._default_partner_ids()]
        contacts = self.env["res.partner"].sudo().with_context(active_test=False).search([("id", "in", contact_ids)])
        return [Command.link(contact_id) for contact_id in contacts.ids]

    partner_ids = fields.Many2many(default=lambda self: self._default_partner_ids())
    access_until = fields.Date(
        help="The last day of access of the contacts that are granted access now. Those with a date of their own "
        "keep it.",
    )
    grant_count = fields.Integer(compute="_compute_pending", help="Rows that Apply will grant access to.")
    revoke_count = fields.Integer(compute="_compute_pending", help="Rows that Apply will revoke access from.")
    blocked_count = fields.Integer(compute="_compute_pending", help="Ticked rows that can't be granted access.")
    typed_count = fields.Integer(compute="_compute_pending", help="Rows whose typed email Apply will only save.")
    unset_count = fields.Integer(compute="_compute_pending", help="Rows whose end of access can't be set.")
    unsavable_count = fields.Integer(compute="_compute_pending", help="Rows whose typed email can't be saved.")
    end_count = fields.Integer(
        compute="_compute_pending", help="Rows whose access Apply will let end by itself, or not."
    )
    ready_count = fields.Integer(compute="_compute_pending", help="Rows that Grant to all ready will grant access to.")
    has_pending = fields.Boolean(compute="_compute_pending", help="Whether closing the dialog loses changes.")
    pending_summary = fields.Char(compute="_compute_pending")
    state_summary = fields.Char(compute="_compute_state_summary")
    result_summary = fields.Char(readonly=True, help="What Apply or Grant to all ready did last.")

    @api.depends(
        "access_until",
        "user_ids.access_until",
        "user_ids.in_portal",
        "user_ids.email",
        "user_ids.access_state",
        "user_ids.outcome",
    )
    def _compute_pending(self):
        for wizard in self:
            ticked, unticked, typed = wizard.user_ids._get_pending()
            dated = wizard.user_ids.filtered(lambda line: line._is_end_typed()) - unticked
            past = wizard.user_ids.browse().concat(*dated._get_end_problems(), *ticked._get_end_problems(is_grant=True))
            grantable = ticked._get_grantable() - past
            wizard.grant_count = len(grantable)
            wizard.blocked_count = len(ticked) - len(grantable)
            wizard.revoke_count = len(unticked)
            settable = dated - ticked - past
            wizard.end_count = len(settable | grantable._get_newly_ending())
            wizard.unset_count = len(dated - ticked) - len(settable)
            only_typed = typed - ticked - unticked
            wizard.typed_count = len(only_typed.filtered(lambda line: line.email_state == "ok"))
            wizard.unsavable_count = len(only_typed) - wizard.typed_count
            wizard.ready_count = len(wizard.user_ids.filtered("is_grantable"))
            # What was refused was applied: it stays ticked to be mended, but the answer is known.
            wizard.has_pending = any(line.outcome != "refused" for line in ticked | unticked | typed | dated)
            wizard.pending_summary = wizard._get_pending_summary()

    def _get_pending_summary(self):
        """:return str: what Apply is about to do, in words"""
        parts = []
        if self.grant_count:
            parts.append(_("grant: %s", self.grant_count))
        if self.revoke_count:
            parts.append(_("revoke: %s", self.revoke_count))
        if self.end_count:
            parts.append(_("set end dates: %s", self.end_count))
        if self.typed_count:
            parts.append(_("save emails: %s", self.typed_count))
        if self.blocked_count:
            parts.append(_("can't be granted: %s", self.blocked_count))
        if self.unsavable_count:
            parts.append(_("emails that can't be saved: %s", self.unsavable_count))
        if self.unset_count:
            parts.append(_("end dates that can't be set: %s", self.unset_count))
        summary = ", ".join(parts)
        return summary[:1].upper() + summary[1:] if summary else _("Nothing to apply")

    @api.depends("user_ids.access_state", "user_ids.is_grantable")
    def _compute_state_summary(self):
        for wizard in self:
            lines = wizard.user_ids
            internal = lines.filtered("is_internal")
            has_access = lines.filtered("is_portal")
            ready = lines.filtered("is_grantable")
            parts = [
                _("Contacts: %s", len(lines)),
                _("ready: %s", len(ready)),
                _("in the portal: %s", len(has_access)),
                _("internal users: %s", len(internal)),
                _("need attention: %s", len(lines - internal - has_access - ready)),
            ]
            wizard.state_summary = " · ".join(parts)

    @api.onchange("user_ids")
    def _onchange_user_ids(self):
        """Judge the other rows again when an address was typed in one: it may be theirs too.

        A tick changes no verdict, and the ticks are many: they must not wait for a thousand rows.
        """
        lines = self.user_ids
        if any(line.email != line._origin.email or line.access_state != line._origin.access_state for line in lines):
            lines._judge_again()

    def write(self, vals):
        """Write rows that changed alike together: the web client sends one command for each of a thousand ticks."""
        commands = vals.get("user_ids") or []
        if len(commands) > 1 and all(command[0] == Command.UPDATE for command in commands):
            alike = defaultdict(list)
            for command in commands:
                alike[repr(sorted(command[2].items()))].append(command)
            for same in alike.values():
                self.env["portal.wizard.user"].browse(command[1] for command in same).write(same[0][2])
            vals = {name: value for name, value in vals.items() if name != "user_ids"}
        return super().write(vals)

    # -------------------------------------------------------------------------
    # Actions
    # -------------------------------------------------------------------------

    def action_tick_all_ready(self):
        """Tick every row that is ready, on whichever page it is. Nothing happens before Apply."""
        self.ensure_one()
        self.user_ids.filtered("is_grantable").in_portal = True
        return self._action_open_modal()

    def action_untick_all(self):
        """Untick every row but those of internal users, who can't lose their access here."""
        self.ensure_one()
        self.user_ids.filtered(lambda line: line.in_portal and not line.is_internal).in_portal = False
        return self._action_open_modal()

    def action_apply(self):
        """Grant access to the rows that were ticked, revoke it from those that were unticked.

        Ready rows succeed even when others can't; each row shows its result. Typed emails and ends of
        access are saved on the contacts, also of rows that are neither ticked nor unticked.
        """
        self.ensure_one()
        ticked, unticked, typed = self.user_ids._get_pending()
        typed |= self.user_ids.filtered(lambda line: line._is_end_typed())
        if not (ticked or unticked or typed):
            raise UserError(_("There is nothing to apply: tick or untick In Portal first."))
        return self._apply(ticked, unticked, typed - ticked - unticked)

    def action_grant_all_ready(self):
        """Grant access to every row that is ready, ticked or not, on whichever page it is."""
        self.ensure_one()
        ready = self.user_ids.filtered("is_grantable")
        if not ready:
            raise UserError(_("No contact in this list is ready to be granted access."))
        none = self.user_ids.browse()
        return self._apply(ready, none, none)

    def _apply(self, grant_lines, revoke_lines, typed_lines):
        lines = grant_lines | revoke_lines | typed_lines
        # All of them at once, so that two lists that overlap can't lock each other up.
        lines.partner_id._portal_access_lock()
        results = {
            **revoke_lines._revoke_access(),
            **grant_lines._grant_access(),
            **typed_lines._save_typed(),
        }
        ending = grant_lines._get_newly_ending() | typed_lines.filtered(lambda line: line._is_end_typed())
        lines._show_results(results)
        # sudo: our own dialog, see `_show_results`
        self.sudo().result_summary = self._get_result_summary(lines.sudo(), ending.sudo())
        return self._action_open_modal()

    def _get_result_summary(self, lines, ending):
        """Say what was done with how many of these rows, in words.

        :param ending: those of them that were to get another end of access
        :return str:
        """
        labels = {
            "granted": _("Granted"),
            "revoked": _("Revoked"),
            "saved": _("Email saved"),
            "ending": _("End date set"),
            "refused": _("Failed"),
            False: _("Nothing to do"),
        }
        counts = Counter(lines.mapped("outcome"))
        counts["ending"] = len(ending.filtered(lambda line: line.outcome in ("granted", "saved", "until_set")))
        return ", ".join(f"{label}: {counts[outcome]}" for outcome, label in labels.items() if counts[outcome])

    def _action_open_modal(self):
        return {**super()._action_open_modal(), "context": {"dialog_size": "extra-large"}}
