"""What the worker of the benchmark of the customer's pages does: see pages.py."""

import itertools

from common.serving import Meter, serve
from lxml import html
from werkzeug.test import Client

import odoo
from odoo import Command

LOGIN = PASSWORD = "bench@pages.example"
IDS: dict[str, object] = {}  # of the documents whose own pages are loaded
DOCUMENTS, SAVED_CARDS, SIGN_INS, LINES = 40, 3, 4, 5
BROWSERS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6"
    " Mobile/15E148 Safari/604.1",
)


def prepare(bench) -> None:
    """Make one customer with what a good customer has: addresses, cards, documents of each kind."""
    with bench.environment(no_reset_password=True, mail_create_nosubscribe=True) as env:
        country = env.ref("base.us")
        company = env["res.partner"].create({"name": "Bench Company", "is_company": True, "country_id": country.id})
        address = {"street": "Short Street 7", "city": "Reno", "zip": "89501", "country_id": country.id}
        address["state_id"] = env.ref("base.state_us_23").id
        user = env["res.users"].create(
            {
                "name": "Benita Bench",
                "login": LOGIN,
                "password": PASSWORD,
                "groups_id": [Command.set(env.ref("base.group_portal").ids)],
            }
        )
        partner = user.partner_id
        partner.write({"parent_id": company.id, "email": LOGIN, "phone": "+1 555 0107", **address})
        env["res.partner"].create(
            [
                {"name": f"{kind} {number}", "type": kind, "parent_id": company.id, **address}
                for kind in ("delivery", "invoice", "other")
                for number in range(3)
            ]
        )
        _save_cards(env, partner)
        _make_documents(env, partner)
        _make_subscriptions(env, partner)
        _make_wallet(env, partner)


def _save_cards(env, partner) -> None:
    form = {"name": "Bench", "type": "qweb", "arch": '<form action="nowhere" method="post" />'}
    method = env.ref("payment.payment_method_unknown")
    provider = env["payment.provider"].create(
        {
            "name": "Bench",
            "code": "none",
            "state": "test",
            "is_published": True,
            "payment_method_ids": [Command.set(method.ids)],
            "allow_tokenization": True,
            "redirect_form_view_id": env["ir.ui.view"].create(form).id,
        }
    )
    method.write({"active": True, "support_tokenization": True})
    values = {
        "provider_id": provider.id,
        "payment_method_id": method.id,
        "partner_id": partner.id,
        "payment_details": "1234",
        "provider_ref": "bench",
    }
    env["payment.token"].create([values] * SAVED_CARDS)


def _make_documents(env, partner) -> None:
    documents = []
    if "sale.order" in env:
        values = {"partner_id": partner.id, "state": "sale"}
        documents += env["sale.order"].create([values] * DOCUMENTS)
        documents += env["sale.order"].create([{**values, "state": "sent"}] * DOCUMENTS)
    if "account.move" in env:
        line = {"name": "Work", "price_unit": 10, "tax_ids": False}
        values = {
            "partner_id": partner.id,
            "move_type": "out_invoice",
            "invoice_date": "2024-05-01",
            "invoice_line_ids": [Command.create(line)],
        }
        moves = env["account.move"].create([values] * DOCUMENTS)
        moves.action_post()
        documents += moves
        IDS.update(invoice=moves[0].id, invoices=",".join(map(str, moves[:10].ids)))
    if "purchase.order" in env:
        documents += env["purchase.order"].create([{"partner_id": partner.id, "state": "purchase"}] * DOCUMENTS)
    if "project.project" in env:
        project = env["project.project"].create(
            {"name": "Bench", "privacy_visibility": "portal", "partner_id": partner.id}
        )
        tasks = env["project.task"].create([{"name": "Bench", "project_id": project.id}] * DOCUMENTS)
        documents += [project, *tasks]
    for document in documents:
        document.message_subscribe(partner.ids)


def _make_subscriptions(env, partner) -> None:
    if "sale.subscription" not in env:
        return
    values = {
        "partner_id": partner.id,
        "template_id": env["sale.subscription.template"].create({"name": "Bench", "code": "BENCH"}).id,
        "pricelist_id": env["product.pricelist"].create({"name": "Bench"}).id,
        "sale_subscription_line_ids": [Command.create({"name": "Bench", "price_unit": 10})] * LINES,
    }
    subscriptions = env["sale.subscription"].create([values] * DOCUMENTS)
    subscriptions.action_start_subscription()
    env["account.move"].browse(IDS["invoice"]).subscription_id = subscriptions[0]
    IDS["subscription"] = subscriptions[0].id


def _make_wallet(env, partner) -> None:
    if "loyalty.card" not in env:
        return
    values = {"name": "Bench", "program_type": "ewallet", "applies_on": "future", "trigger": "auto"}
    card = env["loyalty.card"].create(
        {"program_id": env["loyalty.program"].create(values).id, "partner_id": partner.id}
    )
    for points in range(DOCUMENTS):  # each makes a line of the history
        card.points = points
    IDS["card"] = card.id


class Browser:
    """The customer's browser, without a network in between."""

    client = None

    @classmethod
    def request(cls, method: str, path: str, **options):
        """Make a request; return the answer with its seconds and queries."""
        options.setdefault("headers", {})["User-Agent"] = cls.agent
        with Meter() as meter:
            response = getattr(cls.client, method)(path, environ_base={"REMOTE_ADDR": "127.0.0.1"}, **options)
            response.get_data()
        return response, meter.figures()

    @classmethod
    def sign_in(cls, database: str, agent: str) -> None:
        """Begin a session of the customer, in a browser that was never used."""
        cls.client, cls.agent = Client(odoo.http.root), agent
        params = {"db": database, "login": LOGIN, "password": PASSWORD}
        answer = cls.call("/web/session/authenticate", params)[0].get_json()
        if not answer.get("result", {}).get("uid"):
            raise AssertionError(answer)

    @classmethod
    def call(cls, path: str, params: dict):
        """Make a JSON-RPC call."""
        return cls.request("post", path, json={"jsonrpc": "2.0", "method": "call", "id": 1, "params": params})


def sign_in(bench) -> None:
    """Sign in from several browsers, and stay in the last one."""
    for _number, agent in zip(range(SIGN_INS), itertools.cycle(BROWSERS), strict=False):
        Browser.sign_in(bench.database, agent)


def load(bench, path: str, counters: list[str] | None = None) -> dict:
    """Load a page, or the numbers of the dashboard; return its size, its seconds and queries."""
    path = path.format(**IDS)
    if counters is None:
        response, figures = Browser.request("get", path)
    else:
        response, figures = Browser.call(path, {"counters": counters})
    text = response.get_data(as_text=True)
    if response.status_code != 200 or '"error"' in text[:100]:
        raise AssertionError(f"{path}: {response.status} {text[:2000]}")
    return {**figures, "bytes": len(response.get_data())}


def read_counters(bench) -> list[str]:
    """Return the names of the numbers that the dashboard asks for."""
    page = html.fromstring(Browser.request("get", "/my")[0].get_data(as_text=True))
    return sorted(set(page.xpath("//@data-placeholder_count")))


if __name__ == "__main__":
    serve({function.__name__: function for function in (prepare, sign_in, load, read_counters)})
