from odoo import api, models
from odoo.osv import expression
from odoo.tools import format_amount


class SaleOrder(models.Model):
    """What the portal's pages say of orders that pay into an eWallet."""

    _inherit = "sale.order"

    @api.model
    def _portal_topup_search(self, cards, partner, domain):
        """Return the orders of this customer, and those with which colleagues pay into their company's cards.

        Into which card isn't enough: it may have been another customer's, whose address the order has.

        :param cards: those of the customer
        """
        shared = cards.filtered(lambda card: card.partner_id != partner)
        own = [
            "|",
            ("partner_id", "=", partner.id),
            "&",
            ("portal_topup_card_id", "in", shared.ids),
            ("partner_id.commercial_partner_id", "=", partner.commercial_partner_id.id),
        ]
        return self.search(expression.AND([[("portal_topup_program_id", "!=", False)], own, domain]))

    def _portal_topup_describe(self):
        """Tell a customer about these orders.

        :return list: a dict for each; `state` as in `_portal_topup_get_state`; `to_pay`, what is to be paid yet, if
            anything; `added`, what the eWallet gets or has got for it
        """
        described = []
        for order in self:
            state = order._portal_topup_get_state()
            points = order._portal_topup_get_due() if state == "done" else order.portal_topup_points
            open_amount = order._portal_topup_get_open_amount() if order._has_to_be_paid() else 0
            described.append(
                {
                    "id": order.id,
                    "url": f"/my/ewallet/topup/{order.id}",
                    "order_url": f"/my/orders/{order.id}",
                    "name": order.name,
                    "state": state,
                    "is_expired": order.is_expired,
                    "added": format_amount(order.env, points, order.currency_id),
                    "to_pay": open_amount and format_amount(order.env, open_amount, order.currency_id),
                }
            )
        return described
