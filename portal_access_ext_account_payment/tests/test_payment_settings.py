from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from odoo.addons.mail.tests.common import mail_new_test_user

from .common import InvoicePaymentCase


@tagged("post_install", "-at_install")
class TestPaymentSettings(InvoicePaymentCase):
    """What the company decides."""

    def test_the_settings_are_the_company_s(self):
        settings = self.env["res.config.settings"].create({})
        self.assertEqual(settings.portal_partial_payment, "all")
        settings.write(
            {
                "portal_partial_payment": "flagged",
                "portal_partial_minimum_type": "share",
                "portal_partial_minimum_share": 10,
                "portal_payment_receipt": False,
            }
        )
        settings.execute()
        self.assertEqual(self.company.portal_partial_payment, "flagged")
        self.assertEqual(self.company.portal_partial_minimum_share, 10)
        self.assertFalse(self.company.portal_payment_receipt)
        self.assertIn("portal_partial_payment", self.env["res.config.settings"].get_view()["arch"])

    def test_new_companies_have_the_defaults(self):
        company = self.env["res.company"].create({"name": "New"})
        self.assertEqual(company.portal_partial_payment, "all")
        self.assertEqual(company.portal_partial_minimum_type, "amount")
        self.assertEqual((company.portal_partial_minimum_amount, company.portal_partial_minimum_share), (0, 0))
        self.assertTrue(company.portal_payment_receipt)

    def test_what_makes_no_sense_is_refused(self):
        for name, values in (
            ("portal_partial_minimum_amount", (-1, -0.01)),
            ("portal_partial_minimum_share", (-1, 101, float("nan"), float("inf"))),
        ):
            for value in values:
                with self.subTest(name=name, value=value), self.assertRaises(ValidationError):
                    self.company[name] = value
        self.company.portal_partial_minimum_share = 100

    def test_the_mark_is_shown_where_it_decides(self):
        accountant = mail_new_test_user(
            self.env, login="pae_accountant", groups="base.group_partner_manager,account.group_account_invoice"
        )
        company = self.anna.parent_id.with_user(accountant)
        for setting, shown in (("flagged", True), ("all", False), ("none", False)):
            self.company.portal_partial_payment = setting
            company.invalidate_recordset()
            with self.subTest(setting=setting):
                self.assertEqual(company.portal_partial_payment_counts, shown)
        company.portal_partial_payment = True
        self.assertTrue(self.anna.parent_id.portal_partial_payment)
        arch = self.env["res.partner"].with_user(accountant).get_view(self.env.ref("base.view_partner_form").id)["arch"]
        self.assertIn("portal_partial_payment", arch)
        arch = self.env["res.partner"].with_user(self.manager).get_view(self.env.ref("base.view_partner_form").id)
        self.assertNotIn("portal_partial_payment", arch["arch"])

    def test_only_who_keeps_the_books_marks_customers(self):
        for user in (self.manager, self.employee, self.anna.user_ids):
            partner = self.anna.with_user(user)
            with self.subTest(user=user.login):
                self.assertRaises(AccessError, partner.read, ["portal_partial_payment"])
                self.assertRaises(AccessError, partner.write, {"portal_partial_payment": True})

    def test_the_mark_is_not_copied(self):
        self.anna.portal_partial_payment = True
        self.assertFalse(self.anna.copy().portal_partial_payment)

    def test_links_of_the_company_are_signed(self):
        invoice = self.make_invoice()
        context = {"active_model": "account.move", "active_id": invoice.id}
        wizard = self.env["payment.link.wizard"].with_context(**context).create({"amount": 40})
        values = wizard._get_additional_link_values()
        self.assertEqual(invoice._portal_payment_read_offer("40.0", values["portal_offer"]), 40)
        self.assertIsNone(invoice._portal_payment_read_offer("100.0", values["portal_offer"]))
        self.assertEqual(values["invoice_id"], invoice.id)
