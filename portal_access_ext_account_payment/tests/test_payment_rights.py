from odoo.tests import tagged

from odoo.addons.portal_access_ext.tests.test_route_rights import get_own_routes

from .common_routes import NO_IDS, PaymentRouteCase

ADDON = "portal_access_ext_account_payment"


@tagged("post_install", "-at_install")
class TestPaymentRights(PaymentRouteCase):
    """Who may pay what."""

    def test_every_route_is_tried(self):
        routes = get_own_routes(self.env, ADDON)
        expected = {
            "/invoice/transaction/<int:invoice_id>": "public",
            "/my/invoices/transaction": "user",
            "/payment/pay": "public",
        }
        for rule, auth in expected.items():
            self.assertEqual(routes[rule].routing["auth"], auth)
        for rule, endpoint in routes.items():
            with self.subTest(rule=rule):
                if endpoint.routing["type"] == "http" and rule not in expected:
                    self.assertIsNot(endpoint.routing.get("csrf"), False)

    def test_who_may_pay_an_invoice(self):
        token = self.invoice._portal_ensure_token()
        for who, partner, may in (
            ("visitor", self.anna, False),
            ("customer", self.anna, True),
            ("sibling", self.sibling, False),
            ("foreign", self.ben, False),
            ("employee", self.employee.partner_id, False),
            ("accountant", self.accountant.partner_id, True),
        ):
            with self.subTest(who=who):
                self.sign_in_as(who)
                answer = self.request_payment(self.invoice.id)
                if may or self.may_read(who):
                    self.assert_made(answer, 100, self.invoice, partner)
                else:
                    message = self.assert_refused(answer)
                    for other in (self.foreign.id, self.deleted_id, self.draft.id):
                        if who != "foreign" or other != self.foreign.id:
                            self.assertEqual(self.assert_refused(self.request_payment(other)), message)
                # Who has the link may pay.
                self.assert_made(self.request_payment(self.invoice.id, access_token=token), 100, self.invoice, partner)

    def may_read(self, who):
        """Contacts of the same company see what its followers do, as Odoo's own rule says."""
        user = {"sibling": self.sibling.user_ids}.get(who)
        return bool(user and self.env["account.move"].with_user(user).search([("id", "=", self.invoice.id)]))

    def test_a_token_is_of_its_invoice_only(self):
        self.sign_in_as("visitor")
        token = self.foreign._portal_ensure_token()
        self.invoice._portal_ensure_token()
        message = self.assert_refused(self.request_payment(self.deleted_id))
        for access_token in (token, "", "x", "é", None, 5, True, [], {}, [token], "\0", "0" * 10_000):
            with self.subTest(access_token=access_token):
                answer = self.request_payment(self.invoice.id, access_token=access_token)
                self.assertEqual(self.assert_refused(answer), message)

    def test_ids_that_are_none_are_answered_alike(self):
        self.sign_in_as("customer")
        message = self.assert_refused(self.request_payment(self.foreign.id))
        for invoice_id in (self.deleted_id, 0, -1, 2**31, 2**63, 10**300):
            with self.subTest(invoice_id=invoice_id):
                self.assertEqual(self.assert_refused(self.request_payment(invoice_id)), message)

    def test_who_may_pay_several(self):
        other = self.make_invoice(50)
        invoices = self.invoice + other
        for who, partner, may in (
            ("customer", self.anna, True),
            ("foreign", self.ben, False),
            ("employee", self.employee.partner_id, False),
            ("accountant", self.accountant.partner_id, True),
        ):
            with self.subTest(who=who):
                self.sign_in_as(who)
                answer = self.call("/my/invoices/transaction", invoice_ids=invoices.ids, **self.params(150))
                if may:
                    self.assert_made(answer, 150, invoices, partner)
                else:
                    self.assert_refused(answer)
        self.sign_in_as("visitor")
        answer, made = self.call("/my/invoices/transaction", invoice_ids=invoices.ids, **self.params(150))
        self.assertIn("SessionExpired", answer["error"]["data"]["name"])
        self.assertFalse(made)

    def test_one_invoice_of_somebody_else_is_answered_like_none(self):
        self.sign_in_as("customer")
        pay = "/my/invoices/transaction"
        message = self.assert_refused(self.call(pay, invoice_ids=[self.deleted_id], **self.params()))
        for ids in (
            [self.foreign.id],
            [self.invoice.id, self.foreign.id],
            [self.invoice.id, self.deleted_id],
            [self.invoice.id, self.draft.id],
            [self.cancelled.id],
        ):
            with self.subTest(ids=ids):
                self.assertEqual(self.assert_refused(self.call(pay, invoice_ids=ids, **self.params())), message)
        for ids in (*NO_IDS, *([each] for each in NO_IDS), [self.invoice.id, "1"], str(self.invoice.id)):
            with self.subTest(ids=ids):
                self.assertEqual(self.assert_refused(self.call(pay, invoice_ids=ids, **self.params())), message)
        self.assert_refused(self.call(pay, invoice_ids=list(range(1, 200)), **self.params()), "At most 100")
        self.assertEqual(self.assert_refused(self.call(pay, **self.params())), message)

    def test_an_invoice_named_twice_is_paid_once(self):
        self.sign_in_as("customer")
        ids = self.invoice.ids * 2
        self.assert_refused(self.call("/my/invoices/transaction", invoice_ids=ids, **self.params(200)), "more than")
        answer = self.call("/my/invoices/transaction", invoice_ids=ids, **self.params(100))
        self.assert_made(answer, 100, self.invoice, self.anna)

    def test_customers_reach_none_of_it_over_rpc(self):
        user = self.anna.user_ids
        self.assertFalse(self.env["payment.transaction"].with_user(user).check_access_rights("read", False))
        for model in ("payment.link.wizard", "account.payment", "payment.transaction"):
            for right in ("create", "write", "unlink"):
                self.assertFalse(self.env[model].with_user(user).check_access_rights(right, False), model)
