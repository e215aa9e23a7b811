from odoo import fields, models
from odoo.tools import format_amount, format_date
from odoo.tools.misc import formatLang


class LoyaltyCard(models.Model):
    """What the portal's pages say of cards."""

    _inherit = "loyalty.card"

    def _portal_loyalty_format(self, points):
        """:return str: a number of points of this card, as an amount where they are money"""
        self.ensure_one()
        program = self.program_id
        if program.is_payment_program:
            return format_amount(self.env, points, program.currency_id)
        number = formatLang(self.env, points, digits=0 if points == int(points) else 2)
        return f"{number}\N{NO-BREAK SPACE}{self.point_name or ''}".rstrip()

    def _portal_loyalty_total(self):
        """:return str: what these wallets hold together, by currency; not what has expired"""
        totals = {}
        for card in self:
            currency = card.program_id.currency_id
            totals[currency] = totals.get(currency, 0) + (0 if card._portal_loyalty_is_expired() else card.points)
        return ", ".join(format_amount(self.env, total, currency) for currency, total in totals.items())

    def _portal_loyalty_describe(self, offers=()):
        """Tell a customer about these cards.

        An override may add to what the page shows of each.

        :param offers: what the customer may pay into, see `res.partner._portal_topup_get_offers`
        :return list: a dict for each card
        """
        partner = self.env.user.partner_id
        payable_ids = {offer["card"].id for offer in offers}
        return [
            {
                "id": card.id,
                "url": f"/my/ewallet/{card.id}",
                "name": card.program_id.name,
                "type": card.program_type,
                "balance": card._portal_loyalty_format(card.points),
                "is_owed": card.points < 0,
                "code": card.code,
                "owner": card.partner_id.display_name if card.partner_id != partner else None,
                "is_expired": card._portal_loyalty_is_expired(),
                "expires_on": card.expiration_date and format_date(self.env, card.expiration_date),
                "can_topup": card.id in payable_ids,
            }
            for card in self
        ]

    def _portal_loyalty_describe_rows(self, rows):
        """Tell a customer what changed this card.

        :param rows: see `_portal_loyalty_get_history`
        :return list: a dict for each, of texts and what it links to
        """
        self.ensure_one()
        return [
            {
                "on": format_date(self.env, fields.Datetime.context_timestamp(self, row["date"])),
                "text": row["description"],
                "name": row["name"],
                "url": row["url"],
                "plus": row["points"] > 0 and f"+{self._portal_loyalty_format(row['points'])}",
                "minus": row["points"] < 0 and f"-{self._portal_loyalty_format(-row['points'])}",
                "balance": self._portal_loyalty_format(row["balance"]),
            }
            for row in rows
        ]
