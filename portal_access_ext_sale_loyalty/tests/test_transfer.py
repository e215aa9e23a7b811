from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import TopupCase


@tagged("post_install", "-at_install")
class TestTransfer(TopupCase):
    """A bank transfer that the customer announced: the staff says that it has arrived."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if "custom_mode" in cls.provider._fields:
            cls.provider.write({"code": "custom", "custom_mode": "wire_transfer"})

    def setUp(self):
        super().setUp()
        if self.provider.code != "custom":
            self.skipTest("payment_custom is not installed")
        self.order = self.start()
        self.tx = self.make_tx(self.order)
        self.settle(self.tx, "pending")
        self.journal = self.company_data["default_journal_bank"]

    def open_dialog(self, user=None):
        Dialog = self.env["portal.topup.received"].with_user(user or self.accountant)
        return Dialog.with_context(allowed_company_ids=self.company.ids).create({"order_id": self.order.id})

    def test_received_is_booked_confirmed_invoiced_and_credited(self):
        self.assertTrue(self.order.portal_topup_waits_for_transfer)
        dialog = self.open_dialog()
        self.assertEqual((dialog.amount, dialog.reference), (50, self.tx.reference))
        self.assertEqual(dialog.journal_id.type, "bank")
        dialog.action_confirm()
        self.assertEqual((self.tx.state, self.order.state), ("done", "sale"))
        self.assertEqual(self.card_of().points, 50)
        payment = self.tx.payment_id
        self.assertEqual((payment.state, payment.amount, payment.journal_id), ("posted", 50, dialog.journal_id))
        self.assertEqual(payment.partner_id, self.firm)
        self.assertEqual(self.order.invoice_ids.amount_residual, 0)
        self.assertEqual(payment.reconciled_invoice_ids, self.order.invoice_ids)
        self.assertFalse(self.order.portal_topup_waits_for_transfer)

    def test_it_is_booked_once(self):
        first, second = self.open_dialog(), self.open_dialog()
        first.action_confirm()
        for dialog in (first, second, self.open_dialog()):
            with self.assertRaisesRegex(UserError, "no payment of this top-up"):
                dialog.action_confirm()
        payments = self.env["account.payment"].search([("partner_id", "=", self.firm.id)])
        self.assertEqual(len(payments), 1)
        self.assertEqual(self.card_of().points, 50)

    def test_only_who_books_payments_may_say_so(self):
        for user in (self.salesman, self.anna, self.env.ref("base.public_user")):
            with self.subTest(user=user.sudo().login), self.assertRaises(AccessError):
                self.open_dialog(user)

    def test_a_payment_that_a_provider_will_tell_of_is_not_booked_by_hand(self):
        self.provider.write({"code": "none", "custom_mode": False})
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertRaises(UserError):
            self.open_dialog().action_confirm()
        self.assertFalse(self.card_of())

    def test_a_cancelled_order_waits_for_nothing(self):
        self.order._action_cancel()
        self.assertFalse(self.order.portal_topup_waits_for_transfer)
        with self.assertRaises(UserError):
            self.open_dialog().action_confirm()
