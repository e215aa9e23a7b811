from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    portal_subscription_close = fields.Selection(
        related="company_id.portal_subscription_close", readonly=False, required=True
    )
    portal_subscription_user_id = fields.Many2one(related="company_id.portal_subscription_user_id", readonly=False)
