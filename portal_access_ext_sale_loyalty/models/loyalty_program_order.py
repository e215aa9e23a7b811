from odoo import Command, _, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL

from .sale_order_line import IS_MAKING, MAKING

# How many top-ups a customer may start in an hour.
STARTS_PER_HOUR = 30


class LoyaltyProgram(models.Model):
    _inherit = "loyalty.program"

    def _portal_topup_create_order(self, partner, card=None, product=None, amount=None):
        """Make the order with which a customer adds funds to an eWallet of this program, or reuse an unpaid one.

        Everything is checked here: callers may hand on what they found by ids from a browser. Nothing is credited
        before it is paid, see `sale.order._portal_topup_settle`.

        :param partner: the customer, whose order it is
        :param card: the `loyalty.card` to credit, one of the customer's; none: the first one, opened when paid
        :param product: the top-up product; none: `amount`, if the program takes amounts
        :param float amount: what the customer typed, in the program's currency
        :return: the `sale.order`, as superuser
        :raise UserError: in the user's words, if this can't be bought
        """
        self.ensure_one()
        # sudo: customers have no right to read programs and cards, and none to make orders. What they may fund are
        # the offers made to them.
        program, partner = self.sudo(), partner.sudo()
        if not program.env.user._is_internal() and partner != program.env.user.partner_id:
            raise UserError(_("Funds are added by the customer only."))
        if not program.env["portal.access.limit"]._take("topup", partner.id, STARTS_PER_HOUR, 3600):
            raise UserError(_("You have tried too often. Please wait an hour, and try again."))
        card = (card or program.env["loyalty.card"]).sudo()
        offers = [offer for offer in partner._portal_topup_get_offers() if offer["program"] == program]
        if not offers or len(card) > 1:
            raise UserError(_("Funds can't be added to this eWallet. Please reload the page."))
        if card and card not in {offer["card"] for offer in offers}:
            raise UserError(_("Funds can't be added to this eWallet. Please reload the page."))
        card = card or offers[0]["card"]
        if product:
            chosen = next((each for each in offers[0]["products"] if each["product"] == product), None)
            if not chosen:
                raise UserError(_("This top-up is not offered any more. Please choose another one."))
        elif not offers[0]["is_free"]:
            raise UserError(_("Please choose one of the top-ups."))
        else:
            chosen = program._portal_topup_get_free(partner, amount, program._portal_topup_get_position(partner))
        # Two at once wait for each other here: the second is tried again, and finds the order of the first.
        program.env.flush_all()
        program.env.cr.execute(SQL("UPDATE res_partner SET write_date = write_date WHERE id = %s", partner.id))
        return program._portal_topup_reuse_order(partner, card, chosen) or program._portal_topup_make_order(
            partner, card, chosen
        )

    def _portal_topup_reuse_order(self, partner, card, chosen):
        """Return the order that already waits for this payment; cancel those that wait for another one."""
        open_orders = self.env["sale.order"].search(
            [
                ("portal_topup_program_id", "=", self.id),
                ("portal_topup_card_id", "=", card.id),
                ("partner_id", "=", partner.id),
                ("state", "in", ("draft", "sent")),
            ]
        )
        open_orders = open_orders.filtered(lambda order: not order._portal_topup_is_under_way())
        for order in open_orders:
            if (
                not order.is_expired
                and order.order_line.product_id == chosen["product"]
                and not order.currency_id.compare_amounts(order.portal_topup_amount, chosen["price"])
                and not order.currency_id.compare_amounts(order.portal_topup_points, chosen["points"])
            ):
                (open_orders - order)._portal_topup_abandon()
                return order
        open_orders._portal_topup_abandon()
        return None

    def _portal_topup_make_order(self, partner, card, chosen):
        company = self._portal_topup_get_company()
        Order = self.env["sale.order"].with_company(company).with_context(mail_auto_subscribe_no_notify=True)
        order = Order.with_context(**{MAKING: IS_MAKING}).create(
            self._portal_topup_prepare_order(partner, card, chosen, company)
        )
        if order.currency_id != self.currency_id or order.currency_id.compare_amounts(
            order.amount_total, chosen["price"]
        ):
            raise ValidationError(
                _(
                    "Exactly %(amount)s can't be charged. Please choose another amount.",
                    amount=self.currency_id.format(chosen["price"]),
                )
            )
        return Order.browse(order.id)

    def _portal_topup_prepare_order(self, partner, card, chosen, company):
        """:return dict: the values of the order; an override may add some, and has to leave the amount"""
        return {
            "company_id": company.id,
            "partner_id": partner.id,
            "pricelist_id": self._portal_topup_get_pricelist(partner).id,
            "require_signature": False,
            "require_payment": True,
            "prepayment_percent": 1.0,
            "portal_topup_program_id": self.id,
            "portal_topup_card_id": card.id,
            "portal_topup_amount": chosen["price"],
            "portal_topup_points": chosen["points"],
            "order_line": [
                Command.create(
                    {
                        "product_id": chosen["product"].id,
                        "product_uom_qty": 1,
                        "price_unit": chosen["price_unit"],
                        "discount": 0,
                    }
                )
            ],
        }
