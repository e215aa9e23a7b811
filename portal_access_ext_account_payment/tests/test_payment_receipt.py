from unittest.mock import patch

from psycopg2 import OperationalError

from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import InvoicePaymentCase


@tagged("post_install", "-at_install")
class TestPaymentReceipts(InvoicePaymentCase):
    """What customers are told by mail when they have paid."""

    def receipts_of(self, payment):
        return self.env["mail.mail"].search([("model", "=", "account.payment"), ("res_id", "in", payment.ids)])

    def test_it_says_what_was_paid_and_what_is_left(self):
        invoice = self.make_invoice(invoice_payment_term_id=self.instalments.id)
        payment = self.book(self.pay(invoice, 30))
        mail = self.receipts_of(payment)
        self.assertEqual(mail.state, "outgoing", "it is sent by the queue")
        self.assertEqual(mail.recipient_ids, self.anna)
        self.assertIn(invoice.name, mail.subject)
        for text in ("30.00", "70.00", invoice.name, self.anna.name, "Next due"):
            self.assertIn(text, mail.body_html)
        self.assertIn(invoice.get_portal_url().replace("&", "&amp;"), mail.body_html)
        self.assertNotIn("credit on your account", mail.body_html)

    def test_it_says_of_each_invoice_what_is_left(self):
        old, new = self.make_invoice(days=20), self.make_invoice(50, days=10)
        payment = self.book(self.pay(old + new, 120))
        receipt = payment._portal_payment_get_receipt()
        self.assertEqual([row["name"] for row in receipt["invoices"]], [old.name, new.name])
        self.assertIn("0.00", receipt["invoices"][0]["balance"])
        self.assertFalse(receipt["invoices"][0]["next_date"])
        self.assertIn("30.00", receipt["invoices"][1]["balance"])
        self.assertIn("30.00", receipt["invoices"][1]["next_amount"])
        self.assertEqual(len(self.receipts_of(payment)), 1)

    def test_it_says_what_was_too_much(self):
        invoice = self.make_invoice()
        self.book(self.pay(invoice, 100))
        mail = self.receipts_of(self.book(self.pay(invoice, 70)))
        self.assertRegex(mail.body_html, r"Of this, \$.70.00 is more than what was due")

    def test_it_is_in_the_language_of_who_has_paid(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self.anna.lang = "de_DE"
        template = self.env.ref("portal_access_ext_account_payment.mail_template_receipt")
        template.with_context(lang="de_DE").subject = "Ihre Zahlung an {{ object.company_id.name }}"
        mail = self.receipts_of(self.book(self.pay(self.make_invoice(1234.5), 1234.5)))
        self.assertIn("Ihre Zahlung", mail.subject)
        self.assertIn("1.234,50", mail.body_html)

    def test_it_is_sent_once(self):
        transaction = self.pay(self.make_invoice(), 100)
        payment = self.book(transaction)
        self.book(transaction)
        self.assertEqual(len(self.receipts_of(payment)), 1)

    def test_it_is_sent_at_once_not_when_the_queue_has_its_time(self):
        cron = self.env.ref("mail.ir_cron_mail_scheduler_action")
        self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)]).unlink()
        self.book(self.pay(self.make_invoice(), 100))
        self.assertTrue(self.env["ir.cron.trigger"].search_count([("cron_id", "=", cron.id)]))

    def test_a_race_that_is_lost_meanwhile_is_tried_again_as_a_whole(self):
        transaction = self.pay(self.make_invoice(), 100)

        def lose(*_args, **_kwargs):
            raise OperationalError

        with patch.object(type(self.env["mail.template"]), "send_mail", lose), self.assertRaises(OperationalError):
            self.book(transaction)
        self.assertEqual(len(self.receipts_of(self.book(transaction))), 1)

    def test_it_is_sent_for_each_part_that_is_captured(self):
        self.provider.support_manual_capture = "partial"
        transaction = self.pay(self.make_invoice(), 80, "authorized")
        part = transaction._create_child_transaction(50)
        part._set_done()
        mail = self.receipts_of(self.book(part))
        self.assertIn("50.00", mail.body_html)
        self.assertEqual(mail.recipient_ids, self.anna)

    def test_it_is_sent_to_the_invoice_s_contact_if_who_has_paid_has_no_address(self):
        self.ben.email = False
        mail = self.receipts_of(self.book(self.pay(self.make_invoice(), 100, partner=self.ben)))
        self.assertEqual(mail.recipient_ids, self.anna)

    def test_none_is_sent_where_there_is_no_address(self):
        (self.anna + self.anna.parent_id).email = False
        payment = self.book(self.pay(self.make_invoice(), 100))
        self.assertTrue(payment)
        self.assertFalse(self.receipts_of(payment))

    def test_the_company_can_do_without(self):
        self.company.portal_payment_receipt = False
        self.assertFalse(self.receipts_of(self.book(self.pay(self.make_invoice(), 100))))

    def test_none_is_sent_for_refunds_offline_payments_and_what_is_no_invoice(self):
        transaction = self.pay(self.make_invoice(), 100)
        self.book(transaction)
        refund = transaction._create_child_transaction(30, is_refund=True)
        refund._set_done()
        self.assertFalse(self.receipts_of(self.book(refund)))
        self.assertFalse(self.receipts_of(self.book(self.pay(self.make_invoice(), 100, operation="offline"))))
        other = self.pay(self.env["account.move"], 10, currency_id=self.currency.id)
        self.assertFalse(self.receipts_of(self.book(other)))

    def test_one_that_fails_leaves_the_payment_and_the_other_receipts(self):
        transactions = self.pay(self.make_invoice(), 100) + self.pay(self.make_invoice(), 50)
        Payment = type(self.env["account.payment"])
        method = Payment._portal_payment_get_receipt

        def fail(payment):
            if payment.amount == 100:
                payment.env.cr.execute("SELECT nothing FROM nowhere")
            return method(payment)

        loggers = ("odoo.sql_db", "odoo.addons.mail.models.mail_render_mixin")
        name = "odoo.addons.portal_access_ext_account_payment.models.payment_transaction"
        with (
            patch.object(Payment, "_portal_payment_get_receipt", fail),
            mute_logger(*loggers),
            self.assertLogs(name, "ERROR") as logs,
        ):
            payments = self.book(transactions)
        self.assertEqual(len(logs.output), 1)
        self.assertIn(transactions[0].reference, logs.output[0])
        self.assertEqual(payments.mapped("state"), ["posted", "posted"])
        self.assertEqual(transactions.mapped("is_post_processed"), [True, True])
        self.assertEqual(self.receipts_of(payments).mapped("res_id"), payments[1].ids)

    def test_it_can_be_sent_for_a_visitor(self):
        transaction = self.pay(self.make_invoice(), 100)
        public = self.env.ref("base.public_user")
        payment = self.book(transaction.with_user(public).sudo())
        self.assertEqual(len(self.receipts_of(payment)), 1)
