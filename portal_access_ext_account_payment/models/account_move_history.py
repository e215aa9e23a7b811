from collections import defaultdict

from odoo import _, fields, models


class AccountMove(models.Model):
    _inherit = "account.move"

    def _portal_payment_describe(self, is_customer=True):
        """Return what a customer is told about the payments of an invoice.

        :param bool is_customer: whether it's the customer who looks. Who has only this invoice's link isn't told what
            a payment was in all.
        :return dict: `rows`, see `_portal_payment_get_history`; `open`, what can still be paid; `under_way`, what
            payments that aren't finished cover; `paid`; `overdue`; `due_on` and `last_due_on`, when the
            first and the last part of `open` is due; `has_arrived`, whether stock still waits for a transfer in vain
        """
        self.ensure_one()
        terms = self._portal_payment_get_open_terms()[self]
        today = fields.Date.context_today(self)
        still_open = self.currency_id.round(sum(amount for _due_on, amount in terms))
        paid = self._portal_payment_get_paid()
        arrived = self._portal_payment_get_arrived(paid)
        return {
            "rows": self._portal_payment_get_history(paid, arrived, is_customer),
            "open": still_open,
            "under_way": self.currency_id.round(self.amount_residual - still_open),
            "paid": self.currency_id.round(self.amount_total - self.amount_residual),
            "overdue": self.currency_id.round(sum(amount for due_on, amount in terms if due_on < today)),
            "due_on": terms[0][0] if terms else None,
            "last_due_on": terms[-1][0] if terms else None,
            "has_arrived": bool(self.get_portal_last_transaction() & arrived),
        }

    def _portal_payment_get_history(self, paid, arrived, is_customer):
        """Return the payments of an invoice as its customer sees them, what is under way too.

        :return list: dicts with `date`, `label`, `amount`, None if it isn't told, `note`, and `state`, see
            `payment.transaction._portal_payment_get_state`
        """
        rows = [self._portal_payment_describe_paid(*each, is_customer) for each in paid.items()]
        for transaction, state, amount in self._portal_payment_get_unfinished():
            if transaction not in arrived:
                rows.append(self._portal_payment_describe_under_way(transaction, state, amount, is_customer))
        return sorted(rows, key=lambda row: row["date"])

    def _portal_payment_get_paid(self):
        """:return dict: what was paid, by the journal entry that did, which may have paid several instalments"""
        amounts = defaultdict(float)
        for row in (self.invoice_payments_widget or {}).get("content", ()):
            if not row["is_exchange"]:
                amounts[row["move_id"]] += row["amount"]
        # Together, for the prefetching.
        return {move: self.currency_id.round(amounts[move.id]) for move in self.browse(amounts)}

    def _portal_payment_get_arrived(self, paid):
        """Find the announced transfers that the company has booked since. Nothing tells their transactions.

        :param dict paid: see `_portal_payment_get_paid`
        :return: transactions; all that were announced once nothing is due any more
        """
        announced = self.transaction_ids.filtered(
            lambda transaction: transaction._portal_payment_get_state() == "announced"
        )
        if not announced or self.currency_id.is_zero(self.amount_residual):
            return announced
        left = {
            move: max(amount, self._portal_payment_get_total(move))
            for move, amount in paid.items()
            if move.journal_id.type in ("bank", "cash") and not move.payment_id.payment_transaction_id
        }
        arrived = announced.browse()
        for transaction in announced.sorted("id"):
            later = [move for move in left if move.create_date >= transaction.create_date]
            amount = transaction.amount
            if self.currency_id.compare_amounts(sum(left[move] for move in later), amount) < 0:
                continue
            arrived |= transaction
            for move in later:
                taken = min(left[move], amount)
                left[move] -= taken
                amount -= taken
        return arrived

    def _portal_payment_get_total(self, move):
        """:return float: all that a payment's journal entry settles, of other invoices too, in this one's currency"""
        lines = move.line_ids.filtered(
            lambda line: line.account_type == "asset_receivable" and line.currency_id == self.currency_id
        )
        return self.currency_id.round(-sum(lines.mapped("amount_currency")))

    def _portal_payment_describe_paid(self, move, amount, is_customer):
        """:return dict: a line of the history, of what a journal entry has paid"""
        return {
            "date": move.date,
            "label": self._portal_payment_get_label(move),
            "amount": amount,
            "note": self._portal_payment_get_note(move, amount, is_customer),
            "state": "paid",
        }

    def _portal_payment_get_note(self, move, amount, is_customer):
        """:return str: why this isn't the amount that the customer has transferred, if it isn't"""
        payment = move.payment_id
        if not payment or payment.currency_id != self.currency_id:
            return ""
        difference = self.currency_id.compare_amounts(amount, payment.amount)
        if difference < 0 and not is_customer:
            return _("Part of a larger payment")
        if difference < 0:
            return _("Part of a payment of %(amount)s", amount=self._portal_payment_format(payment.amount))
        if not difference:
            return ""
        deduction = self._portal_payment_format(amount - payment.amount)
        discount_account = self.company_id.account_journal_early_pay_discount_loss_account_id
        if payment.payment_transaction_id.portal_discount or discount_account & move.line_ids.account_id:
            return _("Includes an early payment discount of %(amount)s", amount=deduction)
        return _("Includes a deduction of %(amount)s", amount=deduction)

    def _portal_payment_get_label(self, move):
        """:return str: how something was paid, in the customer's words"""
        payment = move.payment_id
        transaction = payment.payment_transaction_id
        if transaction:
            return transaction.payment_method_id.name or transaction.provider_id.name
        if move.move_type in ("out_refund", "in_refund"):
            return _("Credit note %(name)s", name=move.name)
        if payment and payment.payment_method_line_id.code != "manual":
            return payment.payment_method_line_id.name
        return {"bank": _("Bank"), "cash": _("Cash")}.get(move.journal_id.type) or _("Settled by us")

    def _portal_payment_get_unfinished(self):
        """Return the transactions of an invoice that will become payments, or have and aren't recorded yet.

        :return list: tuples of transaction, its state for the customer, and what is left of its amount
        """
        found = []
        for transaction in self.transaction_ids.sorted("id"):
            state = transaction._portal_payment_get_state()
            if state in ("announced", "processing", "authorized", "recorded") and transaction.operation != "refund":
                settled = transaction.child_transaction_ids.filtered(
                    lambda child: child.state in ("done", "cancel") and child.operation != "refund"
                )
                amount = self.currency_id.round(transaction.amount - sum(settled.mapped("amount")))
                if amount > 0:
                    found.append((transaction, state, amount))
        return found

    def _portal_payment_describe_under_way(self, transaction, state, amount, is_customer):
        """:return dict: a line of the history"""
        count = len(transaction.invoice_ids)
        return {
            "date": fields.Date.context_today(self, transaction.last_state_change or transaction.create_date),
            "label": transaction.payment_method_id.name or transaction.provider_id.name,
            "amount": amount if is_customer or count < 2 else None,
            "note": _("For %(count)s invoices together", count=count) if count > 1 else "",
            "state": state,
        }

    def _portal_payment_format(self, amount):
        """:return str: an amount in the invoice's currency"""
        return self.currency_id.format(amount)
