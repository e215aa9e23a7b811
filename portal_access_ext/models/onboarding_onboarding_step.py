import smtplib

from odoo import _, api, models
from odoo.exceptions import UserError
from odoo.tools import email_normalize
from odoo.tools.mail import encapsulate_email


class OnboardingStep(models.Model):
    """The steps of the panel above Contacts, Portal, Access. Each opens what it says, for who sees the panel."""

    _inherit = "onboarding.onboarding.step"

    @api.model
    def action_open_step_portal_mail(self):
        """Connect to the server that would send the user's invitations, and show the servers if none answers.

        :return dict: an action, which says what happened
        :raise AccessError: if the current user is no administrator
        :raise UserError: if mails of the user would be from nobody, which no server sends
        """
        self.check_access_rights("write")
        sender = self.env.user.email_formatted or self.env.company.email_formatted
        if not sender and not self.env["ir.mail_server"]._get_default_from_address():
            self.env["mail.thread"]._message_compute_author()  # raises, in Odoo's words
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
            smtp_from = getattr(connection, "smtp_from", None)  # not in all that other modules connect with
            if smtp_from and email_normalize(smtp_from) != email_normalize(sender):
                sender = encapsulate_email(sender, smtp_from) if sender else smtp_from  # as Odoo does with each mail
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
        """Open the settings. All have a default that will do: to know them is enough.

        :return dict: an action
        :raise AccessError: if the current user is no administrator
        """
        self.check_access_rights("write")
        self.action_validate_step("portal_access_ext.onboarding_step_portal_settings")
        return self.env["ir.actions.act_window"]._for_xml_id("portal_access_ext.portal_access_settings_action")

    @api.model
    def action_open_step_portal_exposure(self):
        """Find what portal users can reach, and show it with the way back to the panel.

        :return dict: an action
        :raise AccessError: if the current user is no administrator
        """
        self.check_access_rights("write")
        action = self.env["portal.access.exposure"].action_check()
        return {**action, "target": "current"}

    @api.model
    def action_open_step_portal_grant(self):
        """Open the list of contacts, where they are ticked.

        :return dict: an action
        :raise AccessError: if the current user is no administrator
        """
        self.check_access_rights("write")
        action = self.env["ir.actions.act_window"]._for_xml_id("contacts.action_contacts")
        views = sorted(action["views"], key=lambda view: view[1] != "tree")
        return {**action, "views": views, "view_mode": ",".join(mode for _view_id, mode in views)}

    def _portal_access_validate_done(self):
        """Tick off those of the steps that somebody has done, in the panel or elsewhere."""
        # sudo: a row is proof enough, whoever may read it.
        invitations_sudo = self.env["portal.access.invitation"].sudo()
        exposures_sudo = self.env["portal.access.exposure"].sudo()
        users_sudo = self.env["res.users"].sudo()
        company, portal = self.env.company, self.env.ref("base.group_portal")
        proofs = {
            "action_open_step_portal_mail": (
                invitations_sudo,
                [("sent_on", "!=", False), ("company_id", "=", company.id)],
            ),
            "action_open_step_portal_exposure": (exposures_sudo, []),
            "action_open_step_portal_grant": (
                users_sudo,
                [("groups_id", "in", portal.ids), ("company_ids", "in", company.ids)],
            ),
        }
        for step in self.filtered(lambda step: step.current_step_state == "not_done"):
            rows_sudo, domain = proofs.get(step.panel_step_open_action_name, (None, None))
            # Counted, as a search would sort them all.
            if rows_sudo is not None and rows_sudo.search_count(domain, limit=1):
                step.action_set_just_done()
