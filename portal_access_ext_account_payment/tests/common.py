import unittest
from datetime import timedelta

from odoo import Command, fields

from odoo.addons.portal_access_ext.tests.test_portal_home import PortalHomeCase


class InvoicePaymentCase(PortalHomeCase):
    """Two customers, who have nothing to do with one another, with invoices, and Odoo's demo provider."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if "demo_simulated_state" not in cls.env["payment.token"]._fields:
            raise unittest.SkipTest("payment_demo is not installed")
        cls.company = cls.env.company
        cls.currency = cls.company.currency_id
        cls.provider = cls.env.ref("payment.payment_provider_demo")
        cls.provider.write(
            {"state": "test", "is_published": True, "allow_tokenization": True, "capture_manually": False}
        )
        cls.method = cls.provider.payment_method_ids[:1]
        cls.method.active = True
        cls.today = fields.Date.context_today(cls.provider)
        cls.revenue = cls.env["account.account"].search(
            [("company_id", "=", cls.company.id), ("account_type", "=", "income")], limit=1
        )
        cls.instalments = cls.env["account.payment.term"].create(
            {
                "name": "30, 30, 40",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": share, "nb_days": days})
                    for share, days in ((30, 0), (30, 30), (40, 90))
                ],
            }
        )
        cls.early = cls.env["account.payment.term"].create(
            {
                "name": "2 % in 10 days",
                "early_discount": True,
                "discount_percentage": 2,
                "discount_days": 10,
                "early_pay_discount_computation": "included",
                "line_ids": [Command.create({"value": "percent", "value_amount": 100, "nb_days": 30})],
            }
        )
        cls.company.write(
            {
                "portal_partial_payment": "all",
                "portal_partial_minimum_type": "amount",
                "portal_partial_minimum_amount": 0,
                "portal_partial_minimum_share": 0,
                "portal_payment_receipt": True,
            }
        )
        cls.env.flush_all()

    @classmethod
    def make_invoice(cls, amount=100.0, partner=None, days=0, post=True, taxes=None, **values):
        """Make an invoice of some days ago."""
        if "invoice_payment_term_id" not in values:
            values["invoice_date_due"] = cls.today - timedelta(days=days)
        line = {"name": "Work", "price_unit": amount, "tax_ids": [Command.set(taxes.ids if taxes else [])]}
        invoice = cls.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": (partner or cls.anna).id,
                "invoice_date": cls.today - timedelta(days=days),
                "invoice_line_ids": [Command.create({**line, "account_id": cls.revenue.id})],
                **values,
            }
        )
        if post:
            invoice.action_post()
            invoice.message_subscribe(invoice.partner_id.ids)
        return invoice

    @classmethod
    def make_tax(cls, percent):
        return cls.env["account.tax"].create(
            {
                "name": f"Tax of {percent} %",
                "amount": percent,
                "country_id": cls.company.account_fiscal_country_id.id,
                "tax_group_id": cls.env["account.tax.group"].search([("company_id", "=", cls.company.id)], limit=1).id,
            }
        )

    @classmethod
    def make_currency(cls, name="CHF", rate=2.0):
        """Make a currency of which that many are one of the company's."""
        currency = cls.env["res.currency"].with_context(active_test=False).search([("name", "=", name)])
        currency.active = True
        currency.rate_ids.unlink()
        cls.env["res.currency.rate"].create(
            {"name": "2020-01-01", "rate": rate, "currency_id": currency.id, "company_id": cls.company.id}
        )
        return currency

    def pay(self, invoices, amount, state="done", partner=None, **values):
        """Make a transaction as a route does, in a state that its provider told."""
        transaction = self.env["payment.transaction"].create(
            {
                "provider_id": self.provider.id,
                "payment_method_id": self.method.id,
                "amount": amount,
                "currency_id": invoices.currency_id.id,
                "partner_id": (partner or self.anna).id,
                "operation": "online_direct",
                "invoice_ids": [Command.set(invoices.ids)],
                **values,
            }
        )
        if state == "authorized":
            transaction._set_authorized()
        elif state != "draft":
            {
                "pending": transaction._set_pending,
                "done": transaction._set_done,
                "cancel": transaction._set_canceled,
                "error": lambda: transaction._set_error("broken"),
            }[state]()
        return transaction

    def book(self, transactions):
        transactions._finalize_post_processing()
        self.env.flush_all()
        self.env.invalidate_all()
        return transactions.payment_id

    def open_of(self, invoice):
        return invoice._portal_payment_get_open_amounts()[invoice]

    def choices_of(self, invoices):
        return {choice["key"]: choice for choice in invoices._portal_payment_get_choices()}
