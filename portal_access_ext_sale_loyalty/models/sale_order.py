from collections import defaultdict

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from .loyalty_card import WHY, Why

# What makes an amount another one.
MONEY_FIELDS = ("company_id", "currency_id", "partner_id", "pricelist_id")


class SaleOrder(models.Model):
    """Top-ups of eWallets: confirmed by a payment that is captured in full, and in no other way.

    `sale` confirms orders for authorised payments and prepayments too, and `sale_loyalty` credits what is confirmed.
    """

    _inherit = "sale.order"

    # For salespeople: whoever may read these would read the code of the card in its name.
    portal_topup_program_id = fields.Many2one(
        "loyalty.program",
        string="Tops Up",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        groups="sales_team.group_sale_salesman",
        help="The eWallet program whose funds the customer adds with this order, in the portal.",
    )
    portal_topup_card_id = fields.Many2one(
        "loyalty.card",
        string="eWallet",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        groups="sales_team.group_sale_salesman",
    )
    portal_topup_amount = fields.Monetary(
        string="To Be Captured", readonly=True, copy=False, groups="sales_team.group_sale_salesman"
    )
    portal_topup_points = fields.Float(
        string="To Be Credited", readonly=True, copy=False, groups="sales_team.group_sale_salesman"
    )
    portal_topup_is_abandoned = fields.Boolean(
        readonly=True,
        copy=False,
        groups="sales_team.group_sale_salesman",
        help="Cancelled because nobody paid it. A payment that comes all the same opens it again.",
    )
    portal_topup_waits_for_transfer = fields.Boolean(
        compute="_compute_portal_topup_waits_for_transfer", compute_sudo=True, groups="account.group_account_invoice"
    )

    @api.depends("state", "transaction_ids.state")
    def _compute_portal_topup_waits_for_transfer(self):
        for order in self:
            order.portal_topup_waits_for_transfer = bool(order._portal_topup_get_transfers())

    def write(self, values):
        if any(name in values for name in MONEY_FIELDS):
            for order in self._portal_topup_filter():
                if any(values.get(name, order[name].id) != order[name].id for name in MONEY_FIELDS):
                    self._portal_topup_check_access(order)
                    raise UserError(_("A top-up stays with its customer and currency. Cancel it instead."))
        return super().write(values)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_topups_being_paid(self):
        for order in self._portal_topup_filter():
            if order._portal_topup_is_under_way():
                raise UserError(_("%(name)s is paid, or a payment is under way. It can't be deleted.", name=order.name))

    def _portal_topup_get_transfers(self):
        """:return: payments of this top-up that no provider will tell of: transfers that customers make themselves"""
        topups = self._portal_topup_filter().filtered(lambda order: order.state in ("draft", "sent"))
        return topups.transaction_ids.filtered(lambda tx: tx.provider_code == "custom" and tx.state == "pending")

    def _portal_topup_filter(self):
        """:return: the top-ups among these, as superuser: their fields are for salespeople"""
        return self.sudo().filtered("portal_topup_program_id")

    def _portal_topup_check_access(self, topups):
        """Tell nothing of orders to who can't change them: what is known of them as superuser, errors would tell."""
        orders = self.browse(topups.ids)
        orders.check_access_rights("write")
        orders.check_access_rule("write")

    # -------------------------------------------------------------------------
    # What confirms an order
    # -------------------------------------------------------------------------

    def action_confirm(self):
        unpaid = self._portal_topup_filter().filtered(lambda order: not order._portal_topup_is_safe())
        if unpaid:
            self._portal_topup_check_access(unpaid)
            raise UserError(
                _(
                    "%(names)s: a top-up is confirmed by its payment, when that is captured in full. Capture what is "
                    "authorized; if a bank transfer has arrived, use Payment Received. To credit an eWallet without a "
                    "payment in the portal, make an order with the top-up product.",
                    names=", ".join(unpaid.mapped("name")),
                )
            )
        waiting = self.browse()
        if self.env.su and not self.env.user._is_internal():
            # A customer who signs, or who says how to pay. What is captured, or the staff, confirms.
            waiting = self.filtered(lambda order: not order._portal_topup_is_safe())
        result = super(SaleOrder, self - waiting).action_confirm()
        topups = (self - waiting)._portal_topup_filter()
        topups._portal_topup_settle()
        topups._portal_topup_invoice()
        return result

    def _send_order_confirmation_mail(self):
        # Signing mails it, whether that confirmed the order or not.
        waiting = self.filtered(lambda order: order.state in ("draft", "sent") and order._portal_topup_sells_funds())
        return super(SaleOrder, self - waiting)._send_order_confirmation_mail()

    def action_draft(self):
        returned = self._portal_topup_filter().filtered(
            lambda order: order._portal_topup_get_credited() or order._portal_topup_is_refunded()
        )
        if returned:
            self._portal_topup_check_access(returned)
            raise UserError(
                _(
                    "%(names)s: what was paid has been given back. Let the customer start another top-up.",
                    names=", ".join(returned.mapped("name")),
                )
            )
        return super().action_draft()

    def _is_confirmation_amount_reached(self):
        return super()._is_confirmation_amount_reached() and self._portal_topup_is_safe()

    def _get_prepayment_required_amount(self):
        amount = super()._get_prepayment_required_amount()
        return self.amount_total if amount != self.amount_total and self._portal_topup_sells_funds() else amount

    def _has_to_be_paid(self):
        # What is authorized, or under way for a top-up, must not be paid a second time.
        if not super()._has_to_be_paid():
            return False
        if self._portal_topup_filter():
            return self.currency_id.compare_amounts(self.sudo()._portal_topup_get_open_amount(), 0) > 0
        return not (self._is_paid() and self._portal_topup_sells_funds())

    def _has_to_be_signed(self):
        return super()._has_to_be_signed() and not self._portal_topup_filter()

    def _action_cancel(self):
        topups = self._portal_topup_filter()
        topups.filtered("portal_topup_is_abandoned").portal_topup_is_abandoned = False
        result = super()._action_cancel()
        topups._portal_topup_settle()
        return result

    def _portal_topup_is_safe(self):
        """:return bool: whether nothing is credited by this order that isn't captured"""
        self.ensure_one()
        if self._portal_topup_filter():
            return self.sudo()._portal_topup_is_captured(is_kept=True)
        if not self._portal_topup_sells_funds():
            return True
        captured, refunded = self.sudo().transaction_ids._portal_topup_get_sums(self.currency_id)
        return self.currency_id.compare_amounts(captured - refunded, self.amount_total) >= 0

    def _portal_topup_sells_funds(self):
        """:return bool: whether this order credits an eWallet when it is confirmed, be it a cart or a quotation"""
        self.ensure_one()
        if self._portal_topup_filter():
            return True
        # sudo: customers have no right to read programs.
        products = (
            self.sudo()
            .order_line.filtered(lambda line: line.product_uom_qty > 0 and not line.is_reward_line)
            .product_id
        )
        if not products:
            return False
        programs = (
            self.sudo()
            .env["loyalty.program"]
            .search([("program_type", "=", "ewallet"), ("company_id", "in", [False, self.company_id.id])])
        )
        return any(programs.filtered("trigger_product_ids")._get_valid_products(products).values())

    # -------------------------------------------------------------------------
    # Programs and rewards
    # -------------------------------------------------------------------------

    def _update_programs_and_rewards(self):
        if self._portal_topup_filter():
            return None  # no promotions, and no paying from one eWallet into another
        return super()._update_programs_and_rewards()

    def _get_claimable_rewards(self, forced_coupons=None):
        if self._portal_topup_filter():
            return {}
        return super()._get_claimable_rewards(forced_coupons=forced_coupons)

    def _try_apply_program(self, program, coupon=None):
        return self._portal_topup_refuse() or super()._try_apply_program(program, coupon=coupon)

    def _apply_program_reward(self, reward, coupon, **kwargs):
        return self._portal_topup_refuse() or super()._apply_program_reward(reward, coupon, **kwargs)

    def _try_apply_code(self, code):
        if refusal := self._portal_topup_refuse():
            return refusal
        # Who pays with an eWallet has to be who it belongs to: Odoo takes the code of anybody's.
        if not self.env.user._is_internal():
            # sudo: customers have no right to read cards.
            card = self.sudo().env["loyalty.card"].search([("code", "=", code)])
            if card.program_type == "ewallet" and card.partner_id and not card._portal_loyalty_is_of(self.partner_id):
                return {"error": _("This code is invalid (%s).", code), "not_found": True}
        return super()._try_apply_code(code)

    def _portal_topup_refuse(self):
        """:return dict: why no promotion goes with this order, or nothing"""
        if self._portal_topup_filter():
            return {"error": _("No promotions go with a top-up.")}
        return None

    def _add_points_for_coupon(self, coupon_points):
        why = {WHY: Why([(self, None)], kind="adjusted")}
        return super()._add_points_for_coupon(
            {coupon.with_context(**why): points for coupon, points in coupon_points.items()}
        )

    def _get_point_changes(self):
        """Hand the orders on to the history of the cards that are changed by them."""
        changes = super()._get_point_changes()
        each = (
            {self: changes}
            if len(self) == 1
            else {order: super(SaleOrder, order)._get_point_changes() for order in self}
        )
        result = defaultdict(int)
        for card, points in changes.items():
            parts = [(order, own[card]) for order, own in each.items() if own.get(card)]
            result[card.with_context(**{WHY: Why(parts)}) if parts else card] = points
        return result
