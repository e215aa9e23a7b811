from odoo import _, api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import float_compare

# More than that is no top-up but a mistake, and floats are not exact any more.
AMOUNT_MAX = 10**9
# How many cents away we look for an amount that can be charged with taxes.
NEAR_STEPS = 20


class LoyaltyProgram(models.Model):
    """What customers may add to their eWallets in the portal, and what it costs."""

    _inherit = "loyalty.program"

    portal_topup = fields.Boolean(
        string="Top-Up Products in the Portal",
        default=True,
        help="Customers may add funds in the portal by buying one of the eWallet products. On by default.",
    )
    portal_topup_free = fields.Boolean(
        string="Any Amount in the Portal",
        help="Customers may type the amount they add in the portal, within these limits. Off by default.",
    )
    portal_topup_minimum = fields.Monetary(string="Minimum Top-Up", default=10)
    portal_topup_maximum = fields.Monetary(string="Maximum Top-Up", default=500)
    portal_topup_adds_tax = fields.Boolean(
        compute="_compute_portal_topup_adds_tax",
        compute_sudo=True,
        help="With taxes that are added to the price, not every amount that a customer types can be charged exactly.",
    )

    @api.depends("trigger_product_ids.taxes_id")
    def _compute_portal_topup_adds_tax(self):
        for program in self:
            taxes = program.trigger_product_ids.taxes_id
            if program.company_id:
                taxes = taxes._filter_taxes_by_company(program.company_id)
            program.portal_topup_adds_tax = any(
                tax.amount and not tax.price_include for tax in taxes.flatten_taxes_hierarchy()
            )

    @api.constrains("portal_topup_free", "portal_topup_minimum", "portal_topup_maximum")
    def _check_portal_topup_limits(self):
        for program in self.filtered("portal_topup_free"):
            if program.portal_topup_minimum <= 0:
                raise ValidationError(_("The minimum of a top-up has to be more than zero."))
            if program.portal_topup_maximum < program.portal_topup_minimum:
                raise ValidationError(_("The maximum of a top-up can't be less than the minimum."))
            if program.portal_topup_maximum > AMOUNT_MAX:
                amount = program.currency_id.format(AMOUNT_MAX)
                raise ValidationError(_("The maximum of a top-up can't be more than %(amount)s.", amount=amount))

    @api.constrains("currency_id")
    def _check_portal_topup_currency(self):
        """What is paid in one currency must not be credited in another."""
        # sudo: who changes programs need not be allowed to see all orders.
        topups = (
            self.sudo()
            .env["sale.order"]
            .search([("portal_topup_program_id", "in", self.ids), ("state", "in", ("draft", "sent"))])
        )
        unpaid = topups.filtered(lambda order: order.currency_id != order.portal_topup_program_id.currency_id)
        if unpaid:
            raise ValidationError(
                _(
                    "Customers are paying top-ups in the currency of this program (%(count)s). Change it when these "
                    "are paid, or cancel them.",
                    count=len(unpaid),
                )
            )

    @api.model
    def _portal_topup_get_domain(self):
        """:return list: which programs can be funded in the portal now"""
        today = fields.Date.context_today(self)
        return [
            ("program_type", "=", "ewallet"),
            ("active", "=", True),
            ("sale_ok", "=", True),
            ("company_id", "in", [False, self.env.company.id]),
            "|",
            ("portal_topup", "=", True),
            ("portal_topup_free", "=", True),
            "|",
            ("date_from", "=", False),
            ("date_from", "<=", today),
            "|",
            ("date_to", "=", False),
            ("date_to", ">=", today),
        ]

    def _portal_topup_get_company(self):
        """:return: the company that sells the top-up"""
        return self.company_id or self.env.company

    def _portal_topup_get_triggers(self):
        """:return: the products that top up this eWallet; without any, Odoo credits nothing either"""
        self.ensure_one()
        company = self._portal_topup_get_company()
        return self.trigger_product_ids.filtered(
            lambda product: product.active and product.sale_ok and product.company_id in (company.browse(), company)
        ).sorted("id")

    def _portal_topup_get_pricelist(self, partner):
        """Return a pricelist in the program's currency, which makes that the order's.

        Its prices don't matter: what is paid and what is credited have nothing to do with discounts.

        :return: the pricelist, an empty one where none is needed, None where there is no way to pay in the currency
        """
        company = self._portal_topup_get_company()
        own = partner.with_company(company).property_product_pricelist
        for pricelist in own | self.pricelist_ids:
            if pricelist.currency_id == self.currency_id and pricelist.company_id in (company.browse(), company):
                return pricelist
        if company.currency_id == self.currency_id:
            return self.env["product.pricelist"]
        found = self.env["product.pricelist"].search(
            [("currency_id", "=", self.currency_id.id), ("company_id", "in", [False, company.id])], limit=1
        )
        return found or None

    def _portal_topup_get_points(self, product, total, net=None, is_free=False):
        """Return what a top-up credits, by the rules of the program as Odoo reads them.

        :param float total: what is paid, with taxes
        :param float net: the same without taxes, where there are any
        :param bool is_free: whether the customer chose the amount, which rules must not count by piece then
        """
        points = 0.0
        for rule in self.rule_ids:
            if rule.mode != "auto" or product not in self._get_valid_products(product).get(rule, product.browse()):
                continue
            spent = total if net is None or rule.minimum_amount_tax_mode == "incl" else net
            if rule.minimum_qty > 1 or rule._compute_amount(self.currency_id) > spent:
                continue
            if rule.reward_point_mode == "money":
                points += rule.reward_point_amount * total
            elif is_free:
                return 0.0
            else:
                points += rule.reward_point_amount
        return self.currency_id.round(points)

    @api.model
    def _portal_topup_get_position(self, partner):
        """:return: the fiscal position of a top-up of this customer, asked for once: it takes ten queries"""
        delivery = partner.browse(partner.address_get(["delivery"])["delivery"])
        return (
            self.env["account.fiscal.position"].with_company(self.env.company)._get_fiscal_position(partner, delivery)
        )

    def _portal_topup_get_total(self, price, taxes, product, partner, key="total_included"):
        amounts = taxes.compute_all(price, currency=self.currency_id, product=product, partner=partner)
        return self.currency_id.round(amounts[key])

    def _portal_topup_get_products(self, partner, position):
        """Return the products that the portal offers this customer.

        :param position: their fiscal position
        :return list: dicts with `product`, `price_unit`, `price` (with taxes: what is paid) and `points`
        """
        self.ensure_one()
        if not self.portal_topup or self._portal_topup_get_pricelist(partner) is None:
            return []
        company = self._portal_topup_get_company()
        today = fields.Date.context_today(self)
        offers = []
        for product in self._portal_topup_get_triggers().with_company(company):
            before = product.taxes_id._filter_taxes_by_company(company)
            after = position.map_tax(before)
            price = product.currency_id._convert(product.lst_price, self.currency_id, company, today)
            price = product._get_tax_included_unit_price_from_price(
                price, self.currency_id, product_taxes=before, fiscal_position=position
            )
            total = self._portal_topup_get_total(price, after, product, partner)
            net = self._portal_topup_get_total(price, after, product, partner, "total_excluded")
            points = self._portal_topup_get_points(product, total, net)
            if total > 0 and points > 0:
                offers.append({"product": product, "price_unit": price, "price": total, "points": points})
        return offers

    def _portal_topup_takes_amounts(self, partner):
        """:return bool: whether this customer may type an amount"""
        self.ensure_one()
        return bool(
            self.portal_topup_free
            and self._portal_topup_get_pricelist(partner) is not None
            and self._portal_topup_get_points(
                self._portal_topup_get_triggers()[:1], self.portal_topup_minimum, is_free=True
            )
        )

    def _portal_topup_get_free(self, partner, amount, position):
        """Return the same as for a product of an amount that the customer typed.

        :param position: their fiscal position
        :raise ValidationError: if it isn't between the limits, not a number, or can't be charged to the cent
        """
        self.ensure_one()
        currency = self.currency_id
        if isinstance(amount, bool) or not isinstance(amount, int | float) or not 0 < amount <= AMOUNT_MAX:
            raise ValidationError(_("Please enter an amount."))
        if float_compare(amount, currency.round(amount), precision_digits=currency.decimal_places + 4):
            raise ValidationError(
                _("%(currency)s has %(count)s decimals.", currency=currency.name, count=currency.decimal_places)
            )
        amount = currency.round(amount)
        if not self.portal_topup_minimum <= amount <= self.portal_topup_maximum:
            raise ValidationError(
                _(
                    "Please enter an amount between %(minimum)s and %(maximum)s.",
                    minimum=currency.format(self.portal_topup_minimum),
                    maximum=currency.format(self.portal_topup_maximum),
                )
            )
        company = self._portal_topup_get_company()
        product = self._portal_topup_get_triggers()[:1].with_company(company)
        taxes = position.map_tax(product.taxes_id._filter_taxes_by_company(company))
        price = self._portal_topup_get_free_price(amount, taxes, product, partner)
        if price is None:
            self._portal_topup_refuse_amount(amount, taxes, product, partner)
        net = self._portal_topup_get_total(price, taxes, product, partner, "total_excluded")
        points = self._portal_topup_get_points(product, amount, net, is_free=True)
        if points <= 0:  # rules that begin with another amount
            raise ValidationError(_("Nothing would be credited for this amount. Please choose another one."))
        return {"product": product, "price_unit": price, "price": amount, "points": points}

    def _portal_topup_get_free_price(self, amount, taxes, product, partner):
        """:return float: the price that costs exactly this amount with taxes; None: there is none, to the cent"""
        net = taxes.with_context(force_price_include=True).compute_all(amount, currency=self.currency_id)[
            "total_excluded"
        ]
        step = 10 ** -self.env["decimal.precision"].precision_get("Product Price")
        for price in (amount, net, net - step, net + step):
            total = self._portal_topup_get_total(price, taxes, product, partner)
            if not self.currency_id.compare_amounts(total, amount):
                return price
        return None

    def _portal_topup_refuse_amount(self, amount, taxes, product, partner):
        """Say which amounts can be charged instead: the next ones below and above that the program takes."""
        currency, near = self.currency_id, []
        for direction in (-1, 1):
            for count in range(1, NEAR_STEPS + 1):
                other = currency.round(amount + direction * count * currency.rounding)
                if not self.portal_topup_minimum <= other <= self.portal_topup_maximum:
                    break
                if self._portal_topup_get_free_price(other, taxes, product, partner) is not None:
                    near.append(currency.format(other))
                    break
        exact = currency.format(amount)
        if not near:
            raise ValidationError(
                _("With taxes, exactly %(amount)s can't be charged. Please choose another amount.", amount=exact)
            )
        raise ValidationError(
            _(
                "With taxes, exactly %(amount)s can't be charged. These amounts can: %(amounts)s.",
                amount=exact,
                amounts=", ".join(near),
            )
        )
