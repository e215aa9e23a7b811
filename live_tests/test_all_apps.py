"""Two customers with documents in every app, on a real Odoo with everything: one walks through hers in a browser."""

import os
import re
import shutil
from itertools import product

import pytest

from devtools.context import Context
from devtools.databases import Databases
from devtools.settings import LOGS

from . import chromium, server
from .clients import Browser, RpcError
from .conftest import PASSWORD
from .documents import Customer

pytestmark = pytest.mark.skipif(not os.environ.get("PAE_FULL_DB_TEMPLATE"), reason="needs the database with everything")
MAKES_PDFS = bool(shutil.which("wkhtmltopdf"))  # without it all is looked at but what is in PDFs
MISSING = 999_999_999
# The address of a document, by counter of the dashboard.
DOCUMENTS = {
    "quotation_count": "/my/orders/",
    "order_count": "/my/orders/",
    "invoice_count": "/my/invoices/",
    "bill_count": "/my/invoices/",
    "rfq_count": "/my/purchase/",
    "purchase_count": "/my/purchase/",
    "project_count": "/my/projects/",
    "task_count": "/my/tasks/",
    "lead_count": "/my/lead/",
    "opp_count": "/my/opportunity/",
    "ticket_count": "/my/ticket/",
    "portal_access_subscription_count": "/my/subscriptions/",
}
WITHOUT_PDF = {"project_count", "lead_count", "opp_count", "ticket_count", "portal_access_subscription_count"}
# Calls that take the id of a document: the address, and what else they take.
CALLS = {
    "quotation_count": [
        ("/my/orders/{id}/accept", {"name": "Ann", "signature": "x"}),
        ("/my/orders/{id}/transaction", {}),
    ],
    "invoice_count": [("/invoice/transaction/{id}", {}), ("/my/invoices/transaction", {"invoice_ids": "{id}"})],
    "purchase_count": [("/my/purchase/{id}/update", {})],
}
# Forms that take it: the address, and what is in them.
FORMS = {
    "portal_access_subscription_count": [
        ("/my/subscriptions/{id}/close", {"outlook": "activity", "reason": "1"}),
        ("/my/subscriptions/{id}/keep", {}),
    ],
    "ticket_count": [("/ticket/close", {"ticket_id": "{id}", "stage_id": "{stage}"})],
}
MODELS = {
    "quotation_count": "sale.order",
    "invoice_count": "account.move",
    "purchase_count": "purchase.order",
    "project_count": "project.project",
    "task_count": "project.task",
    "timesheet_count": "account.analytic.line",
    "lead_count": "crm.lead",
    "ticket_count": "helpdesk.ticket",
    "portal_access_subscription_count": "sale.subscription",
}
CARDS = """
    [...document.querySelectorAll(".o_portal_index_card")]
        .filter((card) => card.checkVisibility())
        .map((card) => [
            card.querySelector("[data-placeholder_count]")?.dataset.placeholder_count,
            parseInt(card.querySelector("[data-placeholder_count]")?.textContent),
            card.querySelector("a").getAttribute("href"),
        ])
        .filter(([counter, _number, _href]) => counter)
"""


@pytest.fixture(scope="module")
def everything(catcher_process):
    """An Odoo of its own, with all apps."""
    context = Context()
    with (
        Databases(context).throwaway(os.environ["PAE_FULL_DB_TEMPLATE"]) as name,
        server.running(context, name, catcher_process.port, LOGS / "live-odoo-apps.log") as running,
    ):
        yield running


@pytest.fixture(scope="module")
def administrator(everything):
    """The administrator's browser, after letting customers pay with Odoo's demo provider."""
    admin = Browser(everything.url).authenticate("admin", "admin")
    [provider] = admin.call("payment.provider", "search", [["code", "=", "demo"]])
    values = {"state": "test", "is_published": True, "allow_tokenization": True}
    admin.call("payment.provider", "write", [provider], values)
    return admin


@pytest.fixture(scope="module")
def ann(everything, administrator):
    """The customer who walks."""
    return Customer(administrator, everything.database, "Ann", 0)


@pytest.fixture(scope="module")
def bob(everything, administrator):
    """The customer of whom she must see nothing."""
    return Customer(administrator, everything.database, "Bob", 2)


@pytest.fixture
def tab(everything, ann, bob):
    """Ann's browser, after she signed in by the page for it."""
    since = everything.log.position()
    with chromium.opened(everything.url) as tab:
        tab.go("/web/login")
        tab.type("input[name=login]", ann.login)
        tab.type("input[name=password]", PASSWORD)
        tab.follow(".oe_login_form button[type=submit]")
        assert tab.path == "/my"
        yield tab
    assert everything.log.problems(since, allowed=[]) == []


