from collections import defaultdict

from odoo import api, models
from odoo.tools import SQL, float_repr, str2bool

from odoo.addons.portal_access_ext.models.portal_access_cast import ID_MAX

# Of these, what is pending is a promise: nothing ever settles an announced wire transfer's transaction.
PROMISING_PROVIDERS = ("none", "custom")


class AccountMove(models.Model):
    """What can still be paid of invoices, beside what payments under way cover."""

    _inherit = "account.move"

    def _has_to_be_paid(self):
        """Go on offering payment while a partial one is under way, as long as something is open."""
        if not super()._has_to_be_paid():
            # sudo: customers can't read transactions; stock reads them.
            states = self.sudo().transaction_ids.mapped("state")
            if not (self._portal_payment_is_enabled() and self.move_type == "out_invoice"):
                return False
            if not {"pending", "authorized"} & set(states):
                return False
        # Lists ask this for each of many: what nothing is under way for is open as a whole.
        under_way = self.sudo().transaction_ids.filtered(
            lambda transaction: (
                transaction.state in ("pending", "authorized", "done")
                and not (transaction.state == "done" and transaction._portal_payment_is_booked())
            )
        )
        return not under_way or bool(self._portal_payment_get_open_amounts()[self])

    @api.model
    def _portal_payment_is_enabled(self):
        """:return bool: whether the company lets customers pay invoices online, besides by links that it sends"""
        # sudo: customers can't read parameters.
        enabled = self.env["ir.config_parameter"].sudo().get_param("account_payment.enable_portal_payment")
        return str2bool(enabled, False)

    @api.model
    def _portal_payment_browse(self, invoice_ids):
        """:return: the invoices with ids that came from a browser, or none if one of them is no id"""
        if not isinstance(invoice_ids, list):
            return self.browse()
        if not all(type(invoice_id) is int and 0 < invoice_id <= ID_MAX for invoice_id in invoice_ids):
            return self.browse()
        return self.browse(dict.fromkeys(invoice_ids))

    def _portal_payment_lock(self):
        """Let whoever pays these at the same time wait, and then see what we did: Odoo retries what comes second.

        To be called before anything is read that decides. A lock alone is not enough: who waits for it goes on
        reading what was there before.
        """
        if not self.ids:
            return
        self.env.cr.execute(
            SQL(
                """
                WITH locked AS (SELECT id FROM account_move WHERE id IN %s ORDER BY id FOR NO KEY UPDATE)
              UPDATE account_move move SET write_date = move.write_date FROM locked WHERE move.id = locked.id
                """,
                tuple(self.ids),
            ),
            log_exceptions=False,  # it is the second that fails, and tries again
        )

    def _portal_payment_get_open_amounts(self):
        """:return dict: by invoice what can still be paid, in its currency"""
        open_lines = self._portal_payment_cover()[0]
        return {
            move: move._portal_payment_round(sum(amount for _line, amount in open_lines.get(move, ()))) for move in self
        }

    def _portal_payment_round(self, amount):
        """:return float: an amount as the currency of these has it, without the tail that rounding leaves"""
        currency = self.currency_id
        return float(float_repr(currency.round(amount), currency.decimal_places))

    def _portal_payment_cover(self):
        """Spread the payments that are under way over what these invoices owe, as the reconciliation will.

        A payment of several invoices covers what is due first. Few queries, whatever the number.

        :return tuple: dict of lists of open receivable lines with what is still open of each, by invoice, what is due
            first at first; and a dict of what payments exceed all that, by transaction
        """
        moves_sudo = self.sudo()  # customers can't read transactions, nor all lines; the callers know whose these are
        while True:  # a payment of one of these may be used up by another invoice
            covers = moves_sudo._portal_payment_get_under_way()
            known = moves_sudo
            for transaction in covers:
                moves_sudo |= transaction.invoice_ids
            if moves_sudo == known:
                break
        owed = moves_sudo._portal_payment_get_owed()
        excess = {}
        for transaction, amount in covers.items():
            lines = [line for move in transaction.invoice_ids for line in owed.get(move, ())]
            for line in sorted(lines, key=get_order):
                taken = min(amount, owed[line.move_id][line])
                owed[line.move_id][line] -= taken
                amount -= taken
            excess[transaction] = transaction.currency_id.round(amount)
        open_lines = {
            move: [(line, move._portal_payment_round(lines[line])) for line in sorted(lines, key=get_order)]
            for move, lines in owed.items()
        }
        return {
            move: [(line, amount) for line, amount in lines if amount] for move, lines in open_lines.items()
        }, excess

    def _portal_payment_is_payable(self):
        """:return bool: whether each of these is a posted customer invoice on which something is due"""
        return all(
            move.move_type == "out_invoice"  # transactions hold no receipts over the counter
            and move.state == "posted"
            and move.payment_state in ("not_paid", "partial")
            and move.amount_residual > 0
            for move in self
        )

    def _portal_payment_get_accounts(self):
        """:return: the receivable accounts on which something is due of these, of which a payment settles one"""
        lines = self.line_ids.filtered(lambda line: line.display_type == "payment_term" and not line.reconciled)
        return lines.account_id

    def _portal_payment_get_owed(self):
        """:return dict: by invoice a dict of what is due by receivable line, payments under way aside"""
        payable = self.filtered(lambda move: move._portal_payment_is_payable())
        domain = [("move_id", "in", payable.ids), ("display_type", "=", "payment_term"), ("reconciled", "=", False)]
        owed = defaultdict(dict)
        # Only what is summed and sorted by: a line has as many fields as an invoice.
        needed = ["move_id", "date", "date_maturity", "currency_id", "amount_currency", "balance"]
        for line in self.env["account.move.line"].search_fetch(domain, [*needed, "amount_residual_currency"]):
            if line.amount_residual_currency > 0:
                owed[line.move_id][line] = line.amount_residual_currency
        return owed

    def _portal_payment_get_under_way(self):
        """Find what transactions cover that no payment stands for yet, in the order they were made.

        Those that wait, and those that are done and not booked. Of an authorised one that is captured in parts, what
        was captured or given up so far is no longer its own; each part captured is booked for itself.

        :return dict: amounts by transaction
        """
        Transaction = self.env["payment.transaction"]
        booked = ["|", ("is_post_processed", "=", True), ("payment_id", "!=", False)]
        paying = [("operation", "not in", ("validation", "refund"))]
        made = Transaction.search(
            [
                *paying,
                ("invoice_ids", "in", self.ids),
                "|",
                "&",
                ("state", "in", ("pending", "authorized")),
                ("provider_id.code", "not in", PROMISING_PROVIDERS),
                "&",
                ("state", "=", "done"),
                "!",
                *booked,
            ]
        )
        parts = defaultdict(Transaction.browse)
        captured = [("source_transaction_id.invoice_ids", "in", self.ids), ("state", "in", ("done", "cancel"))]
        for part in Transaction.search([*paying, *captured]):
            parts[part.source_transaction_id] |= part
        covers = {}
        for transaction in sorted(made.union(*parts), key=lambda transaction: transaction.id):
            mine = parts[transaction]
            amount = transaction.amount - sum(mine.mapped("amount")) if transaction in made else 0.0
            if mine and transaction.state == "done":
                amount = 0.0
            elif not mine:
                amount += transaction.portal_discount
            unbooked = mine.filtered(lambda part: part.state == "done" and not part._portal_payment_is_booked())
            amount = max(amount, 0.0) + sum(unbooked.mapped("amount"))
            if transaction.currency_id.compare_amounts(amount, 0.0) > 0:
                covers[transaction] = amount
        return covers


def get_order(line):
    """Return what Odoo sorts receivable lines by before it reconciles them."""
    return (line.date_maturity or line.date, line.currency_id.id, line.amount_currency, line.balance, line.id)
