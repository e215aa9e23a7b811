from odoo import _, api, fields, models
from odoo.exceptions import UserError


class PortalWizard(models.TransientModel):
    _inherit = "portal.wizard"

    grant_count = fields.Integer(compute="_compute_pending", help="Rows that Apply will grant access to.")
    revoke_count = fields.Integer(compute="_compute_pending", help="Rows that Apply will revoke access from.")
    blocked_count = fields.Integer(compute="_compute_pending", help="Ticked rows that can't be granted access.")
    typed_count = fields.Integer(compute="_compute_pending", help="Rows whose typed email Apply will only save.")
    ready_count = fields.Integer(compute="_compute_pending", help="Rows that Grant to all ready will grant access to.")
    has_pending = fields.Boolean(compute="_compute_pending")
    pending_summary = fields.Char(compute="_compute_pending")
    state_summary = fields.Char(compute="_compute_state_summary")

    @api.depends("user_ids.in_portal", "user_ids.email", "user_ids.access_state")
    def _compute_pending(self):
        for wizard in self:
            ticked, unticked, typed = wizard.user_ids._get_pending()
            grantable = ticked.filtered("is_grantable")
            wizard.grant_count = len(grantable)
            wizard.blocked_count = len(ticked) - len(grantable)
            wizard.revoke_count = len(unticked)
            wizard.typed_count = len(typed - ticked - unticked)
            wizard.ready_count = len(wizard.user_ids.filtered("is_grantable"))
            wizard.has_pending = bool(ticked or unticked or typed)
            wizard.pending_summary = wizard._get_pending_summary()

    def _get_pending_summary(self):
        """:return str: what Apply is about to do, in words"""
        parts = []
        if self.grant_count:
            parts.append(_("grant %s", self.grant_count))
        if self.revoke_count:
            parts.append(_("revoke %s", self.revoke_count))
        if self.typed_count:
            parts.append(_("save %s email(s)", self.typed_count))
        summary = ", ".join(parts)
        if self.blocked_count:
            summary = _("%(changes)s (%(count)s ticked can't be granted)", changes=summary, count=self.blocked_count)
        summary = summary.strip()
        return summary[:1].upper() + summary[1:] if summary else _("Nothing to apply")

    @api.depends("user_ids.access_state")
    def _compute_state_summary(self):
        labels = dict(self.env["portal.wizard.user"]._fields["access_state"]._description_selection(self.env))
        for wizard in self:
            counts = {state: len(lines) for state, lines in wizard.user_ids.grouped("access_state").items()}
            wizard.state_summary = " · ".join(
                f"{label}: {counts[state]}" for state, label in labels.items() if counts.get(state)
            )

    @api.onchange("user_ids")
    def _onchange_user_ids(self):
        """Judge all rows again: an address typed in one may be in another one too."""
        self.user_ids._compute_access_state()

    # -------------------------------------------------------------------------
    # Actions
    # -------------------------------------------------------------------------

    def action_apply(self):
        """Grant access to the rows that were ticked, revoke it from those that were unticked.

        Ready rows succeed even when others can't; each row shows its result. Typed emails are saved
        on the contacts, also of rows that are neither ticked nor unticked.
        """
        self.ensure_one()
        ticked, unticked, typed = self.user_ids._get_pending()
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
            **typed_lines._save_typed_emails(),
        }
        lines._show_results(results)
        return self._action_open_modal()

    def _action_open_modal(self):
        return {**super()._action_open_modal(), "context": {"dialog_size": "extra-large"}}
