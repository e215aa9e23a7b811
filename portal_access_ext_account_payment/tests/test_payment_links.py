from urllib.parse import parse_qs, urlencode, urlsplit

from odoo.tests import tagged
from odoo.tools import mute_logger
from odoo.tools.misc import hmac

from .common_routes import PaymentRouteCase


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

    def test_each_is_used_once(self):
        self.company.portal_partial_payment = "none"
        self.sign_in_as("visitor")
        first, second = (self.invoice._portal_payment_sign_offer(40) for _number in range(2))
        token = self.invoice._portal_ensure_token()
        route = f"/invoice/transaction/{self.invoice.id}?amount=40.0&offer="
        # Until something comes of it.
        for finish in ("_set_canceled", "_set_pending"):
            made = self.assert_made(
                self.call(route + first, **self.params(40, access_token=token)), 40, self.invoice, self.anna
            )
            getattr(made, finish)()
        self.assert_refused(self.call(route + first, **self.params(40, access_token=token)), "full amount")
        path, _route = self.open_link(self.invoice, 40, portal_offer=first)
        self.assertEqual(path, f"/my/invoices/{self.invoice.id}")
        # The company can offer the same amount again.
        answer = self.call(route + second, **self.params(40, access_token=token))
        self.assert_made(answer, 40, self.invoice, self.anna)
        for offer in (first.partition(".")[2], "." + first.partition(".")[2], "x." + first.partition(".")[2], "."):
            with self.subTest(offer=offer):
                self.assert_refused(self.call(route + offer, **self.params(40, access_token=token)), "full amount")

    def test_they_work_where_invoices_are_not_paid_online_else(self):
        self.env["ir.config_parameter"].set_param("account_payment.enable_portal_payment", "False")
        self.sign_in_as("visitor")
        path, route = self.open_link(self.invoice, 40, portal_offer=self.invoice._portal_payment_sign_offer(40))
        self.assertEqual(path, "/payment/pay")
        token = self.invoice._portal_ensure_token()
        self.assert_made(self.call(route, **self.params(40, access_token=token)), 40, self.invoice, self.anna)
        self.assert_refused(self.call(route, **self.params(100, access_token=token)), "can't be paid online")
        path, _route = self.open_link(self.invoice, 100)
        self.assertEqual(path, f"/my/invoices/{self.invoice.id}")

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
