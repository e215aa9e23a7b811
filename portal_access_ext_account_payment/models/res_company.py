from odoo import _, api, fields, models
from odoo.exceptions import ValidationError


class ResCompany(models.Model):
    _inherit = "res.company"

    portal_partial_payment = fields.Selection(
        [
            ("all", "All customers"),
            ("flagged", "Customers marked on their contact"),
            ("none", "Nobody"),
        ],
        string="Partial Payment in the Portal",
        default="all",
        required=True,
        help="Who may pay another amount of an invoice than the full amount or an instalment.",
    )
    portal_partial_minimum_type = fields.Selection(
        [("amount", "An amount"), ("share", "A share of the invoice")],
        string="Smallest Partial Payment Is",
        default="amount",
        required=True,
    )
    portal_partial_minimum_amount = fields.Monetary(
        string="Smallest Partial Payment",
        help="The smallest amount that customers can pay; converted for invoices in other currencies.",
    )
    portal_partial_minimum_share = fields.Float(
        string="Smallest Partial Payment (%)",
        help="The smallest part of the invoice's total that customers can pay, in percent.",
    )
    portal_payment_receipt = fields.Boolean(
        string="Receipts of Online Payments",
        default=True,
        help="Send customers a receipt by mail when they have paid invoices online.",
    )

    @api.constrains("portal_partial_minimum_amount", "portal_partial_minimum_share")
    def _check_portal_partial_minimum(self):
        for company in self:
            # Not by `min`: nothing is smaller than NaN.
            if not 0 <= company.portal_partial_minimum_amount < float("inf"):
                raise ValidationError(_("The minimum of partial payments is an amount, or 0 for none."))
            if not 0 <= company.portal_partial_minimum_share <= 100:
                raise ValidationError(_("The minimum of partial payments is a share from 0 to 100 percent."))

    def _portal_payment_get_pay_label(self, amount, currency):
        """:return str: what the button says that pays an amount, as a whole: elsewhere the verb comes last"""
        return _("Pay %(amount)s", amount=currency.format(amount))
