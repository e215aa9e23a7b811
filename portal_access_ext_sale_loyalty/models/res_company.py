from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    portal_ewallet_of_company = fields.Boolean(
        string="Company eWallets in the Portal",
        help="Contacts of a company see its eWallets and cards in the portal besides their own, and may add funds. "
        "By default everybody sees only their own.",
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    portal_ewallet_of_company = fields.Boolean(related="company_id.portal_ewallet_of_company", readonly=False)
