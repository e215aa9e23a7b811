import json

from odoo.tools import mute_logger

from odoo.addons.mail.tests.common import mail_new_test_user

from .common import InvoicePaymentCase

# What a browser may send where an id is expected.
NO_IDS = (None, "", "abc", 0, -1, 2**31, 2**63, True, 1.5, [], [[]], {}, "1")


class PaymentRouteCase(InvoicePaymentCase):
    """Requests as a browser makes them, and as it would never."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sibling = cls.make_partners(1, "sibling", parent_id=cls.anna.parent_id.id)
        cls.as_manager(cls, cls.sibling).portal_access_grant()
        cls.accountant = mail_new_test_user(
            cls.env, login="pae_accountant", groups="base.group_user,account.group_account_invoice"
        )
        for user in (*cls.users_of(cls, cls.sibling), cls.employee, cls.accountant):
            user.password = user.login
        cls.invoice = cls.make_invoice()
        cls.foreign = cls.make_invoice(partner=cls.ben)
        cls.draft = cls.make_invoice(post=False)
        cls.cancelled = cls.make_invoice()
        cls.cancelled.button_draft()
        cls.cancelled.button_cancel()
        cls.deleted_id = cls.draft.id + 1_000_000
        cls.env.flush_all()

    def sign_in_as(self, who):
        user = {
            "visitor": None,
            "customer": self.anna.user_ids,
            "sibling": self.sibling.user_ids,
            "foreign": self.ben.user_ids,
            "employee": self.employee,
            "accountant": self.accountant,
        }[who]
        self.authenticate(user and user.login, user and user.login)

    def call(self, route, **params):
        """:return dict: the answer of a JSON route, and the transactions that it made"""
        self.env.flush_all()
        last_id = self.env["payment.transaction"].search([], limit=1, order="id desc").id or 0
        with mute_logger("odoo.http"):
            response = self.url_open(
                route, data=json.dumps({"params": params}), headers={"Content-Type": "application/json"}
            )
        self.env.invalidate_all()
        self.assertEqual(response.status_code, 200)
        return response.json(), self.env["payment.transaction"].search([("id", ">", last_id)])

    def params(self, amount=100.0, **values):
        return {
            "provider_id": self.provider.id,
            "payment_method_id": self.method.id,
            "token_id": None,
            "amount": amount,
            "flow": "direct",
            "tokenization_requested": False,
            "landing_route": "/my/invoices",
            **values,
        }

    def request_payment(self, invoice_id, query="", **values):
        return self.call(f"/invoice/transaction/{invoice_id}{query}", **self.params(**values))

    def assert_refused(self, answer, *words, name="odoo.exceptions.ValidationError"):
        answer, made = answer
        self.assertFalse(made)
        self.assertIn("error", answer)
        self.assertEqual(answer["error"]["data"]["name"], name)
        for word in words:
            self.assertIn(word, answer["error"]["data"]["message"])
        return answer["error"]["data"]["message"]

    def assert_made(self, answer, amount, invoices, partner):
        answer, made = answer
        self.assertNotIn("error", answer)
        self.assertEqual(made.reference, answer["result"]["reference"])
        self.assertEqual((made.amount, made.currency_id), (amount, invoices.currency_id))
        self.assertEqual((made.invoice_ids, made.partner_id, made.state), (invoices, partner, "draft"))
        return made
