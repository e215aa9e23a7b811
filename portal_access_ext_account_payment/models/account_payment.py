from odoo import models
from odoo.tools import format_amount, format_date


class AccountPayment(models.Model):
    """What customers are told of their payments."""

    _inherit = "account.payment"

    def _portal_payment_get_credit(self):
        """:return float: what of this payment no invoice has used up, in its currency"""
        self.ensure_one()
        lines = self.line_ids.filtered(lambda line: line.account_id == self.destination_account_id)
        return self.currency_id.round(max(-sum(lines.mapped("amount_residual_currency")), 0.0))

    def _portal_payment_get_receipt(self):
        """Return what the receipt says, in the language of the environment.

        An override may add to it.

        :return dict: texts `amount`, `date`, `method`, `reference`, `credit`, and `invoices`: dicts of `name`, `url`,
            `balance`, `next_amount` and `next_date`; empty where there is nothing to say
        """
        self.ensure_one()
        transaction = self.payment_transaction_id._portal_payment_get_source()
        # Internal settings of the provider and the customer's invoices, for the customer.
        invoices = transaction.invoice_ids.filtered(lambda move: move.is_invoice())
        open_lines = invoices._portal_payment_cover()[0]
        rows = []
        for invoice in invoices.sorted(lambda move: (move.invoice_date_due or move.date, move.id)):
            lines = open_lines.get(invoice) or []
            next_date = lines and lines[0][0].date_maturity
            next_amount = sum(amount for line, amount in lines if line.date_maturity == next_date)
            residual = invoice.amount_residual if invoice.state == "posted" else 0.0
            rows.append(
                {
                    "name": invoice.name,
                    "url": invoice.get_base_url() + invoice.get_portal_url(),
                    "balance": format_amount(self.env, residual, invoice.currency_id),
                    "next_amount": lines and format_amount(self.env, next_amount, invoice.currency_id),
                    "next_date": next_date and format_date(self.env, next_date),
                }
            )
        token = transaction.token_id
        credit = self._portal_payment_get_credit()
        return {
            "amount": format_amount(self.env, self.amount, self.currency_id),
            "date": format_date(self.env, self.date),
            "method": token.display_name if token else transaction.payment_method_id.name,
            "reference": transaction.reference,
            "credit": credit and format_amount(self.env, credit, self.currency_id),
            "invoices": rows,
        }
