from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

from .portal_access_event import RETENTION_DAYS_MAX
from .portal_access_invitation import VALIDITY_DAYS, VALIDITY_DAYS_MAX

WARNING_DAYS = 7
WARNING_DAYS_MAX = 60
DORMANCY_DAYS_MIN = 30
DORMANCY_DAYS_MAX = 3650


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    portal_invitation_validity_days = fields.Integer(
        string="Portal Invitation Validity",
        default=VALIDITY_DAYS,
        config_parameter="portal_access_ext.invitation_validity_days",
        help="For how many days the link in a portal invitation works.",
    )
    portal_invitation_reminder_days = fields.Integer(
        string="Portal Invitation Reminder",
        config_parameter="portal_access_ext.invitation_reminder_days",
        help="How many days before its end customers are reminded of an invitation that they did not follow; 0: never.",
    )
    portal_event_retention_days = fields.Integer(
        string="Portal Event Retention",
        config_parameter="portal_access_ext.event_retention_days",
        help="For how many days portal access events are kept; 0 keeps them for ever.",
    )
    # Without `config_parameter`, which keeps no zero.
    portal_access_warning_days = fields.Integer(
        string="Warning Before the End of Portal Access",
        default=WARNING_DAYS,
        help="How many days before their access ends customers are warned by mail; 0 for no warning.",
    )
    portal_access_dormancy_days = fields.Integer(
        string="Dormant Portal Access",
        help="After how many days without signing in portal access is revoked; 0 for never. Customers are warned "
        "before, unless the warning is set to 0 days.",
    )
    portal_login_change_by_customer = fields.Boolean(
        string="Portal Login Changes",
        config_parameter="portal_access_ext.login_change_by_customer",
        help="Whether customers may ask for another login on their page Connection & Security.",
    )

    @api.constrains("portal_invitation_reminder_days", "portal_invitation_validity_days")
    def _check_portal_invitation_reminder_days(self):
        for settings in self:
            days = settings.portal_invitation_reminder_days
            if days < 0:
                raise ValidationError(_("Reminders of invitations are sent some days before the end, or never: 0."))
            if days and days >= settings.portal_invitation_validity_days:
                raise ValidationError(
                    _(
                        "The reminder comes %(reminder)s days before the end of an invitation, "
                        "which is valid for %(validity)s days only.",
                        reminder=days,
                        validity=settings.portal_invitation_validity_days,
                    )
                )

    @api.constrains("portal_invitation_validity_days")
    def _check_portal_invitation_validity_days(self):
        for settings in self:
            if not 1 <= settings.portal_invitation_validity_days <= VALIDITY_DAYS_MAX:
                raise ValidationError(_("Invitations can be valid for 1 to %s days.", VALIDITY_DAYS_MAX))

    @api.constrains("portal_event_retention_days")
    def _check_portal_event_retention_days(self):
        for settings in self:
            if not 0 <= settings.portal_event_retention_days <= RETENTION_DAYS_MAX:
                raise ValidationError(
                    _("Portal access events can be kept for up to %s days, or for ever (0).", RETENTION_DAYS_MAX)
                )

    @api.constrains("portal_access_warning_days", "portal_access_dormancy_days")
    def _check_portal_access_end_days(self):
        for settings in self:
            warning_days, dormancy_days = settings.portal_access_warning_days, settings.portal_access_dormancy_days
            if not 0 <= warning_days <= WARNING_DAYS_MAX:
                raise ValidationError(
                    _(
                        "Customers can be warned up to %s days before their access ends, or not at all (0).",
                        WARNING_DAYS_MAX,
                    )
                )
            if dormancy_days and not DORMANCY_DAYS_MIN <= dormancy_days <= DORMANCY_DAYS_MAX:
                raise ValidationError(
                    _(
                        "Portal access can be revoked after %(minimum)s to %(maximum)s days without signing in, "
                        "or never (0).",
                        minimum=DORMANCY_DAYS_MIN,
                        maximum=DORMANCY_DAYS_MAX,
                    )
                )
            if dormancy_days and warning_days >= dormancy_days:
                raise ValidationError(
                    _(
                        "The days of End of Portal Access must be fewer than the %(days)s days "
                        "of Dormant Portal Access.",
                        days=dormancy_days,
                    )
                )

    @api.model
    def get_values(self):
        """Show what counts, also where somebody has broken a parameter: else no setting of any app could be saved."""
        Users, Invitation = self.env["res.users"], self.env["portal.access.invitation"]
        return {
            **super().get_values(),
            "portal_invitation_validity_days": Invitation._get_validity_days(),
            "portal_invitation_reminder_days": Invitation._get_reminder_days(),
            "portal_event_retention_days": self.env["portal.access.event"]._get_retention_days(),
            "portal_access_warning_days": Users._get_portal_warning_days(),
            "portal_access_dormancy_days": Users._get_portal_dormancy_days(),
        }

    def set_values(self):
        result = super().set_values()
        parameters = self.env["ir.config_parameter"].sudo()  # Odoo lets nobody else get here
        for name, current in (
            ("warning_days", self.env["res.users"]._get_portal_warning_days()),
            ("dormancy_days", self.env["res.users"]._get_portal_dormancy_days()),
        ):
            days = self[f"portal_access_{name}"]
            if days != current:
                parameters.set_param(f"portal_access_ext.{name}", str(days))
        return result
