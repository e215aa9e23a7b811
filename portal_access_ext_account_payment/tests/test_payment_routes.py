import json
from urllib.parse import parse_qs, urlencode, urlsplit

from odoo.tests import tagged
from odoo.tools import mute_logger
from odoo.tools.misc import hmac

from odoo.addons.mail.tests.common import mail_new_test_user
from odoo.addons.portal_access_ext.tests.test_route_rights import get_own_routes

from .common import InvoicePaymentCase

ADDON = "portal_access_ext_account_payment"
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


@tagged("post_install", "-at_install")
class TestPaymentRequests(PaymentRouteCase):
    """What is accepted of what a browser sends."""

    def test_amounts_are_checked_before_anything_is_made(self):
        self.sign_in_as("customer")
        self.pay(self.invoice, 30, "pending")
        for amount in (0, -1, -100, 70.01, 100, 1e308, 12.345, "50", "", None, True, [50], {"a": 1}, 10**400):
            with self.subTest(amount=amount):
                self.assert_refused(self.request_payment(self.invoice.id, amount=amount))
        for amount in ("NaN", "Infinity", "-Infinity"):
            with self.subTest(amount=amount):
                self.assert_refused(self.request_payment(self.invoice.id, amount=float(amount)))
        self.assert_made(self.request_payment(self.invoice.id, amount=70), 70, self.invoice, self.anna)
        parameters = self.params()
        del parameters["amount"]
        self.assert_refused(self.call(f"/invoice/transaction/{self.invoice.id}", **parameters))

    def test_what_can_not_be_paid_is_not(self):
        self.sign_in_as("visitor")
        paid = self.make_invoice()
        self.book(self.pay(paid, 100))
        refund = self.make_invoice(move_type="out_refund")
        for invoice in (paid, self.draft, self.cancelled, refund, self.make_invoice(move_type="in_invoice")):
            with self.subTest(state=invoice.state, move_type=invoice.move_type):
                token = invoice._portal_ensure_token()
                self.assert_refused(self.request_payment(invoice.id, access_token=token), "nothing left to pay")

    def test_the_same_request_twice_can_not_overpay(self):
        self.sign_in_as("customer")
        token = self.env["payment.token"].create(
            {
                "provider_id": self.provider.id,
                "payment_method_id": self.method.id,
                "partner_id": self.anna.id,
                "provider_ref": "saved",
                "demo_simulated_state": "pending",
            }
        )
        for state in ("pending", "done"):
            token.demo_simulated_state = state
            invoice = self.make_invoice()
            values = {"flow": "token", "token_id": token.id, "amount": 60}
            answer, made = self.request_payment(invoice.id, **values)
            self.assertEqual(made.state, state)
            self.assert_refused(self.request_payment(invoice.id, **values), "40.00")
            self.assertEqual(invoice.transaction_ids, made)

    def test_other_arguments_are_refused_or_harmless(self):
        self.sign_in_as("customer")
        for name in ("partner_id", "currency_id", "custom_create_values", "invoice_ids", "portal_discount", "state"):
            with self.subTest(name=name):
                self.assert_refused(self.request_payment(self.invoice.id, **{name: 1}))
                several = {**self.params(), "invoice_ids": self.invoice.ids, name: 1}
                if name != "invoice_ids":
                    self.assert_refused(self.call("/my/invoices/transaction", **several))
        self.assert_refused(self.request_payment(self.invoice.id, is_validation=True))
        for landing_route in ("a\0b", "\ud800", None, 5, [], {}):
            with self.subTest(landing_route=landing_route):
                _answer, made = self.request_payment(self.invoice.id, landing_route=landing_route)
                self.assertEqual(made.landing_route, "/my/invoices")

    def test_only_ways_to_pay_that_are_offered(self):
        self.sign_in_as("customer")
        disabled = self.provider.copy({"name": "Disabled"})
        company = self.env["res.company"].create({"name": "Other"})
        foreign = self.provider.copy({"name": "Foreign", "company_id": company.id})
        foreign.write({"state": "test", "is_published": True})
        small = self.provider.copy({"name": "Small", "maximum_amount": 50})
        small.write({"state": "test", "is_published": True})
        hidden = self.provider.copy({"name": "Hidden"})
        hidden.write({"state": "test", "is_published": False})
        for provider_id in (disabled.id, foreign.id, small.id, hidden.id, *NO_IDS, str(self.provider.id)):
            with self.subTest(provider_id=provider_id):
                self.assert_refused(self.request_payment(self.invoice.id, provider_id=provider_id), "payment method")
        self.assertNotIn("error", self.request_payment(self.invoice.id, provider_id=small.id, amount=50)[0])
        other = self.env["payment.method"].search([("provider_ids", "not in", self.provider.ids)], limit=1)
        for method_id in (other.id, *NO_IDS):
            with self.subTest(method_id=method_id):
                self.assert_refused(self.request_payment(self.invoice.id, payment_method_id=method_id))
        for flow in (None, "", "other", 5, [], ["direct"]):
            with self.subTest(flow=flow):
                self.assert_refused(self.request_payment(self.invoice.id, flow=flow))
        for token_id in NO_IDS:
            with self.subTest(token_id=token_id):
                answer = self.request_payment(self.invoice.id, flow="token", token_id=token_id)
                # Here, or where it is asked whose it is; other addons decide which comes first.
                self.assert_refused(answer, "payment method can't be used", name=answer[0]["error"]["data"]["name"])
                self.assertIn(answer[0]["error"]["data"]["name"].rpartition(".")[2], ("AccessError", "ValidationError"))

    def test_a_saved_method_of_another_company_s_provider_is_refused(self):
        company = self.env["res.company"].create({"name": "Other"})
        foreign = self.provider.copy({"name": "Foreign", "company_id": company.id})
        foreign.write({"state": "test", "is_published": True})
        values = {"payment_method_id": self.method.id, "provider_ref": "saved", "demo_simulated_state": "done"}
        token = self.env["payment.token"].create({**values, "provider_id": foreign.id, "partner_id": self.anna.id})
        self.sign_in_as("customer")
        self.assert_refused(self.request_payment(self.invoice.id, flow="token", token_id=token.id), "payment method")

    def test_the_discount_is_decided_here(self):
        invoice = self.make_invoice(invoice_payment_term_id=self.early.id)
        self.sign_in_as("customer")
        for amount, discount in ((100, 0), (98, 2), (97, 0)):
            made = self.assert_made(self.request_payment(invoice.id, amount=amount), amount, invoice, self.anna)
            self.assertEqual(made.portal_discount, discount)

    def test_several_are_paid_together_in_part(self):
        invoices = self.make_invoice(days=30) + self.make_invoice(50, days=20) + self.make_invoice(30, days=10)
        self.sign_in_as("customer")
        ids = invoices.ids[::-1]
        made = self.assert_made(
            self.call("/my/invoices/transaction", invoice_ids=ids, **self.params(120)), 120, invoices, self.anna
        )
        self.assertEqual(made.reference, f"{invoices[0].name}-and-2-more")
        made._set_done()
        self.book(made)
        self.assertEqual(invoices.mapped("amount_residual"), [0, 30, 30])
        self.assert_refused(self.call("/my/invoices/transaction", invoice_ids=ids, **self.params(60.01)), "60.00")

    def test_several_that_do_not_belong_together(self):
        francs = self.make_invoice(currency_id=self.make_currency().id)
        self.sign_in_as("customer")
        ids = (self.invoice + francs).ids
        answer = self.call("/my/invoices/transaction", invoice_ids=ids, **self.params(200))
        self.assert_refused(answer, "different currencies")
        self.sign_in_as("accountant")
        ids = (self.invoice + self.foreign).ids
        answer = self.call("/my/invoices/transaction", invoice_ids=ids, **self.params(200))
        self.assert_refused(answer, "different customers")


