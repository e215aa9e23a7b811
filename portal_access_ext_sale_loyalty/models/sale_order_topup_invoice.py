from odoo import models
from odoo.exceptions import RedirectWarning, UserError


class SaleOrder(models.Model):
    """The invoices of top-ups, and what is given back by credit notes."""

    _inherit = "sale.order"

    def _portal_topup_get_credited(self):
        """:return float: how much of this order posted credit notes take back, and no further invoice asks for again"""
        self.ensure_one()
        invoices = self.invoice_ids.filtered(lambda move: move.move_type == "out_invoice")
        notes = (invoices.reversal_move_id | self.invoice_ids).filtered(lambda move: move.move_type == "out_refund")
        again = max(self._portal_topup_sum_moves(invoices) - self.portal_topup_amount, 0)
        return max(self.currency_id.round(self._portal_topup_sum_moves(notes) - again), 0)

    def _portal_topup_sum_moves(self, moves):
        """:return float: what those of these that are posted have of this order"""
        total = 0.0
        for move in moves.filtered(lambda move: move.state == "posted" and move.currency_id == self.currency_id):
            lines = move.invoice_line_ids.filtered(lambda line: line.sale_line_ids & self.order_line)
            if lines:
                total += sum(lines.mapped("price_total"))
            elif not move.invoice_line_ids.sale_line_ids:
                total += move.amount_total
        return total

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
                order._portal_topup_warn("not_invoiced", error=str(error.args[0]))

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
