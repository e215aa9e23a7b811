from collections import Counter

from odoo import Command, _, api, fields, models
from odoo.exceptions import UserError

OPERATIONS = [
    ("revoke", "Revoke portal access"),
    ("invite", "Re-invite to the portal"),
    ("until", "Set end of portal access"),
]
DONE = {"revoke": "revoked", "invite": "invited", "until": "until_set"}


class PortalAccessBulk(models.TransientModel):
    """Something done with the access of many contacts at once: what it will do, and then what it did."""

    _name = "portal.access.bulk"
    _description = "Portal Access in Bulk"

    operation = fields.Selection(OPERATIONS, required=True, readonly=True)
    partner_ids = fields.Many2many("res.partner", string="Contacts", readonly=True, context={"active_test": False})
    message = fields.Text(
        string="Invitation Message", help="It is included in the invitation that these contacts get by email."
    )
    until = fields.Date(string="Access Until", help="The last day of access.")
    summary = fields.Char(compute="_compute_summary")
    concerned_count = fields.Integer(compute="_compute_summary", help="How many contacts Apply will change.")
    end_count = fields.Integer(compute="_compute_summary", help="How many of them have an end of access.")
    is_done = fields.Boolean(readonly=True)
    result_summary = fields.Char(readonly=True)
    refusal_ids = fields.One2many("portal.access.bulk.refusal", "bulk_id", string="Not Done", readonly=True)

    @api.depends("partner_ids", "operation")
    def _compute_summary(self):
        for wizard in self:
            concerned, others = wizard._get_concerned()
            wizard.concerned_count = len(concerned)
            wizard.end_count = len(concerned.filtered("portal_access_until"))
            wizard.summary = wizard._get_summary(len(concerned), others)

    def _get_concerned(self):
        """:return: the contacts that have access, and how many others there are by the reason"""
        contacts = self.partner_ids._origin
        verdicts = {result["partner_id"]: result["verdict"] for result in contacts.portal_access_check()}
        concerned = contacts.filtered(lambda partner: verdicts[partner.id] == "has_access")
        others = Counter(
            verdict if verdict in ("internal", "other_company", "missing") else "no_access"
            for verdict in verdicts.values()
            if verdict != "has_access"
        )
        return concerned, others

    def _get_summary(self, count, others):
        """:return str: what Apply is about to do, in words; see :meth:`_get_concerned`"""
        total = count + others.total()
        heads = {
            "revoke": _("%(count)s of %(total)s contacts have access and will lose it.", count=count, total=total),
            "invite": _(
                "%(count)s of %(total)s contacts have access and will be invited again.", count=count, total=total
            ),
            "until": _("%(count)s of %(total)s contacts have access.", count=count, total=total),
        }
        if self.operation not in heads:
            return False  # a dialog that is just being made
        rest = {
            "no_access": _("without access: %s", others["no_access"]),
            "internal": _("internal users: %s", others["internal"]),
            "other_company": _("of a company that you have not selected: %s", others["other_company"]),
            "missing": _("deleted: %s", others["missing"]),
        }
        tail = ", ".join(text for code, text in rest.items() if others[code])
        return f"{heads[self.operation]} {tail[0].upper()}{tail[1:]}." if tail else heads[self.operation]

    @api.model
    def _open(self, operation):
        """Open the dialog on the contacts that are ticked in a list.

        :param str operation: a key of :attr:`operation`
        """
        # Somebody may have deleted a contact since the list was shown.
        partners = self.env["res.partner"].browse(self.env.context.get("active_ids") or []).exists()
        wizard = self.create({"operation": operation, "partner_ids": [Command.set(partners.ids)]})
        return wizard._get_action()

    def _get_action(self):
        return {
            "type": "ir.actions.act_window",
            "name": dict(self._fields["operation"]._description_selection(self.env))[self.operation],
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }

    def action_apply(self):
        """Do it: one call of the core for all contacts. Some may be refused, each for its own reason."""
        self.ensure_one()
        if self.operation == "until" and not self.until:
            raise UserError(_("Choose the last day of access first."))
        contacts, others = self._start()
        if self.operation == "revoke":
            results = contacts.portal_access_revoke()
        elif self.operation == "invite":
            results = contacts.portal_access_invite(message=self.message)
        else:
            results = contacts.portal_access_set_until(self.until)
        labels = {
            "revoke": _("Access revoked: %s."),
            "invite": _("Invitations on their way: %s."),
            "until": _("End of access set: %s."),
        }
        return self._show_results(labels[self.operation], results, others.total())

    def action_remove_end(self):
        """Let access not end by itself any more, where it does."""
        self.ensure_one()
        contacts, others = self._start()
        ending = contacts.filtered("portal_access_until")
        results = ending.portal_access_set_until(False)
        return self._show_results(_("End of access removed: %s."), results, others.total() + len(contacts - ending))

    def _start(self):
        """:return: see :meth:`_get_concerned`

        :raise UserError: if it was done already
        """
        if self.is_done:
            raise UserError(_("This was done already. Close the dialog, and start again from the list."))
        return self._get_concerned()

    def _show_results(self, label, results, other_count):
        """Show what was done, and list those that were refused: the others were counted beforehand.

        :param str label: what was done, with a place for the number
        :param list results: of the contacts that the operation concerned
        :param int other_count: how many it did not concern
        """
        refused = [result for result in results if result["outcome"] == "refused"]
        texts = [label % (len(results) - len(refused))]
        if refused:
            texts.append(_("Not done: %s.", len(refused)))
        if other_count:
            texts.append(_("Not concerned: %s.", other_count))
        self.write(
            {
                "is_done": True,
                "result_summary": " ".join(texts),
                "refusal_ids": [
                    Command.create({"partner_id": result["partner_id"], "reason": result["reason"]})
                    for result in refused
                ],
            }
        )
        return self._get_action()


class PortalAccessBulkRefusal(models.TransientModel):
    """A contact that could not be changed, and why."""

    _name = "portal.access.bulk.refusal"
    _description = "Contact Refused in Bulk"
    _order = "id"

    bulk_id = fields.Many2one("portal.access.bulk", required=True, readonly=True, ondelete="cascade", index=True)
    partner_id = fields.Many2one("res.partner", string="Contact", readonly=True, ondelete="cascade")
    reason = fields.Char(readonly=True)
