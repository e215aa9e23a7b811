from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

HAS_ACCESS = ("active", "invited", "expired")


class ResPartner(models.Model):
    """What the form of a contact shows of the portal, and its buttons: each calls the core once."""

    _inherit = "res.partner"

    portal_access_summary = fields.Char(
        string="Portal Access of Contacts",
        compute="_compute_portal_access_summary",
        groups="base.group_user",
    )
    portal_event_count = fields.Integer(compute="_compute_portal_event_count", groups="base.group_partner_manager")

    @api.depends("child_ids", "child_ids.type", "is_company")
    def _compute_portal_access_summary(self):
        """Count the contacts that the dialog lists for a company, except for the company itself."""
        rows = {}
        companies = self.filtered("is_company")
        if companies.ids:
            self._portal_status_flush()
            self.env["res.partner"].flush_model(["active", "parent_id", "type"])
            self.env.cr.execute(
                SQL(
                    """
                    SELECT contact.parent_id, count(*), count(*) FILTER (WHERE %s IN %s)
                      FROM res_partner contact
                     WHERE contact.parent_id IN %s AND contact.active AND contact.type IN ('contact', 'other')
                     GROUP BY contact.parent_id
                    """,
                    self._portal_status_expression(SQL("contact")),
                    HAS_ACCESS,
                    tuple(companies.ids),
                )
            )
            rows = {row[0]: row[1:] for row in self.env.cr.fetchall()}
        for partner in self:
            total, count = rows.get(partner._origin.id, (0, 0))
            partner.portal_access_summary = (
                _("%(count)s of %(total)s contacts have access", count=count, total=total) if total else False
            )

    def _compute_portal_event_count(self):
        counts = self.env["portal.access.event"]._read_group(
            [("partner_id", "in", self.ids)], ["partner_id"], ["__count"]
        )
        counts = {partner.id: count for partner, count in counts}
        for partner in self:
            partner.portal_event_count = counts.get(partner._origin.id, 0)

    def action_portal_access_grant(self):
        """Grant access, and say so.

        :raise UserError: if access can't be granted, with the reason
        """
        return self._portal_access_act(self.portal_access_grant)

    def action_portal_access_invite(self):
        """Send a new invitation, and say so.

        :raise UserError: if the contact can't be invited, with the reason
        """
        return self._portal_access_act(self.portal_access_invite)

    def action_portal_access_revoke(self):
        """Take access away, and say so.

        :raise UserError: if the contact has none, with the reason
        """
        return self._portal_access_act(self.portal_access_revoke)

    def _portal_access_act(self, method):
        self.ensure_one()
        [result] = method()
        if result["outcome"] == "refused":
            raise UserError(result["reason"])
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "title": self.display_name,
                "message": result["reason"],
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def action_portal_access_open_dialog(self):
        """Open the dialog on the contact and, if it is a company, on its contacts."""
        self._portal_access_check_rights()
        return self.env["portal.wizard"].with_context(active_ids=self.ids).action_open_wizard()

    def action_portal_access_events(self):
        """Show what happened to the contact's access."""
        self.ensure_one()
        self._portal_access_check_rights()
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("portal_access_ext.portal_access_event_action"),
            "domain": [("partner_id", "=", self.id)],
            "context": {},
        }
