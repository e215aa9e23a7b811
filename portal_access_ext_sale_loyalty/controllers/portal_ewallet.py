from odoo import _
from odoo.http import request, route

from odoo.addons.portal.controllers.portal import pager
from odoo.addons.portal_access_ext.controllers.portal_login import HEADERS
from odoo.addons.portal_access_ext.models.portal_access_cast import as_id, as_page
from odoo.addons.sale.controllers.portal import CustomerPortal

URL = "/my/ewallet"
COUNT, TEXT = "portal_access_ewallet_count", "portal_access_ewallet_text"
ROWS = 40


class PortalEwallet(CustomerPortal):
    """The customer's eWallets, gift cards and loyalty points: listed, and what changed them."""

    # -------------------------------------------------------------------------
    # The dashboard
    # -------------------------------------------------------------------------

    def _prepare_home_portal_values(self, counters):
        """Add the number of cards, and what their card on the dashboard says: 0 hides it."""
        values = super()._prepare_home_portal_values(counters)
        if COUNT in counters or TEXT in counters:
            cards_sudo = self._get_portal_cards()
            if COUNT in counters:
                values[COUNT] = len(cards_sudo)
            if TEXT in counters:
                values[TEXT] = self._get_ewallet_text(cards_sudo)
        return values

    def _get_ewallet_text(self, cards_sudo):
        """:return: what the dashboard says of these cards, or 0 where there is nothing to be said"""
        wallets_sudo = cards_sudo.filtered(lambda card: card.program_type == "ewallet")
        if wallets_sudo:
            return _("Balance: %(balance)s", balance=wallets_sudo._portal_loyalty_total())
        if cards_sudo:
            return _("Your gift cards and loyalty points")
        if self._get_offers():
            return _("Add funds, and pay your orders with them")
        return 0

    # -------------------------------------------------------------------------
    # Pages
    # -------------------------------------------------------------------------

    @route(URL, type="http", auth="user", website=True, methods=["GET"])
    def portal_my_ewallet(self, gone=None, **_kw):
        values = self._prepare_ewallet_values(is_gone=gone is not None)
        return request.render("portal_access_ext_sale_loyalty.portal_my_ewallet", values, headers=HEADERS)

    @route(
        [f"{URL}/<string:card_id>", f"{URL}/<string:card_id>/page/<string:page>"],
        type="http",
        auth="user",
        website=True,
        methods=["GET"],
    )
    def portal_ewallet_card(self, card_id, page="1", topup=None, **_kw):
        card_sudo = self._find_portal_card(card_id)
        if not card_sudo:
            return self._ewallet_gone()
        values = self._prepare_ewallet_card_values(card_sudo, as_page(page), topup)
        return request.render("portal_access_ext_sale_loyalty.portal_ewallet_card", values, headers=HEADERS)

    # -------------------------------------------------------------------------
    # Whose cards
    # -------------------------------------------------------------------------

    def _get_portal_cards(self):
        """:return: the customer's cards, as superuser: customers have no rights on cards"""
        return request.env.user.partner_id._portal_loyalty_get_cards()

    def _get_offers(self):
        """:return list: what the customer may pay into, see there"""
        return request.env.user.partner_id._portal_topup_get_offers()

    def _find_portal_card(self, card_id):
        """:return: the customer's card with an id from the browser, or nothing: another's is like none"""
        return request.env["loyalty.card"]._portal_loyalty_get(as_id(card_id))

    def _ewallet_gone(self):
        return request.redirect(f"{URL}?gone=1")

    # -------------------------------------------------------------------------
    # What the pages show
    # -------------------------------------------------------------------------

    def _prepare_ewallet_values(self, is_gone=False):
        cards_sudo = self._get_portal_cards()
        offers = self._get_offers()
        wallets_sudo = cards_sudo.filtered(lambda card: card.program_type == "ewallet")
        gifts_sudo = cards_sudo.filtered(lambda card: card.program_type == "gift_card")
        return {
            **self._prepare_portal_layout_values(),
            "page_name": "ewallet",
            "wallets": wallets_sudo._portal_loyalty_describe(offers),
            "gift_cards": gifts_sudo._portal_loyalty_describe(),
            "loyalty_cards": (cards_sudo - wallets_sudo - gifts_sudo)._portal_loyalty_describe(),
            # Their first payment opens the wallet.
            "offered_programs": [offer["program"] for offer in offers if not offer["card"]],
            "topups": self._describe_topups_under_way(cards_sudo),
            "is_gone": is_gone,
        }

    def _prepare_ewallet_card_values(self, card_sudo, page, topup):
        rows, total = card_sudo._portal_loyalty_get_history((page - 1) * ROWS, ROWS)
        pages = pager(url=f"{URL}/{card_sudo.id}", total=total, page=page, step=ROWS)
        if total and not rows:  # the page is past the last
            rows, total = card_sudo._portal_loyalty_get_history(pages["offset"], ROWS)
        [card] = card_sudo._portal_loyalty_describe(self._get_offers())
        return {
            **self._prepare_portal_layout_values(),
            "page_name": "ewallet_card",
            "card": card,
            "rows": card_sudo._portal_loyalty_describe_rows(rows),
            "pager": pages,
            "topups": self._describe_topups_under_way(card_sudo),
            "done_topup": self._describe_done_topup(card_sudo, topup),
        }

    # -------------------------------------------------------------------------
    # Payments into wallets, see portal_topup.py
    # -------------------------------------------------------------------------

    def _describe_topups_under_way(self, cards_sudo):
        """:return list: the payments into these cards, or into new ones of the customer, that have not arrived"""
        orders_sudo = request.env["sale.order"].sudo()
        orders_sudo = orders_sudo._portal_topup_search(
            cards_sudo,
            request.env.user.partner_id,
            [("state", "in", ["draft", "sent"]), ("portal_topup_card_id", "in", [False, *cards_sudo.ids])],
        )
        topups = orders_sudo._portal_topup_describe()
        return [topup for topup in topups if topup["state"] in ("pending", "authorized")]

    def _find_topup(self, order_id):
        """:return: an order with an id from the browser that pays into a wallet of the customer's, or nothing"""
        orders_sudo = request.env["sale.order"].sudo()
        if not as_id(order_id):
            return orders_sudo
        return orders_sudo._portal_topup_search(
            self._get_portal_cards(), request.env.user.partner_id, [("id", "=", as_id(order_id))]
        )

    def _describe_done_topup(self, card_sudo, order_id):
        """:return dict: what was paid into the card with an order, if it was"""
        order_sudo = self._find_topup(order_id)
        if order_sudo.portal_topup_card_id != card_sudo:
            return None
        [topup] = order_sudo._portal_topup_describe()
        return topup if topup["state"] == "done" else None
