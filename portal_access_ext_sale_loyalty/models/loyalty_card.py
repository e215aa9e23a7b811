from odoo import api, fields, models
from odoo.tools import SQL

# In the context, why points change: see `Why`.
WHY = "portal_loyalty_why"


class Why:
    """The documents behind a change of points. Not a text or a number: none that comes over RPC is one.

    :param list parts: (order, points) for each order with a part in the change; or one order with None, for all of it
    :param str kind: a key of `portal.loyalty.history.kind`, or None to tell by whether points come or go
    """

    __slots__ = ("kind", "move", "parts", "transaction")

    def __init__(self, parts, kind=None, transaction=None, move=None):
        self.parts = parts
        self.kind = kind
        self.transaction = transaction
        self.move = move

    def split(self, change, rounding):
        """Yield (kind, order, points) for each line of the history that a change of points makes."""
        parts = self.parts
        if len(parts) == 1 and parts[0][1] is None:
            yield self.kind or ("earned" if change > 0 else "spent"), parts[0][0], change
            return
        total = sum(points for _order, points in parts)
        if abs(total - change) < rounding:
            for order, points in parts:
                yield "earned" if points > 0 else "spent", order, points
        elif abs(total + change) < rounding:
            for order, points in parts:
                yield "undone", order, -points
        else:  # somebody else has changed what the orders bring
            yield "adjusted", parts[0][0] if len(parts) == 1 else None, change


class LoyaltyCard(models.Model):
    _inherit = "loyalty.card"

    portal_history_ids = fields.One2many(
        "portal.loyalty.history",
        "card_id",
        string="History",
        readonly=True,
        groups="sales_team.group_sale_salesman",
    )

    @api.model_create_multi
    def create(self, vals_list):
        cards = super().create(vals_list)
        cards._portal_loyalty_record(dict.fromkeys(cards.ids, 0.0))
        return cards

    def write(self, vals):
        before = {card.id: card.points for card in self} if "points" in vals else {}
        result = super().write(vals)
        if before:
            self._portal_loyalty_record(before)
        return result

    def _portal_loyalty_record(self, before):
        """Append to the history what has changed.

        :param dict before: the points that each card had, by id
        """
        why = self.env.context.get(WHY)
        rows = []
        for card in self.sudo():  # who changes points need not be allowed to read the card
            change = card.points - before[card.id]
            if not change:
                continue
            if not isinstance(why, Why):
                rows.append({"kind": "company", "card_id": card.id, "points": change, "balance": card.points})
                continue
            balance = before[card.id]
            for kind, order, points in why.split(change, 1e-6):
                if not points:
                    continue
                balance += points
                rows.append(
                    {
                        "kind": kind,
                        "card_id": card.id,
                        "points": points,
                        "balance": balance,
                        "order_id": order and order.id,
                        "transaction_id": why.transaction and why.transaction.id,
                        "move_id": why.move and why.move.id,
                    }
                )
        self.env["portal.loyalty.history"].sudo()._record(rows)

    def _portal_loyalty_lock(self):
        """Let only one at a time change this card, and read what is on it afterwards."""
        if self:
            self.env.flush_all()
            self.env.cr.execute(SQL("UPDATE loyalty_card SET write_date = write_date WHERE id = %s", self.id))
            self.invalidate_recordset()

    # -------------------------------------------------------------------------
    # For the portal
    # -------------------------------------------------------------------------

    @api.model
    def _portal_loyalty_get(self, card_id):
        """:return: the card with an id that came from a browser, as superuser, if it is the user's; or none"""
        if type(card_id) is not int or not 0 < card_id <= 2**31 - 1:
            return self.sudo().browse()
        return self.env.user.partner_id._portal_loyalty_get_cards([("id", "=", card_id)])

    def _portal_loyalty_is_of(self, partner):
        """:return bool: whether a customer may use this card: it is theirs, or their company's if ours says so"""
        self.ensure_one()
        if self.partner_id == partner:
            return True
        company = (self.company_id or self.env.company).sudo()
        return company.portal_ewallet_of_company and self.partner_id == partner.commercial_partner_id

    def _portal_loyalty_is_expired(self):
        """:return bool: whether what is on the card can't be spent any more"""
        self.ensure_one()
        return bool(self.expiration_date and self.expiration_date < fields.Date.context_today(self))

    def _portal_loyalty_get_history(self, offset=0, limit=None):
        """Return lines of the statement, the newest first.

        :return tuple: a list of dicts (`date`, `kind`, `description`, `points`, `balance`, `name` and `url` of the
            document, None where there is none that the current user can read), and how many lines there are
        """
        self.ensure_one()
        domain = [("card_id", "=", self.id)]
        # sudo: customers have no right to read the history; whose card this is, `_portal_loyalty_get` has checked.
        History = self.env["portal.loyalty.history"].sudo()
        lines = History.search(domain, offset=offset, limit=limit)
        kinds = dict(History._fields["kind"]._description_selection(self.env))
        orders = self._portal_loyalty_map_readable(lines.order_id)
        moves = self._portal_loyalty_map_readable(lines.move_id)
        rows = []
        for line in lines:
            document = moves.get(line.move_id.id) or orders.get(line.order_id.id)
            rows.append(
                {
                    "date": line.date,
                    "kind": line.kind,
                    "description": kinds[line.kind],
                    "points": line.points,
                    "balance": line.balance,
                    "name": document.name if document else None,
                    "url": document.access_url if document else None,
                }
            )
        return rows, History.search_count(domain)

    @api.model
    def _portal_loyalty_map_readable(self, documents_sudo):
        """:return dict: by id, those that the current user can open; the names of others say too much"""
        documents = documents_sudo.sudo(False)
        if not documents or not documents.check_access_rights("read", raise_exception=False):
            return {}
        return {document.id: document for document in documents.search([("id", "in", documents.ids)]).sudo()}
