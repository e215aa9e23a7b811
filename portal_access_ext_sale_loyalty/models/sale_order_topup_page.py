from odoo import api, models
from odoo.osv import expression
from odoo.tools import format_amount


class SaleOrder(models.Model):
    """What the portal's pages say of orders that pay into an eWallet."""

    _inherit = "sale.order"

    @api.model
    def _portal_topup_search(self, cards, partner, domain):
        """:return: the orders that pay into these cards, or into a new one of this customer"""
        own = [
            "|",
            ("portal_topup_card_id", "in", cards.ids),
            "&",
            ("portal_topup_card_id", "=", False),
            ("partner_id", "=", partner.id),
        ]
        return self.search(expression.AND([[("portal_topup_program_id", "!=", False)], own, domain]))

    def _portal_topup_describe(self):
        """Tell a customer about these orders.

        :return list: a dict for each; `state` as in `_portal_topup_get_state`; `may_pay`, whether there is something to
            be paid
        """
        return [
            {
                "id": order.id,
                "url": f"/my/ewallet/topup/{order.id}",
                "order_url": f"/my/orders/{order.id}",
                "name": order.name,
                "amount": format_amount(order.env, order.amount_total, order.currency_id),
                "state": order._portal_topup_get_state(),
                "may_pay": order._has_to_be_paid(),
                "is_expired": order.is_expired,
            }
            for order in self
        ]
