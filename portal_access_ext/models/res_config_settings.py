from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    portal_invitation_validity_days = fields.Integer(
        string="Portal Invitation Validity",
        default=7,
        config_parameter="portal_access_ext.invitation_validity_days",
        help="For how many days the link in a portal invitation works.",
    )
