from odoo import _, api, models
from odoo.exceptions import UserError

from .loyalty_card import WHY, Why

MAKING = "portal_topup_making"
# In the context while we make a top-up. An object: none comes over RPC.
IS_MAKING = object()
# What changes the amount of an order.
AMOUNT_FIELDS = {"order_id", "product_id", "product_uom_qty", "product_uom", "price_unit", "discount", "tax_id"}


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    @api.model_create_multi
    def create(self, vals_list):
        order_ids = {vals.get("order_id") for vals in vals_list if vals.get("coupon_id")}
        if len(order_ids) == 1:
            self = self._portal_loyalty_because(self.env["sale.order"].browse(order_ids))
        lines = super().create(vals_list)
        lines._portal_topup_check_fixed()
        return lines

    def write(self, vals):
        if AMOUNT_FIELDS & vals.keys():
            self._portal_topup_check_fixed()
        if "points_cost" in vals:
            self = self._portal_loyalty_because(self.order_id)
        result = super().write(vals)
        if "order_id" in vals:
            self._portal_topup_check_fixed()
        return result

    def unlink(self):
        self._portal_topup_check_fixed()
        if self.coupon_id:
            self = self._portal_loyalty_because(self.order_id)
        return super().unlink()

    def _portal_loyalty_because(self, order):
        """:return: these, with the order in the context for the history of the cards that it changes"""
        return self.with_context(**{WHY: Why([(order, None)], kind="adjusted")}) if len(order) == 1 else self

    def _portal_topup_check_fixed(self):
        """Make sure that what is paid for a top-up stays what is credited for it."""
        if self.env.context.get(MAKING) is IS_MAKING:
            return
        # sudo: fields of the top-up are for salespeople.
        if topups := self.sudo().order_id.filtered("portal_topup_program_id"):
            self.env["sale.order"]._portal_topup_check_access(topups)
            raise UserError(
                _(
                    "The lines of a top-up can't be changed: they are what the customer pays and what is credited. "
                    "Cancel it, and let the customer make another one."
                )
            )
