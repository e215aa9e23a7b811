from odoo import models


class SaleOrder(models.Model):
    _inherit = "sale.order"

    def create_subscription(self, lines, subscription_tmpl):
        """Give the subscription the order's salesperson, where it gets whoever confirms, the customer for one."""
        existing = self.subscription_ids
        result = super().create_subscription(lines, subscription_tmpl)
        if self.user_id:
            (self.subscription_ids - existing).user_id = self.user_id
        return result
