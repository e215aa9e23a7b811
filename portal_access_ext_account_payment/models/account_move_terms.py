from odoo import fields, models


class AccountMove(models.Model):
    _inherit = "account.move"

    def _portal_payment_get_open_terms(self):
        """Return what is left to pay of invoices, by due date.

        What payments under way cover goes off the oldest term, as it will when they are done.

        :return dict: for each invoice a list of `(date, amount, key)`, the oldest first; `key` sorts as Odoo reconciles
        """
        open_amounts = self._portal_payment_get_open_amounts()
        # sudo: customers don't see all lines of their invoices; the caller has checked the invoices.
        lines = (
            self.env["account.move.line"]
            .sudo()
            .search_fetch(
                [
                    ("move_id", "in", [move.id for move, amount in open_amounts.items() if amount]),
                    ("display_type", "=", "payment_term"),
                    ("reconciled", "=", False),
                ],
                ["move_id", "date_maturity", "date", "amount_currency", "amount_residual_currency"],
            )
        )
        terms = {move: [] for move in self}
        for move, its_lines in lines.grouped("move_id").items():
            covered = sum(its_lines.mapped("amount_residual_currency")) - open_amounts[move]
            for line in its_lines.sorted(lambda line: (line.date_maturity or line.date, line.amount_currency, line.id)):
                left = move.currency_id.round(max(line.amount_residual_currency - max(covered, 0.0), 0.0))
                covered -= line.amount_residual_currency
                if left:
                    due_on = line.date_maturity or line.date
                    terms[move].append((due_on, left, (due_on, line.amount_currency, line.id)))
        return terms

    def _portal_payment_get_overdue_amounts(self):
        """:return dict: for each invoice what is left to pay and should have been paid before today"""
        today = fields.Date.context_today(self)
        return {
            move: sum(amount for due_on, amount, _key in terms if due_on < today)
            for move, terms in self._portal_payment_get_open_terms().items()
        }

    def _portal_payment_spread(self, amount):
        """Return how a payment for all these invoices goes to each of them: to what is due first, as Odoo reconciles.

        :return dict: an amount for each invoice
        """
        parts = dict.fromkeys(self, 0.0)
        terms = [
            (key, move, left) for move, its in self._portal_payment_get_open_terms().items() for _due_on, left, key in its
        ]
        for _key, move, left in sorted(terms, key=lambda term: term[0]):
            part = min(left, amount)
            parts[move] = move.currency_id.round(parts[move] + part)
            amount = move.currency_id.round(amount - part)
        return parts
