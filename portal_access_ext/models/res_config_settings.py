from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

from .portal_access_invitation import VALIDITY_DAYS, VALIDITY_DAYS_MAX


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    portal_invitation_validity_days = fields.Integer(
        string="Portal Invitation Validity",
        default=VALIDITY_DAYS,
        config_parameter="portal_access_ext.invitation_validity_days",
        help="For how many days the link in a portal invitation works.",
    )

    portal_event_retention_days = fields.Integer(
        string="Portal Event Retention",
        config_parameter="portal_access_ext.event_retention_days",
        help="For how many days portal access events are kept; 0 keeps them for ever.",
    )

    @api.constrains("portal_invitation_validity_days")
    def _check_portal_invitation_validity_days(self):
        for settings in self:
            if not 1 <= settings.portal_invitation_validity_days <= VALIDITY_DAYS_MAX:
                raise ValidationError(_("Invitations can be valid for 1 to %s days.", VALIDITY_DAYS_MAX))

    @api.constrains("portal_event_retention_days")
    def _check_portal_event_retention_days(self):
        for settings in self:
            if settings.portal_event_retention_days < 0:
                raise ValidationError(_("Portal access events can be kept for a number of days, or for ever (0)."))
