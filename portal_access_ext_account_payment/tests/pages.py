import re
from html import unescape
from urllib.parse import urlencode

from odoo.http import Request

from .common import InvoicePaymentCase


class InvoicePageCase(InvoicePaymentCase):
    """What customers see of invoices and payments."""

    def pay(self, invoices, amount, state="done", is_booked=True, **values):
        """Let somebody pay, and what is done be booked."""
        transaction = super().pay(invoices, amount, state, **values)
        if state == "done" and is_booked:
            self.book(transaction)
        return transaction

    def open(self, path, login=None, **query):
        """:return str: a page as the first customer sees it"""
        login = login or self.anna.user_ids.login
        if login != getattr(self, "_login", None):
            self.authenticate(login, login)
            self._login = login
        return self.fetch(path, **query)

    def fetch(self, path, **query):
        response = self.url_open(f"{path}?{urlencode(query, doseq=True)}" if query else path)
        self.assertEqual(response.status_code, 200)
        self.path = response.request.path_url
        return response.text

    def open_invoice(self, invoice, **query):
        return self.open(f"/my/invoices/{invoice.id}", **query)

    @staticmethod
    def words_of(page):
        """:return str: the words of a page"""
        text = re.sub(r"(?s)<(script|style).*?</\1>|<[^>]+>", " ", page)
        return re.sub(r"\s+", " ", unescape(text).replace("\N{NO-BREAK SPACE}", " "))

    def get_form_amount(self, page):
        """:return float: what the form for the payment would pay"""
        return float(re.search(r'data-amount="([^"]*)"', page)[1])

    def get_choices(self, page):
        """:return list: the keys of what the customer can choose"""
        return re.findall(r'<input [^>]*name="pay"[^>]*value="(\w+)"', page)

    def get_shown(self, page):
        """:return str: the key of the choice that the form for the payment is for"""
        return re.search(r'data-shown="(\w*)"', page)[1]

    def json(self, route, **params):
        """Make a transaction as the form does."""
        values = {
            "provider_id": self.provider.id,
            "payment_method_id": self.method.id,
            "token_id": None,
            "flow": "direct",
            "tokenization_requested": False,
            "landing_route": "/my",
            "is_validation": False,
            "csrf_token": Request.csrf_token(self),
        }
        return self.make_jsonrpc_request(route, {**values, **params})
