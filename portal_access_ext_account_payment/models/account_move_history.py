from odoo import _, fields, models


class AccountMove(models.Model):
    _inherit = "account.move"

    def _portal_payment_describe(self):
        """Return what a customer is told about the payments of an invoice.

        :return dict: `rows`, see `_portal_payment_get_history`; `open`, what can still be paid; `under_way`, what
            payments that aren't finished cover; `paid`; `overdue`; `due_on` and `last_due_on`, when the
            first and the last part of `open` is due
        """
        self.ensure_one()
        terms = self._portal_payment_get_open_terms()[self]
        today = fields.Date.context_today(self)
        still_open = self.currency_id.round(sum(amount for _due_on, amount in terms))
        return {
            "rows": self._portal_payment_get_history(),
            "open": still_open,
            "under_way": self.currency_id.round(self.amount_residual - still_open),
            "paid": self.currency_id.round(self.amount_total - self.amount_residual),
            "overdue": self.currency_id.round(sum(amount for due_on, amount in terms if due_on < today)),
            "due_on": terms[0][0] if terms else None,
            "last_due_on": terms[-1][0] if terms else None,
        }

    def _portal_payment_get_history(self):
        """Return the payments of an invoice as its customer sees them, what is under way too.

        :return list: dicts with `date`, `label`, `amount`, `note`, and `state`, see
            `payment.transaction._portal_payment_get_state`
        """
        self.ensure_one()
        content = [row for row in (self.invoice_payments_widget or {}).get("content", ()) if not row["is_exchange"]]
        moves = self.browse([row["move_id"] for row in content])  # together, for the prefetching
        paid = [self._portal_payment_describe_paid(row, move) for row, move in zip(content, moves, strict=True)]
        rows = paid + [self._portal_payment_describe_under_way(*each) for each in self._portal_payment_get_unfinished()]
        return sorted(rows, key=lambda row: row["date"])

    def _portal_payment_describe_paid(self, row, move):
        """:return dict: a line of the history, of one in stock's widget of payments and its journal entry"""
        payment = move.payment_id
        note = ""
        if payment and payment.currency_id == self.currency_id:
            difference = self.currency_id.compare_amounts(row["amount"], payment.amount)
            if difference > 0:
                discount = row["amount"] - payment.amount
                note = _(
                    "Includes an early payment discount of %(amount)s", amount=self._portal_payment_format(discount)
                )
            elif difference < 0:
                note = _("Part of a payment of %(amount)s", amount=self._portal_payment_format(payment.amount))
        return {
            "date": row["date"],
            "label": self._portal_payment_get_label(move),
            "amount": row["amount"],
            "note": note,
            "state": "paid",
        }

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
            if state in ("announced", "processing", "authorized", "recorded"):
                settled = transaction.child_transaction_ids.filtered(lambda child: child.state in ("done", "cancel"))
                amount = self.currency_id.round(transaction.amount - sum(settled.mapped("amount")))
                if amount > 0:
                    found.append((transaction, state, amount))
        return found

    def _portal_payment_describe_under_way(self, transaction, state, amount):
        """:return dict: a line of the history"""
        count = len(transaction.invoice_ids)
        return {
            "date": fields.Date.context_today(self, transaction.last_state_change or transaction.create_date),
            "label": transaction.payment_method_id.name or transaction.provider_id.name,
            "amount": amount,
            "note": _("For %(count)s invoices together", count=count) if count > 1 else "",
            "state": state,
        }

    def _portal_payment_format(self, amount):
        """:return str: an amount in the invoice's currency"""
        return self.currency_id.format(amount)
