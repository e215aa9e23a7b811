from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    portal_subscription_close = fields.Selection(
        selection=[
            ("activity", "Ask the salesperson"),
            ("period_end", "At the end of the paid period"),
            ("now", "At once"),
        ],
        string="Closing Subscriptions in the Portal",
        default="activity",
        required=True,
        help="What happens when customers ask in the portal to close a subscription.",
    )
    portal_subscription_user_id = fields.Many2one(
        comodel_name="res.users",
        string="Responsible for Subscriptions",
        domain=[("share", "=", False)],
        help="Who is told what customers ask, where a subscription has no salesperson.",
    )
