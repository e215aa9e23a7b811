from odoo import _, api, models
from odoo.exceptions import ValidationError

# How many payments of top-ups a customer may try in an hour: no place to try stolen cards.
TRIES_PER_HOUR = 30


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    @api.model_create_multi
    def create(self, values_list):
        """Let a top-up be paid exactly, and once: Odoo takes any amount from the browser, and any order."""
        transactions = super().create(values_list)
        orders = transactions.sale_order_ids._portal_topup_filter()
        if orders:
            transactions._portal_topup_check_payable(orders)
        return transactions

    def _portal_topup_check_payable(self, orders):
        orders._portal_topup_lock()
        own = self.filtered(lambda tx: tx.sale_order_ids & orders)
        if any(len(tx.sale_order_ids) > 1 or tx.operation == "validation" for tx in own):
            raise ValidationError(_("A top-up is paid alone."))
        for order in orders:
            own = self & order.transaction_ids
            others = order.transaction_ids - own
            is_open = order.state in ("draft", "sent") and not order.is_expired
            due = order.portal_topup_amount - others._portal_topup_get_committed(order.currency_id)
            if not is_open or order.currency_id.compare_amounts(due, 0) <= 0:
                raise ValidationError(_("This top-up is paid, under way or cancelled. Please start another one."))
            if own.currency_id != order.currency_id or order.currency_id.compare_amounts(
                sum(own.mapped("amount")), due
            ):
                raise ValidationError(
                    _("Exactly %(amount)s have to be paid for this top-up.", amount=order.currency_id.format(due))
                )
            if not self.env.user._is_internal() and not self.env["portal.access.limit"]._take(
                "topup_payment", order.partner_id.id, TRIES_PER_HOUR, 3600
            ):
                raise ValidationError(_("You have tried too often. Please wait an hour, and try again."))

    # -------------------------------------------------------------------------
    # What is paid
    # -------------------------------------------------------------------------

    def _portal_topup_get_sums(self, currency):
        """Return what was captured and what was refunded by these payments, each once.

        Partial captures, voids and refunds are children of the payment, which documents are not linked to.

        :return tuple: two amounts
        """
        captured = refunded = 0.0
        for tx in self:
            if tx.source_transaction_id in self or tx.currency_id != currency or tx.operation == "validation":
                continue
            if tx.operation == "refund":
                refunded += abs(tx.amount) if tx.state == "done" else 0.0
                continue
            captures = tx._portal_topup_get_parts()
            captured += sum(each.amount for each in captures or tx if each.state == "done")
            refunds = (tx | captures).child_transaction_ids.filtered(lambda child: child.operation == "refund")
            refunded += sum(abs(each.amount) for each in refunds if each.state == "done")
        return captured, refunded

    def _portal_topup_get_committed(self, currency):
        """:return float: what is paid with these payments or under way, so that it must not be paid again"""
        captured, refunded = self._portal_topup_get_sums(currency)
        waiting = 0.0
        for tx in self:
            if tx.state in ("pending", "authorized") and tx.operation not in ("refund", "validation"):
                waiting += tx.amount - sum(tx._portal_topup_get_parts().mapped("amount"))
        return captured - refunded + waiting

    def _portal_topup_get_parts(self):
        """:return: captures and voids of this payment; like Odoo's accounting, none that failed or isn't answered"""
        return self.child_transaction_ids.filtered(
            lambda child: child.operation != "refund" and child.state in ("done", "cancel")
        )

    def _portal_topup_get_roots(self):
        """:return: the payments that these are parts or refunds of, and themselves"""
        roots = self
        while source := roots.source_transaction_id - roots:
            roots |= source
        return roots

    # -------------------------------------------------------------------------
    # When something happens to a payment
    # -------------------------------------------------------------------------

    def _update_state(self, allowed_states, target_state, state_message):
        by_staff = self.filtered(lambda tx: tx.source_transaction_id or tx.state == "authorized")
        changed = super()._update_state(allowed_states, target_state, state_message)
        orders = changed._portal_topup_get_roots().sale_order_ids._portal_topup_filter()
        if orders and target_state in ("cancel", "error"):
            orders.filtered(lambda order: order.state == "sale")._portal_topup_settle()
        elif orders and target_state == "done" and changed & by_staff:
            # Refunds and captures: no customer waits, whose page would process them.
            cron = self.env.ref("payment.cron_post_process_payment_tx", raise_if_not_found=False)
            if cron:
                cron._trigger()
        return changed

    def _reconcile_after_done(self):
        orders = self._portal_topup_get_roots().sale_order_ids
        orders._portal_topup_filter()._portal_topup_lock()
        result = super()._reconcile_after_done()
        orders._portal_topup_settle()
        orders._portal_topup_reconcile()
        orders._portal_topup_filter()._portal_topup_warn_of_surplus(
            is_paid=any(tx.operation != "refund" for tx in self)
        )
        return result

    def _check_amount_and_confirm_order(self):
        sources = (self._portal_topup_get_roots() - self).filtered(lambda tx: tx.sale_order_ids._portal_topup_filter())
        for order in (self | sources).sale_order_ids._portal_topup_filter():
            if (
                order.state == "cancel"
                and order.portal_topup_is_abandoned
                and order._portal_topup_is_safe()
                and not order._portal_topup_is_refunded()
            ):
                order.action_draft()
        confirmed = super(PaymentTransaction, self | sources)._check_amount_and_confirm_order()
        ((self | sources).sale_order_ids - confirmed)._portal_topup_invoice()  # what was confirmed before
        return confirmed

    def _invoice_sale_orders(self):
        # Those of top-ups are made already: Odoo would find nothing to invoice, and unlink the invoice.
        topups = self.filtered(lambda tx: tx.sale_order_ids._portal_topup_filter())
        return super(PaymentTransaction, self - topups)._invoice_sale_orders()
