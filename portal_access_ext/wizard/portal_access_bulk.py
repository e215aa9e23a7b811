from collections import Counter

from odoo import Command, _, api, fields, models

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
    until = fields.Date(string="Access Until", help="The last day of access. Empty: access does not end by itself.")
    summary = fields.Char(compute="_compute_summary")
    concerned_count = fields.Integer(compute="_compute_summary", help="How many contacts Apply will change.")
    is_done = fields.Boolean(readonly=True)
    result_summary = fields.Char(readonly=True)
    refusal_ids = fields.One2many("portal.access.bulk.refusal", "bulk_id", string="Not Done", readonly=True)

    @api.depends("partner_ids", "operation")
    def _compute_summary(self):
        for wizard in self:
            verdicts = Counter(
                "no_access"
                if result["verdict"] not in ("has_access", "internal", "other_company", "missing")
                else result["verdict"]
                for result in wizard.partner_ids.portal_access_check()
            )
            wizard.concerned_count = verdicts["has_access"]
            if wizard.operation == "until":
                # Who has no access yet may have an end too: it counts once access is granted.
                wizard.concerned_count += verdicts["no_access"]
            wizard.summary = wizard._get_summary(verdicts, len(wizard.partner_ids))

    def _get_summary(self, verdicts, total):
        """:return str: what Apply is about to do, in words"""
        count = verdicts["has_access"]
        heads = {
            "revoke": _("%(count)s of %(total)s contacts have access and will lose it.", count=count, total=total),
            "invite": _(
                "%(count)s of %(total)s contacts have access and will be invited again.", count=count, total=total
            ),
            "until": _("%(count)s of %(total)s contacts have access.", count=count, total=total),
        }
        rest = {
            "no_access": _("without access: %s", verdicts["no_access"]),
            "internal": _("internal users: %s", verdicts["internal"]),
            "other_company": _("of a company that you have not selected: %s", verdicts["other_company"]),
            "missing": _("deleted: %s", verdicts["missing"]),
        }
        others = ", ".join(text for code, text in rest.items() if verdicts[code])
        return f"{heads[self.operation]} {others[0].upper()}{others[1:]}." if others else heads[self.operation]

    @api.model
    def _open(self, operation):
        """Open the dialog on the contacts that are ticked in a list.

        :param str operation: a key of :attr:`operation`
        """
        partner_ids = self.env.context.get("active_ids") or []
        wizard = self.create({"operation": operation, "partner_ids": [Command.set(partner_ids)]})
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
        contacts = self.partner_ids
        if self.operation == "revoke":
            results = contacts.portal_access_revoke()
        elif self.operation == "invite":
            results = contacts.portal_access_invite(message=self.message)
        else:
            results = contacts.portal_access_set_until(self.until)
        refused = [result for result in results if result["outcome"] == "refused"]
        self.write(
            {
                "is_done": True,
                "result_summary": self._get_result_summary(len(results) - len(refused), len(refused)),
                "refusal_ids": [
                    Command.clear(),
                    *(
                        Command.create({"partner_id": result["partner_id"], "reason": result["reason"]})
                        for result in refused
                    ),
                ],
            }
        )
        return self._get_action()

    def _get_result_summary(self, done_count, refused_count):
        """:return str: what was done, in words"""
        labels = {
            "revoke": _("Access revoked: %s.", done_count),
            "invite": _("Invitations on their way: %s.", done_count),
            "until": _("End of access set: %s.", done_count)
            if self.until
            else _("Access without end: %s.", done_count),
        }
        text = labels[self.operation]
        return f"{text} {_('Not done: %s.', refused_count)}" if refused_count else text


class PortalAccessBulkRefusal(models.TransientModel):
    """A contact that could not be changed, and why."""

    _name = "portal.access.bulk.refusal"
    _description = "Contact Refused in Bulk"
    _order = "id"

    bulk_id = fields.Many2one("portal.access.bulk", required=True, readonly=True, ondelete="cascade", index=True)
    partner_id = fields.Many2one("res.partner", string="Contact", readonly=True, ondelete="cascade")
    reason = fields.Char(readonly=True)
