import logging

from psycopg2 import OperationalError

from odoo import _, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_amount

from .account_move_open import get_order

_logger = logging.getLogger(__name__)


class PaymentTransaction(models.Model):
    """Payments of invoices: looked at again before they are made, and booked for whose invoices they pay."""

    _inherit = "payment.transaction"

    portal_discount = fields.Monetary(
        string="Early Payment Discount",
        readonly=True,
        copy=False,
        help="What the customer was offered to save by paying this amount early.",
    )
    # The signed offer of a payment link that was used.
    portal_offer = fields.Char(readonly=True, copy=False, groups=fields.NO_ACCESS)

    def _portal_payment_get_source(self):
        """:return: the transaction that the customer made, of which this one may be a part, or a refund of a part"""
        source = self
        while source.source_transaction_id:
            source = source.source_transaction_id
        return source

    def _portal_payment_is_booked(self):
        """:return bool: whether the accounting knows of this payment, so that the invoice's balance says all"""
        self.ensure_one()
        return bool(self.is_post_processed or self.payment_id)

    # -------------------------------------------------------------------------
    # Being made
    # -------------------------------------------------------------------------

    def _send_payment_request(self):
        """Look again before the provider is asked, whoever has made the transaction.

        :raise UserError: if it is more than what can still be paid
        """
        invoices = self.invoice_ids
        if self.operation == "online_token" and any(move.is_invoice() for move in invoices):
            invoices._portal_payment_lock()
            total = sum(invoices._portal_payment_get_open_amounts().values())
            if self.currency_id.compare_amounts(self.amount + self.portal_discount, total) > 0:
                raise UserError(_("This was paid meanwhile. Please reload the page."))
        return super()._send_payment_request()

    def _set_authorized(self, *args, **kwargs):
        """Tell the company of what it can capture though nothing is due for it any more."""
        waiting = self.filtered(lambda transaction: transaction.state != "authorized")
        result = super()._set_authorized(*args, **kwargs)
        authorized = waiting.filtered(lambda transaction: transaction.state == "authorized" and transaction.invoice_ids)
        if authorized:
            excess = authorized.invoice_ids._portal_payment_cover()[1]
            for transaction in authorized:
                # A discount that comes too late is no money.
                amount = min(excess.get(transaction, 0.0), transaction.amount)
                transaction._portal_payment_note_excess(amount, transaction.invoice_ids)
        return result

    def _portal_payment_note_excess(self, amount, invoices):
        """Write on the invoices what of a payment exceeds all that is due, if anything does."""
        self.ensure_one()
        if self.currency_id.compare_amounts(amount, 0.0) <= 0:
            return
        self = self.with_context(lang=self.company_id.partner_id.lang)  # not in the customer's language
        values = {"reference": self.reference, "amount": format_amount(self.env, amount, self.currency_id)}
        if self.state == "authorized":
            note = _(
                "%(amount)s of the authorized transaction %(reference)s exceed what is due. Capture less of it, or it "
                "becomes an outstanding credit of the customer.",
                **values,
            )
        else:
            note = _(
                "%(amount)s of the transaction %(reference)s exceed what was due. They are an outstanding credit of "
                "the customer.",
                **values,
            )
        # Not in the name of the visitor or customer whose request this is.
        author_id = self.env["ir.model.data"]._xmlid_to_res_id("base.partner_root")
        invoices._message_log_batch(dict.fromkeys(invoices.ids, note), author_id=author_id)

    # -------------------------------------------------------------------------
    # Being booked
    # -------------------------------------------------------------------------

    def _create_payment(self, **extra_create_values):
        """Book the payment for the customer of the invoices, whoever has paid, and whatever became of the invoices."""
        self.ensure_one()
        source = self._portal_payment_get_source()
        invoices = source.invoice_ids.filtered(lambda move: move.is_invoice())
        if not invoices:
            payment = super()._create_payment(**extra_create_values)
            self._portal_payment_settle_refund()
            return payment
        values = self._portal_payment_prepare(invoices)
        # Stock fails on them, again and again, and the money would never be booked.
        cancelled = invoices.filtered(lambda move: move.state == "cancel")
        if cancelled:
            source.invoice_ids -= cancelled
        payment = super()._create_payment(**{**values, **extra_create_values})
        if cancelled:
            source.invoice_ids |= cancelled
        self._portal_payment_settle_refund()
        if payment.payment_type == "inbound":
            self._portal_payment_note_excess(payment._portal_payment_get_credit(), invoices)
        return payment

    def _portal_payment_prepare(self, invoices):
        """:return dict: the values of the payment of these invoices, or of its refund"""
        values = {}
        if len(invoices.commercial_partner_id) == 1:
            values["partner_id"] = invoices.commercial_partner_id.id
        lines = invoices.line_ids.filtered(lambda line: line.display_type == "payment_term")
        # The account that something is due on, which the customer may not have any more. What became due on another
        # one meanwhile comes after what is due first.
        due = lines.filtered(lambda line: not line.reconciled and line.parent_state != "cancel") or lines
        account = due.sorted(get_order)[:1].account_id
        if self.operation == "refund":  # where the money was booked that goes back
            account = self.source_transaction_id.payment_id.destination_account_id or account
        if account:
            values["destination_account_id"] = account.id
        if write_off_lines := self._portal_payment_prepare_discount(invoices, lines):
            values["write_off_line_vals"] = write_off_lines
        return values

    def _portal_payment_prepare_discount(self, invoice, line):
        """Return the journal items of the early payment discount, as when the company registers the payment.

        The customer was offered it when the transaction was made. That it was captured later doesn't matter; that
        something else was paid or credited meanwhile does, as Odoo gives no discount on a rest.

        :return list: values of the items, empty if no discount goes with this payment
        """
        discount, currency = self.portal_discount, self.currency_id
        if not discount or self.source_transaction_id or len(invoice) != 1 or len(line) != 1:
            return []
        if invoice.state != "posted" or not invoice._is_eligible_for_early_payment_discount(currency, None):
            return []
        if currency.compare_amounts(line.amount_residual_currency, self.amount + discount):
            return []
        company, today = invoice.company_id, fields.Date.context_today(self)
        due = -line.amount_residual_currency
        term = {
            "aml": line,
            "amount_currency": due,
            "balance": currency._convert(due, company.currency_id, company, today),
        }
        items = self.env["account.move"]._get_invoice_counterpart_amls_for_early_payment_discount(
            [term], currency._convert(discount, company.currency_id, company, today)
        )
        items = [values for kind in items.values() for values in kind]
        # Without an account nothing could be booked, and the money has arrived.
        return items if all(values.get("account_id") for values in items) else []

    def _portal_payment_settle_refund(self):
        """Let a refund use up what no invoice has of the payment. Odoo leaves that a credit of the customer."""
        self.ensure_one()
        if self.operation != "refund":
            return
        paid = self.source_transaction_id.payment_id.filtered(lambda payment: payment.state == "posted")
        lines = (paid | self.payment_id).line_ids.filtered(
            lambda line: (
                line.account_id == paid.destination_account_id
                and line.partner_id == paid.partner_id
                and not line.reconciled
            )
        )
        if {line.balance > 0 for line in lines} == {True, False}:
            lines.reconcile()

    # -------------------------------------------------------------------------
    # Afterwards
    # -------------------------------------------------------------------------

    def _finalize_post_processing(self):
        """Send the receipts of what is booked now, once."""
        waiting = self.filtered(lambda transaction: not transaction.is_post_processed)
        result = super()._finalize_post_processing()
        waiting.filtered(lambda transaction: transaction._portal_payment_has_receipt())._portal_payment_send_receipts()
        return result

    def _portal_payment_has_receipt(self):
        """:return bool: whether the customer gets our receipt; an override may send its own"""
        self.ensure_one()
        source = self._portal_payment_get_source()
        return (
            (self.operation or "").startswith("online")
            and self.state == "done"
            and self.payment_id.state == "posted"
            and self.company_id.portal_payment_receipt
            and any(move.is_invoice() for move in source.invoice_ids)
            # Of orders paid before they are invoiced, Odoo sends the confirmation.
            and not ("sale_order_ids" in source._fields and source.sale_order_ids)
        )

    def _portal_payment_send_receipts(self):
        """Put the receipts into the mail queue. The payments stay as they are if that fails."""
        template = self.env.ref("portal_access_ext_account_payment.mail_template_receipt", raise_if_not_found=False)
        if not template or not self:
            return
        self.env.flush_all()  # what fails here is no matter of the mail
        for transaction in self.filtered(lambda transaction: transaction._portal_payment_get_recipient().email):
            try:
                with self.env.cr.savepoint():
                    # As superuser, and without what a visitor's session says.
                    template.sudo().send_mail(
                        transaction.payment_id.id, email_layout_xmlid="mail.mail_notification_light"
                    )
            except OperationalError:  # a lost race is tried again as a whole, the receipt with it
                raise
            except Exception:  # whatever else it is, the money has arrived
                _logger.exception("No receipt for the transaction %s", transaction.reference)
        # Customers wait for it: not an hour, for the queue's own time. sudo: as for the template.
        self.env["portal.access.invitation"].sudo()._trigger_cron("mail.ir_cron_mail_scheduler_action")

    def _portal_payment_get_recipient(self):
        """:return: who gets the receipt: whoever has paid, or else the invoice's contact"""
        self.ensure_one()
        source = self._portal_payment_get_source()
        return (source.partner_id | source.invoice_ids.partner_id).filtered("email")[:1]
