import smtplib

from odoo import _, api, models
from odoo.exceptions import UserError


class OnboardingStep(models.Model):
    """The steps of the panel above Contacts, Portal, Access. Each opens what it says."""

    _inherit = "onboarding.onboarding.step"

    @api.model
    def action_open_step_portal_mail(self):
        """Connect to the server that would send the user's invitations, and show the servers if none answers."""
        sender = self.env.user.email_formatted or self.env.company.email_formatted
        notification = {"type": "ir.actions.client", "tag": "display_notification"}
        try:
            connection = self.env["ir.mail_server"].connect(smtp_from=sender)
        except (OSError, UnicodeError, smtplib.SMTPException, UserError) as error:
            servers = self.env["ir.actions.act_window"]._for_xml_id("base.action_ir_mail_server_list")
            notification["params"] = {
                "type": "danger",
                "sticky": True,
                "title": _("No mail server answers"),
                "message": _("Add a server, or correct the one that is used: %(error)s", error=error),
                "next": servers,
            }
            return notification
        if connection:  # none in tests
            connection.close()
        self.action_validate_step("portal_access_ext.onboarding_step_portal_mail")
        notification["params"] = {
            "type": "success",
            "title": _("A mail server answers"),
            "message": _("Your invitations come from %(sender)s.", sender=sender),
            "next": {"type": "ir.actions.act_window_close"},  # shows the panel anew
        }
        return notification

    @api.model
    def action_open_step_portal_settings(self):
        # All settings have a default that will do: to know them is enough.
        self.action_validate_step("portal_access_ext.onboarding_step_portal_settings")
        return self.env["ir.actions.act_window"]._for_xml_id("portal_access_ext.portal_access_settings_action")

    @api.model
    def action_open_step_portal_exposure(self):
        action = self.env["portal.access.exposure"].action_check()
        return {**action, "target": "current"}  # with the way back to the panel

    @api.model
    def action_open_step_portal_grant(self):
        action = self.env["ir.actions.act_window"]._for_xml_id("contacts.action_contacts")
        # Where contacts are ticked.
        views = sorted(action["views"], key=lambda view: view[1] != "tree")
        return {**action, "views": views, "view_mode": ",".join(mode for _view_id, mode in views)}

    def _portal_access_validate_done(self):
        """Tick off those of the steps that somebody has done, in the panel or elsewhere."""
        # A row is proof enough, whoever may read it.
        Invitation = self.env["portal.access.invitation"].sudo()
        Exposure = self.env["portal.access.exposure"].sudo()
        Users = self.env["res.users"].sudo()
        company, portal = self.env.company, self.env.ref("base.group_portal")
        proofs = {
            "action_open_step_portal_mail": (Invitation, [("sent_on", "!=", False), ("company_id", "=", company.id)]),
            "action_open_step_portal_exposure": (Exposure, []),
            "action_open_step_portal_grant": (
                Users,
                [("groups_id", "in", portal.ids), ("company_ids", "in", company.ids)],
            ),
        }
        for step in self.filtered(lambda step: step.current_step_state == "not_done"):
            Model, domain = proofs.get(step.panel_step_open_action_name, (None, None))
            # Counted, as a search would sort them all.
            if Model is not None and Model.search_count(domain, limit=1):
                step.action_set_just_done()
