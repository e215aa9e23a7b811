from odoo import fields, models


class ResPartner(models.Model):
    """Access that ends by itself."""

    _inherit = "res.partner"

    portal_access_until = fields.Date(
        copy=False,
        tracking=True,
        groups="base.group_partner_manager",
        help="The last day of portal access, in the contact's time zone. Empty: it does not end by itself.",
    )