@tagged("post_install", "-at_install")
class TestPaymentLinks(PaymentRouteCase):
    """Links that the company sends."""

    def open_link(self, invoice, amount, **values):
        """Open a link as the company's dialog makes it; return the address, and where the form sends."""
        self.env.flush_all()
        response = self.url_open(f"/payment/pay?{self.get_query(invoice, amount, **values)}")
        self.env.invalidate_all()
        self.assertEqual(response.status_code, 200)
        page = response.text
        route = page.partition('data-transaction-route="')[2].partition('"')[0].replace("&amp;", "&")
        return urlsplit(response.url).path, route

    def get_query(self, invoice, amount, **values):
        # The dialog itself needs a request.
        values_signed = f"{invoice.partner_id.id}|{float(amount)}|{invoice.currency_id.id}"
        token = hmac(self.env(su=True), "generate_access_token", values_signed)
        return urlencode({"invoice_id": invoice.id, "amount": float(amount), "access_token": token, **values})

    def test_what_it_offers_can_be_paid_whatever_the_rules_are(self):
        self.company.portal_partial_payment = "none"
        self.sign_in_as("visitor")
        signature = self.invoice._portal_payment_sign_offer(40)
        path, route = self.open_link(self.invoice, 40, portal_offer=signature)
        self.assertEqual(path, "/payment/pay")
        self.assertEqual(parse_qs(urlsplit(route).query)["offer"], [signature])
        token = self.invoice._portal_ensure_token()
        answer = self.call(route, **self.params(40, access_token=token))
        self.assert_made(answer, 40, self.invoice, self.anna)
        # That amount, of that invoice, and nothing else.
        self.assert_refused(self.call(route, **self.params(41, access_token=token)), "full amount")
        other = self.make_invoice()
        route = route.replace(str(self.invoice.id), str(other.id), 1)
        self.assert_refused(self.call(route, **self.params(40, access_token=other._portal_ensure_token())))
        for query in ("?amount=41&offer=" + signature, "?amount=40", "?offer=" + signature, "?amount=40&offer=%C3%A9"):
            with self.subTest(query=query):
                amount = 41 if "41" in query else 40
                self.assert_refused(
                    self.request_payment(self.invoice.id, query, amount=amount, access_token=token), "full amount"
                )

    def test_odoo_s_own_token_is_no_offer(self):
        """Signed in, everybody gets one for any amount."""
        self.company.portal_partial_payment = "none"
        self.sign_in_as("customer")
        path, _route = self.open_link(self.invoice, 0.01)
        self.assertEqual(path, f"/my/invoices/{self.invoice.id}")
        path, _route = self.open_link(self.invoice, 0.01, portal_offer=self.invoice._portal_payment_sign_offer(40))
        self.assertEqual(path, f"/my/invoices/{self.invoice.id}")

    def test_a_link_to_what_was_paid_meanwhile_shows_the_invoice(self):
        self.sign_in_as("visitor")
        signature = self.invoice._portal_payment_sign_offer(60)
        self.pay(self.invoice, 70, "pending")
        path, _route = self.open_link(self.invoice, 60, portal_offer=signature)
        self.assertEqual(path, f"/my/invoices/{self.invoice.id}")
        token = self.invoice._portal_ensure_token()
        query = f"?amount=60.0&offer={signature}"
        self.assert_refused(self.request_payment(self.invoice.id, query, amount=60, access_token=token), "30.00")

    def test_links_of_before_go_on_working_for_what_may_be_paid(self):
        self.sign_in_as("visitor")
        path, route = self.open_link(self.invoice, 100)
        self.assertEqual(path, "/payment/pay")
        answer = self.call(route, **self.params(100, access_token=self.invoice._portal_ensure_token()))
        self.assert_made(answer, 100, self.invoice, self.anna)

    @mute_logger("odoo.http")
    def test_links_that_were_altered_show_nothing(self):
        self.sign_in_as("visitor")
        for query in (
            f"invoice_id={self.invoice.id}&amount=1&access_token=x",
            f"invoice_id={self.invoice.id}&amount=nan&access_token=x",
            f"invoice_id={self.invoice.id}",
            "invoice_id=999999999999999999999&amount=1",
            "invoice_id=-1&amount=1&access_token=x",
            "invoice_id=%00&amount=1&access_token=x",
        ):
            with self.subTest(query=query):
                response = self.url_open(f"/payment/pay?{query}", allow_redirects=False)
                self.assertLess(response.status_code, 500)
                self.assertNotIn(self.invoice.name, response.text)

    @mute_logger("odoo.http")
    def test_a_draft_is_not_shown_to_who_makes_a_link_to_it(self):
        self.sign_in_as("customer")
        self.assertFalse(self.draft.access_token)
        response = self.url_open(f"/payment/pay?{self.get_query(self.draft, 1)}", allow_redirects=False)
        self.env.invalidate_all()
        self.assertEqual(response.status_code, 404)
        self.assertFalse(self.draft.access_token)

    def test_pages_of_other_documents_sign_nothing(self):
        self.company.portal_partial_payment = "none"
        self.sign_in_as("customer")
        query = urlencode({"amount": 1, "currency_id": self.currency.id, "portal_offer": "x"})
        response = self.url_open(f"/my/invoices/{self.invoice.id}?{query}")
        self.assertIn('data-transaction-route="', response.text)
        self.assertNotIn("offer=", response.text.partition('data-transaction-route="')[2].partition('"')[0])

    def test_drafts_of_the_customer_are_not_posted_by_paying_a_cent(self):
        payment = self.env["account.payment"].create(
            {"amount": 500, "payment_type": "inbound", "partner_type": "customer", "partner_id": self.anna.id}
        )
        self.sign_in_as("customer")
        _path, route = self.open_link(payment.move_id, 0.01)
        answer, made = self.call(route, **self.params(0.01, access_token=payment.move_id._portal_ensure_token()))
        if made:
            made._set_done()
            self.book(made)
        self.assertEqual(payment.state, "draft")
