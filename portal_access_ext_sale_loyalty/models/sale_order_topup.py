import logging
from datetime import timedelta

from psycopg2 import OperationalError

from odoo import _, api, fields, models
from odoo.exceptions import RedirectWarning, UserError
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
        kept = max(min(captured - refunded, amount - self._portal_topup_get_credit_notes(), amount), 0)
        return self.currency_id.round(self.portal_topup_points * kept / amount)

    def _portal_topup_get_credit_notes(self):
        """:return float: how much of this order posted credit notes take back"""
        self.ensure_one()
        invoices = self.invoice_ids.filtered(lambda move: move.move_type == "out_invoice")
        notes = (invoices.reversal_move_id | self.invoice_ids - invoices).filtered(
            lambda move: (
                move.state == "posted" and move.move_type == "out_refund" and move.currency_id == self.currency_id
            )
        )
        total = 0.0
        for note in notes:
            lines = note.invoice_line_ids.filtered(lambda line: line.sale_line_ids & self.order_line)
            if lines:
                total += sum(lines.mapped("price_total"))
            elif not note.invoice_line_ids.sale_line_ids:
                total += note.amount_total
        return total

    def _portal_topup_settle(self, move=None):
        """Bring the cards to what they should have because of these orders. It can be called at any time, many times.

        :param move: the credit note that is the reason, for the history
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
            change = order.currency_id.round(order._portal_topup_get_due() - credited.get(order, 0.0))
            if change:
                order._portal_topup_credit(change, move)

    def _portal_topup_credit(self, change, move):
        card = self.portal_topup_card_id
        is_new = not card and not (card := self._portal_topup_find_card())
        if is_new:
            card = self._portal_topup_open_card()
        self.env.flush_all()
        self.env.cr.execute(SQL("UPDATE loyalty_card SET write_date = write_date WHERE id = %s", card.id))
        card.invalidate_recordset(["points"])
        self.portal_topup_card_id = card
        done = self.transaction_ids.filtered(lambda tx: tx.state == "done").sorted("id")[-1:]
        why = Why([(self, None)], "topup" if change > 0 else "takeback", transaction=done, move=move)
        card.with_context(**{WHY: why}).points = self.currency_id.round(card.points + change)
        if is_new:
            card._send_creation_communication()
        if card.points < 0 and change < 0:
            self._portal_topup_warn(
                _("The eWallet is overdrawn"),
                _(
                    "%(amount)s were taken back from an eWallet that has been spent: it is at %(balance)s now.",
                    amount=self.currency_id.format(-change),
                    balance=self.currency_id.format(card.points),
                ),
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

    def _portal_topup_warn(self, summary, note):
        """Tell whoever is responsible, by an activity on the order."""
        self.ensure_one()
        user = self.user_id or self.team_id.user_id or self.env.ref("base.user_admin", raise_if_not_found=False)
        self.with_context(mail_activity_quick_update=True).activity_schedule(
            "mail.mail_activity_data_warning",
            summary=summary,
            note=note,
            user_id=(user or self.env.ref("base.user_root")).id,
        )

    def _portal_topup_warn_of_surplus(self):
        """Tell the staff of money that no eWallet is credited for."""
        for order in self:
            captured, refunded = order.transaction_ids._portal_topup_get_sums(order.currency_id)
            surplus = captured - refunded
            if order.state == "sale":
                surplus -= order.portal_topup_amount
            elif order.state != "cancel":
                continue
            if order.currency_id.compare_amounts(surplus, 0) > 0:
                order._portal_topup_warn(
                    _("A payment too much"),
                    _(
                        "%(amount)s were paid for a top-up that is cancelled or paid already. The eWallet was not "
                        "credited for it: refund it, or use it for something else.",
                        amount=order.currency_id.format(surplus),
                    ),
                )

    # -------------------------------------------------------------------------
    # The invoice
    # -------------------------------------------------------------------------

    def _portal_topup_invoice(self):
        """Make and post the invoice of paid top-ups. Where that fails, the credit stands, and somebody is told."""
        for order in self._portal_topup_filter():
            if order.state != "sale" or not order._portal_topup_is_captured():
                continue
            if order.invoice_ids.filtered(lambda move: move.state != "cancel"):
                continue
            try:
                with self.env.cr.savepoint():
                    order = order.with_company(order.company_id)
                    order._force_lines_to_invoice_policy_order()
                    invoice = order.with_context(raise_if_nothing_to_invoice=False)._create_invoices(final=True)
                    invoice._portal_ensure_token()
                    invoice.action_post()
            except (UserError, RedirectWarning) as error:
                order._portal_topup_warn(_("The invoice could not be made"), str(error.args[0]))

    def _portal_topup_reconcile(self):
        """Reconcile the invoices of top-ups with the payments of captures, which Odoo does for the last one only."""
        for order in self._portal_topup_filter():
            txs = order.transaction_ids
            payments = (txs | txs.child_transaction_ids).payment_id.filtered(
                lambda payment: payment.state == "posted" and payment.payment_type == "inbound"
            )
            for invoice in order.invoice_ids.filtered(
                lambda move: move.move_type == "out_invoice" and move.state == "posted"
            ):
                for line in payments.line_ids.filtered(
                    lambda line: line.account_type == "asset_receivable" and not line.reconciled
                ):
                    if invoice.payment_state in ("not_paid", "partial"):
                        invoice.js_assign_outstanding_line(line.id)

    def _send_order_notification_mail(self, mail_template):
        """Let no mail that can't be made undo a payment: Odoo makes them, with a PDF, while it processes that."""
        if not self._portal_topup_filter():
            return super()._send_order_notification_mail(mail_template)
        try:
            with self.env.cr.savepoint():
                return super()._send_order_notification_mail(mail_template)
        except OperationalError:
            raise
        except Exception:  # of whichever template
            _logger.warning("The mail about the top-up %s can't be made", self.id, exc_info=True)
            return None

    # -------------------------------------------------------------------------
    # Orders that nobody pays
    # -------------------------------------------------------------------------

    def _portal_topup_abandon(self):
        """Cancel unpaid orders. A payment that comes all the same opens them again."""
        if self:
            self._action_cancel()
            self.portal_topup_is_abandoned = True

    @api.model
    def _cron_abandon_topups(self, limit=500):
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
            limit=limit,
        )
        orders._portal_topup_lock()
        orders._portal_topup_abandon()