def read_numbers(tab) -> dict[str, int]:
    """Return the numbers of the dashboard's cards by counter."""
    tab.go("/my")
    tab.wait_for("!document.querySelector('.o_portal_doc_spinner')?.checkVisibility()")
    return {counter: number for counter, number, _href in tab.evaluate(CARDS)}


def find_ids(tab, counter: str) -> set[int]:
    """Return the ids of the documents that a list links to."""
    # A lead's address starts with its name.
    pattern = re.compile(rf"{DOCUMENTS[counter]}(?:[^/?#]*-)?(\d+)(?:[?#]|$)")
    return {int(match[1]) for link in tab.links(".o_portal_my_doc_table a") if (match := pattern.search(link))}


def test_she_sees_opens_and_downloads_everything_that_is_hers(tab, ann, bob):
    assert read_numbers(tab) == ann.numbers
    cards = {counter: href for counter, _number, href in tab.evaluate(CARDS)}
    for counter, href in cards.items():
        tab.go("/my")
        tab.follow(f".o_portal_index_card a[href='{href}']")
        assert bob.name not in tab.text, counter
        if counter == "timesheet_count":
            assert tab.text.count("Ann timesheet") == ann.numbers[counter]
            continue
        assert find_ids(tab, counter) == set(ann.documents[counter]), counter
        address = f"{DOCUMENTS[counter]}{ann.documents[counter][0]}"
        tab.follow(f".o_portal_my_doc_table a[href$='{address}'], .o_portal_my_doc_table a[href*='{address}?']")
        assert tab.path.startswith(DOCUMENTS[counter])
        assert bob.name not in tab.text, counter
        pdf = next((link for link in tab.links("a[href*='report_type=pdf']")), None)
        assert bool(pdf) == (counter not in WITHOUT_PDF), counter
        if pdf and MAKES_PDFS:
            assert tab.fetch(pdf).startswith(b"%PDF-"), counter
    tab.go(f"/my/invoices/{ann.documents['invoice_count'][0]}")
    if MAKES_PDFS:
        assert tab.download("a.o_download_btn").startswith(b"%PDF-")


def test_she_signs_pays_asks_and_writes(tab, everything, ann, administrator):
    signed, paid = ann.documents["quotation_count"]
    administrator.call("sale.order", "write", [paid], {"require_signature": False, "require_payment": True})

    tab.go(f"/my/orders/{signed}")
    tab.click("a[data-bs-target='#modalaccept']", "Accept & Sign")
    tab.follow(".o_portal_sign_submit")
    tab.wait_to_see(".alert-success", "Your order has been confirmed")
    order = "SELECT state, signed_by FROM sale_order WHERE id = %s"
    assert everything.database.rows(order, signed) == [{"state": "sale", "signed_by": "Ann Customer"}]

    write(tab, f"/my/orders/{signed}", "When will you deliver?")

    tab.go(f"/my/orders/{paid}")
    tab.click("a[data-bs-target='#modalaccept']", "Accept & Pay")
    pay(tab)
    tab.wait_for(f"location.pathname === '/my/orders/{paid}'", "she is back on the order")
    assert everything.database.rows(order, paid)[0]["state"] == "sale"

    invoice = ann.documents["invoice_count"][0]
    write(tab, f"/my/invoices/{invoice}", "When will it be due?")
    tab.click("a[data-bs-target='#pay_with']", "Pay Now")
    pay(tab)
    tab.wait_for(f"location.pathname === '/my/invoices/{invoice}'", "she is back on the invoice")
    tab.wait_to_see(".badge", "Paid")
    bill = everything.database.rows("SELECT payment_state, amount_residual FROM account_move WHERE id = %s", invoice)
    assert (bill[0]["payment_state"] in ("paid", "in_payment"), bill[0]["amount_residual"]) == (True, 0)

    tab.go("/my")
    tab.follow("button[name=create_new_ticket]")
    category = everything.database.value("SELECT id FROM helpdesk_ticket_category ORDER BY id")
    tab.type("select[name=category]", str(category))
    tab.type("input[name=subject]", "Where is my order?")
    tab.type("textarea[name=description]", "It should have come today.")
    tab.follow("form[action='/submitted/ticket'] button[type=submit]")
    assert tab.path.startswith("/my/ticket/")
    assert "It should have come today." in tab.text

    numbers = {**ann.numbers, "ticket_count": ann.numbers["ticket_count"] + 1}
    numbers |= {"order_count": numbers["order_count"] + 2}
    del numbers["quotation_count"]  # a card for what waits for an answer, as stock's, is there while something does
    assert read_numbers(tab) == numbers


