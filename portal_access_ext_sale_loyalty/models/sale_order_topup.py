import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from .loyalty_card import WHY, Why

_logger = logging.getLogger(__name__)

# How long a payment that nobody has answered counts as being made.
DRAFT_HOURS = 1
# How long a top-up waits for its payment.
ABANDONED_HOURS = 24


class SaleOrder(models.Model):
    """What a top-up credits: as much as is captured for it, exactly once."""

    _inherit = "sale.order"

    def _portal_topup_is_captured(self, is_kept=False):
        """Tell whether as much was captured as it takes.

        :param bool is_kept: and not refunded; otherwise whatever became of it afterwards
        :return bool: whether it was
        """
        self.ensure_one()
        captured, refunded = self.transaction_ids._portal_topup_get_sums(self.currency_id)
        if is_kept:
            captured -= refunded
        due = max(self.portal_topup_amount, self.amount_total)
        return due > 0 and self.currency_id.compare_amounts(captured, due) >= 0

    def _portal_topup_is_refunded(self):
        """:return bool: whether anything was given back by the provider"""
        self.ensure_one()
        _captured, refunded = self.transaction_ids._portal_topup_get_sums(self.currency_id)
        return refunded > 0

    def _portal_topup_get_open_amount(self):
        """:return float: what is neither paid nor under way"""
        self.ensure_one()
        return self.portal_topup_amount - self.transaction_ids._portal_topup_get_committed(self.currency_id)

    def _portal_topup_is_under_way(self):
        """:return bool: whether a payment is made now, or was made: such orders are left alone"""
        self.ensure_one()
        since = fields.Datetime.now() - timedelta(hours=DRAFT_HOURS)
        return any(
            tx.state in ("pending", "authorized", "done") or (tx.state == "draft" and tx.create_date >= since)
            for tx in self.transaction_ids
        )

    def _portal_topup_get_state(self):
        """Say what became of a top-up.

        :return str: `open` (nothing is paid), `pending`, `authorized`, `done` (credited), `failed` (the last payment
            was cancelled or failed, nothing was charged), `cancelled`, or `returned` (credited, and taken back)
        """
        self.ensure_one()
        order = self.sudo()  # fields of the top-up are for salespeople
        states = set(order.transaction_ids.mapped("state"))
        if order.state == "sale":
            return "done" if order._portal_topup_get_due() > 0 else "returned"
        if order.state == "cancel":
            return "cancelled"
        if "done" in states:
            return "pending"  # not processed yet, or not captured in full
        for state in ("authorized", "pending"):
            if state in states:
                return state
        last = order.transaction_ids._get_last()
        return "failed" if last.state in ("cancel", "error") else "open"

    # -------------------------------------------------------------------------
    # Crediting
    # -------------------------------------------------------------------------

    def _portal_topup_lock(self):
        """Let only one at a time decide on these orders: with Odoo's isolation the second fails, and is tried again."""
        if self:
            self.env.flush_all()
            self.env.cr.execute(
                SQL("UPDATE sale_order SET write_date = write_date WHERE id IN %s", tuple(sorted(self.ids)))
            )

    def _portal_topup_get_due(self):
        """:return float: the points that should be on the card because of this order"""
        self.ensure_one()
        amount = self.portal_topup_amount
        if self.state != "sale" or amount <= 0 or not self._portal_topup_is_captured():
            return 0.0
        captured, refunded = self.transaction_ids._portal_topup_get_sums(self.currency_id)
        # Who gives money back usually makes both a refund and a credit note: the greater of them counts.
        kept = max(min(captured - refunded, amount - self._portal_topup_get_credited(), amount), 0)
        return self.currency_id.round(self.portal_topup_points * kept / amount)

    def _portal_topup_settle(self, move=None):
        """Bring the cards to what they should have because of these orders. It can be called at any time, many times.

        :param move: the credit note or invoice that is the reason, for the history
        """
        orders = self._portal_topup_filter()
        if not orders:
            return
        orders._portal_topup_lock()
        credited = dict(
            # sudo: by orders, the history is nobody's to read.
            self.sudo()
            .env["portal.loyalty.history"]
            ._read_group([("order_id", "in", orders.ids)], ["order_id"], ["points:sum"])
        )
        for order in orders:
            before = credited.get(order, 0.0)
            change = order.currency_id.round(order._portal_topup_get_due() - before)
            if change:
                order._portal_topup_credit(change, order.currency_id.is_zero(before), move)

    def _portal_topup_credit(self, change, is_first, move):
        if is_first and self.portal_topup_program_id.currency_id != self.currency_id:
            self._portal_topup_warn("other_currency", amount=self.portal_topup_amount)
            return
        card = self.portal_topup_card_id
        card._portal_loyalty_lock()
        if is_first and not self._portal_topup_may_credit(card):
            card = self._portal_topup_find_card()
            card._portal_loyalty_lock()
        is_new = not card
        if is_new:
            card = self._portal_topup_open_card()
        self.portal_topup_card_id = card
        done = self.transaction_ids.filtered(lambda tx: tx.state == "done").sorted("id")[-1:]
        why = Why([(self, None)], "topup" if change > 0 else "takeback", transaction=done, move=move)
        points = {"old": card.points, "new": self.currency_id.round(card.points + change)}
        # Mails follow: one that can't be made must not undo this.
        card.with_context(**{WHY: why}, loyalty_no_mail=True).points = points["new"]
        if is_new:
            self._portal_topup_try_mail(card._send_creation_communication)
        self._portal_topup_try_mail(lambda: card._send_points_reach_communication({card: points}))
        if card.points < 0 and change < 0:
            self._portal_topup_warn("overdrawn", amount=-change, balance=card.points)

    def _portal_topup_may_credit(self, card):
        """:return bool: whether the customer can spend what is on this card: much may happen until it is paid"""
        return (
            bool(card)
            and card.with_company(self.company_id)._portal_loyalty_is_of(self.partner_id)
            and not card._portal_loyalty_is_expired()
        )

    def _portal_topup_find_card(self):
        """:return: the eWallet that the customer has by now; nobody else opens one until we are through"""
        self.env.flush_all()
        self.env.cr.execute(SQL("UPDATE res_partner SET write_date = write_date WHERE id = %s", self.partner_id.id))
        cards = self.env["loyalty.card"].search(
            [("program_id", "=", self.portal_topup_program_id.id), ("partner_id", "=", self.partner_id.id)], order="id"
        )
        return cards.filtered(lambda card: not card._portal_loyalty_is_expired())[:1]

    def _portal_topup_open_card(self):
        Card = self.env["loyalty.card"].with_context(loyalty_no_mail=True, tracking_disable=True)
        card = Card.create(
            {
                "program_id": self.portal_topup_program_id.id,
                "partner_id": self.partner_id.id,
                "points": 0,
                "order_id": self.id,
            }
        )
        return self.env["loyalty.card"].browse(card.id)

    # -------------------------------------------------------------------------
    # Orders that nobody pays
    # -------------------------------------------------------------------------

    def _portal_topup_abandon(self):
        """Cancel unpaid orders. A payment that comes all the same opens them again."""
        if self:
            self._action_cancel()
            self.portal_topup_is_abandoned = True

    @api.model
    def _cron_abandon_topups(self, limit=100):
        """Cancel the top-ups that nobody has paid within a day, never one with a payment under way."""
        before = fields.Datetime.now() - timedelta(hours=ABANDONED_HOURS)
        orders = self.search(
            [
                ("portal_topup_program_id", "!=", False),
                ("state", "in", ("draft", "sent")),
                ("create_date", "<", before),
                ("transaction_ids", "not any", [("state", "in", ("pending", "authorized", "done"))]),
                ("transaction_ids", "not any", [("create_date", ">=", before)]),
            ],
            order="id",
        )
        cancelled = 0
        for order in orders:
            if cancelled == limit:
                self.env.ref("portal_access_ext_sale_loyalty.ir_cron_abandon_topups")._trigger()
                break
            try:
                with self.env.cr.savepoint():
                    order._portal_topup_lock()
                    order._portal_topup_abandon()
                cancelled += 1
            except Exception:  # of whichever module; also a payment that begins right now
                _logger.warning("The top-up %s can't be cancelled", order.name, exc_info=True)
