from odoo import _
from odoo.exceptions import UserError
from odoo.http import request, route
from odoo.tools import format_amount
from odoo.tools.misc import get_lang

from odoo.addons.portal_access_ext.controllers.portal_login import HEADERS
from odoo.addons.portal_access_ext.models.portal_access_cast import as_amount, as_id

from .portal_ewallet import URL, PortalEwallet

OTHER = "other"


class PortalTopup(PortalEwallet):
    """Adding funds to an eWallet: an amount is chosen, and paid like any order."""

    # -------------------------------------------------------------------------
    # How much
    # -------------------------------------------------------------------------

    @route(f"{URL}/<string:card_id>/add", type="http", auth="user", website=True, methods=["GET", "POST"])
    def portal_ewallet_add(self, card_id, **post):
        return self._add_funds(lambda offer: offer["card"] and offer["card"].id == as_id(card_id), post)

    @route(f"{URL}/program/<string:program_id>/add", type="http", auth="user", website=True, methods=["GET", "POST"])
    def portal_ewallet_open(self, program_id, **post):
        """Show the same for a wallet that its first payment opens."""
        return self._add_funds(lambda offer: not offer["card"] and offer["program"].id == as_id(program_id), post)

    def _add_funds(self, is_it, post):
        """Show what may be paid, or make the order that pays it."""
        offer = next(filter(is_it, self._get_offers()), None)
        if not offer:
            return self._ewallet_gone()
        values, error, problem = {"choice": None, "amount": ""}, {}, None
        if request.httprequest.method == "POST":
            values = {name: text.strip() if isinstance(text := post.get(name), str) else "" for name in values}
            product_sudo, amount, error = self._read_topup(offer, **values)
            if not error:
                order_sudo, problem = self._create_topup(offer, product_sudo, amount)
                if order_sudo:
                    return request.redirect(f"{URL}/topup/{order_sudo.id}")
        elif len(offer["products"]) == 1 and not offer["is_free"]:
            values["choice"] = str(offer["products"][0]["product"].id)
        values = self._prepare_add_funds_values(offer, values, error, problem)
        return request.render("portal_access_ext_sale_loyalty.portal_add_funds", values, headers=HEADERS)

    def _prepare_add_funds_values(self, offer, values, error, problem):
        card_sudo, currency = offer["card"], offer["currency"]

        def show(amount):
            return format_amount(request.env, amount, currency)

        return {
            **self._prepare_portal_layout_values(),
            "page_name": "ewallet_add",
            "program": offer["program"],
            "card": card_sudo and card_sudo._portal_loyalty_describe()[0],
            "currency": currency,
            "products": [
                {
                    "id": each["product"].id,
                    "name": each["product"].name,
                    "price": show(each["price"]),
                    "added": show(each["points"]) if currency.compare_amounts(each["points"], each["price"]) else None,
                }
                for each in offer["products"]
            ],
            "is_free": offer["is_free"],
            "minimum": show(offer["minimum"]),
            "maximum": show(offer["maximum"]),
            "values": values,
            "error": error,
            "problem": problem,
            "url": f"{URL}/{card_sudo.id}" if card_sudo else URL,
        }

    def _read_topup(self, offer, choice, amount):
        """Read what was chosen.

        :return tuple: the product, the amount, and a dict of what is wrong: a sentence by field
        """
        none = request.env["product.product"]
        if offer["is_free"] and (choice == OTHER or not choice and amount):
            number = as_amount(amount, get_lang(request.env), offer["currency"].symbol)
            return none, number, self._get_amount_problems(offer, number)
        chosen = [each["product"] for each in offer["products"] if each["product"].id == as_id(choice)]
        if not chosen:
            return none, None, {"choice": _("Choose how much you want to add.")}
        if amount and offer["is_free"]:
            return none, None, {"choice": _("You chose one amount and typed another. Please choose one.")}
        return chosen[0], None, {}

    def _get_amount_problems(self, offer, number):
        """Tell the customer at once what is wrong with an amount; the program decides.

        :return dict: a sentence for the field
        """
        currency, minimum, maximum = offer["currency"], offer["minimum"], offer["maximum"]

        def show(amount):
            return format_amount(request.env, amount, currency)

        if number is None:
            return {"amount": _("Type an amount, such as %(example)s.", example=show(minimum))}
        if currency.compare_amounts(number, minimum) < 0:
            return {"amount": _("The least you can add is %(amount)s.", amount=show(minimum))}
        if currency.compare_amounts(number, maximum) > 0:
            return {"amount": _("The most you can add is %(amount)s.", amount=show(maximum))}
        if abs(number - currency.round(number)) > 1e-6:
            return {"amount": _("The smallest step is %(amount)s.", amount=show(currency.rounding))}
        return {}

    def _create_topup(self, offer, product_sudo, amount):
        """:return tuple: the order, as superuser, or None; and why there is none"""
        try:
            with request.env.cr.savepoint():
                order_sudo = offer["program"]._portal_topup_create_order(
                    request.env.user.partner_id,
                    card=offer["card"] or None,
                    product=product_sudo or None,
                    amount=amount,
                )
                order_sudo._portal_ensure_token()  # paying needs it, and the page that asks only shows
                return order_sudo, None
        except UserError as error:  # of whichever module
            return None, str(error)

    # -------------------------------------------------------------------------
    # The payment
    # -------------------------------------------------------------------------

    @route(f"{URL}/topup/<string:order_id>", type="http", auth="user", website=True, methods=["GET"])
    def portal_ewallet_topup(self, order_id, **_kw):
        """Show the form to pay with, or what has become of the payment, which leads here."""
        order_sudo = self._find_topup(order_id)
        if not order_sudo:
            return self._ewallet_gone()
        card_sudo = order_sudo.portal_topup_card_id & self._get_portal_cards()
        [topup] = order_sudo._portal_topup_describe()
        if topup["state"] == "done" and card_sudo:
            return request.redirect(f"{URL}/{card_sudo.id}?topup={order_sudo.id}")
        values = self._prepare_topup_values(order_sudo, card_sudo, topup)
        return request.render("portal_access_ext_sale_loyalty.portal_topup", values, headers=HEADERS)

    def _prepare_topup_values(self, order_sudo, card_sudo, topup):
        program_sudo = order_sudo.portal_topup_program_id
        values = {
            **self._prepare_portal_layout_values(),
            "page_name": "ewallet_topup",
            "topup": topup,
            "program": program_sudo,
            "card": card_sudo and card_sudo._portal_loyalty_describe()[0],
            "tx": order_sudo.get_portal_last_transaction(),
            "again_url": f"{URL}/{card_sudo.id}/add" if card_sudo else f"{URL}/program/{program_sudo.id}/add",
        }
        if topup["to_pay"]:
            values.update(self._get_payment_values(order_sudo))
            values["amount"] = order_sudo._portal_topup_get_open_amount()
            values["landing_route"] = topup["url"]
        return values