def write(tab, address: str, message: str) -> None:
    """Write on a document, reached by its plain address."""
    tab.go(address)
    tab.type(".o_portal_chatter_composer textarea", message)
    tab.click(".o_portal_chatter_composer_btn")
    tab.wait_to_see(".o_portal_chatter_message", message)


def pay(tab) -> None:
    """Pay in the open form with a new card of the demo provider."""
    tab.wait_to_see("input[name=o_payment_radio]")
    if not tab.evaluate("!!document.querySelector('input[name=o_payment_radio]:checked')"):
        tab.click("input[name=o_payment_radio]")
    tab.type("input[name=customer_input]", "4111 1111 1111 1111")
    tab.follow("button[name=o_payment_submit_button]")


def test_another_customer_s_documents_answer_like_missing_ones(everything, ann, bob):
    client = ann.sign_in(everything.url)

    def load(address: str) -> tuple:
        answer = client.session.get(everything.url + address, allow_redirects=False, timeout=60)
        assert answer.status_code in (303, 404), address
        text = re.sub(r"[0-9a-f]{20,}o?\d*|\d+", "#", answer.text)  # each page has a token of its own for its forms
        return answer.status_code, answer.headers.get("Location"), text

    def call(address: str, values: dict) -> tuple:
        try:
            return "result", str(client.json(address, values))
        except RpcError as error:
            return error.name, re.sub(r"\d+", "#", error.message)

    for counter, address in DOCUMENTS.items():
        for query, token in product(("", "?report_type=pdf&download=true"), ("", "&access_token=nonsense")):
            query = f"{query}{token}" if query else token.replace("&", "?")
            answer = load(f"{address}{MISSING}{query}")
            for foreign in bob.documents[counter]:
                assert load(f"{address}{foreign}{query}") == answer, f"{address}{foreign}{query}"
    for counter, calls in CALLS.items():
        for address, values in calls:
            answer, found = (
                call(
                    address.format(id=record),
                    {key: [record] if key == "invoice_ids" else values[key] for key in values},
                )
                for record in (MISSING, bob.documents[counter][0])
            )
            assert found == answer, address
    for counter, model in MODELS.items():
        foreign = bob.documents[counter][0]
        assert client.read(model, [["id", "in", bob.documents[counter]]]) == [], model
        for route, values in (("fetch", {"domain": []}), ("init", {})):
            answers = {
                call(f"/mail/chatter_{route}", {"res_model": model, "res_id": record, **values})
                for record in (foreign, MISSING)
            }
            assert len(answers) == 1, (model, route, answers)
        # Odoo's own calls tell a record that may not be read from one that isn't there, and nothing more.
        kind, text = call("/mail/chatter_post", {"res_model": model, "res_id": foreign, "message": "x"})
        assert (kind, bob.name in text) == ("odoo.exceptions.AccessError", False), model


def test_another_customer_s_wallets_payments_and_wishes_answer_like_missing_ones(everything, ann, bob, administrator):
    client = ann.sign_in(everything.url)
    program = administrator.call("loyalty.program", "create_from_template", "ewallet")["res_id"]
    card = {"program_id": program, "partner_id": bob.id, "points": 25}
    wallet = administrator.call("loyalty.card", "create", card)
    invoice, order = bob.documents["invoice_count"][0], bob.documents["quotation_count"][0]
    for address, foreign in (
        ("/my/ewallet/{}", wallet),
        ("/my/ewallet/{}/add", wallet),
        ("/my/ewallet/topup/{}", order),
        ("/my/invoices/pay?invoice_ids={}", invoice),
    ):
        missing, found = (client.get(address.format(record)) for record in (MISSING, foreign))
        assert (found.status, found.text) == (missing.status, missing.text), address
        assert found.path.startswith(("/my/ewallet", "/my/invoices")), address
        assert bob.name not in found.text, address

    [token] = client.get("/my/account").tree.xpath("(//input[@name='csrf_token']/@value)[1]")
    stage = administrator.call("helpdesk.ticket.stage", "search", [["close_from_portal", "=", True]], limit=1)[0]
    for counter, forms in FORMS.items():
        foreign = bob.documents[counter][0]
        before = administrator.call(MODELS[counter], "read", [foreign])
        for address, form in forms:
            answers = set()
            for record in (MISSING, foreign):
                values = {name: value.format(id=record, stage=stage) for name, value in form.items()}
                address_of = everything.url + address.format(id=record)
                values["csrf_token"] = token
                answer = client.session.post(address_of, values, allow_redirects=False, timeout=60)
                answers.add((answer.status_code, answer.headers.get("Location")))
            [(status, location)] = answers
            assert (status, location.endswith("/my")) == (303, True), address
        assert administrator.call(MODELS[counter], "read", [foreign]) == before
