from odoo import fields, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    portal_partial_payment = fields.Boolean(
        string="Partial Payment in the Portal",
        groups="account.group_account_invoice",
        copy=False,
        help="This customer may pay any part of an invoice online, from the minimum that is set for the company.",
    )
