from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    portal_partial_payment = fields.Selection(related="company_id.portal_partial_payment", readonly=False)
    portal_partial_minimum_type = fields.Selection(related="company_id.portal_partial_minimum_type", readonly=False)
    portal_partial_minimum_amount = fields.Monetary(
        related="company_id.portal_partial_minimum_amount",
        readonly=False,
        currency_field="portal_partial_currency_id",
    )
    portal_partial_minimum_share = fields.Float(related="company_id.portal_partial_minimum_share", readonly=False)
    portal_partial_currency_id = fields.Many2one(related="company_id.currency_id", string="Portal Payment Currency")
    portal_payment_receipt = fields.Boolean(related="company_id.portal_payment_receipt", readonly=False)
