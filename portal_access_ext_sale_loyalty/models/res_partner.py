from odoo import models
from odoo.osv import expression


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _portal_loyalty_get_cards(self, domain=()):
        """Return the cards that this customer sees in the portal, as superuser: the one place that says whose they are.

        Their own, and those of the company they belong to where ours says so; never those of colleagues.

        :param list domain: further conditions
        """
        self.ensure_one()
        companies = self.env.companies
        Card = self.env["loyalty.card"].sudo()  # customers have no right to read cards
        owners = [("partner_id", "=", self.id)]
        sharing = companies.sudo().filtered("portal_ewallet_of_company")
        if sharing and self.commercial_partner_id != self:
            shared = [("partner_id", "=", self.commercial_partner_id.id), ("company_id", "in", sharing.ids)]
            if self.env.company in sharing:
                shared[1:] = ["|", ("company_id", "=", False), shared[1]]
            owners = expression.OR([owners, expression.normalize_domain(shared)])
        return Card.search(
            expression.AND(
                [
                    owners,
                    [("program_id.active", "=", True), ("company_id", "in", [False, *companies.ids])],
                    list(domain),
                ]
            ),
            order="id",
        )

    def _portal_topup_get_offers(self):
        """Return what this customer may add funds to: eWallets they have, and those that a first top-up opens.

        :return list: a dict for each: `program` and `card` (as superuser; no card yet: empty), `currency`, `products`
            (dicts with `product`, `price`, what is paid with taxes, and `points`, what is credited), `is_free`,
            `minimum` and `maximum` of a free amount
        """
        self.ensure_one()
        Program = self.env["loyalty.program"].sudo()  # customers have no right to read programs
        programs = Program.search(Program._portal_topup_get_domain())
        cards = self._portal_loyalty_get_cards([("program_id", "in", programs.ids)])
        position = Program._portal_topup_get_position(self.sudo()) if programs else None
        offers = []
        for program in programs:
            products = program._portal_topup_get_products(self.sudo(), position)
            is_free = program._portal_topup_takes_amounts(self.sudo())
            if not products and not is_free:
                continue
            of_program = cards.filtered(
                lambda card, program=program: card.program_id == program and not card._portal_loyalty_is_expired()
            )
            for card in of_program or [of_program.browse()]:
                offers.append(
                    {
                        "program": program,
                        "card": card,
                        "currency": program.currency_id,
                        "products": products,
                        "is_free": is_free,
                        "minimum": program.portal_topup_minimum,
                        "maximum": program.portal_topup_maximum,
                    }
                )
        return offers
