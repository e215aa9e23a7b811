"""Who race for payments on a running Odoo: customers with several tabs open, and the shop that they pay."""

import threading
from decimal import Decimal

from .clients import Browser
from .conftest import PASSWORD, set_password
from .server import OdooServer

TABS = 4  # of one customer, who clicks in all of them at once
DEMO = [["code", "=", "demo"]]
CRON = "env['payment.transaction'].sudo()._cron_finalize_post_processing()"


class Customer:
    """Somebody with several tabs open, a saved method and an eWallet to fill, who runs one race after the other."""

    def __init__(self, odoo: OdooServer, number: int, shop: "Shop"):
        self.odoo, self.shop, self.database = odoo, shop, odoo.database
        self.admin = Browser(odoo.url).authenticate("admin", "admin")  # beside those of others
        login = f"racer{number}@races.example"
        self.id = self.admin.call("res.partner", "create", {"name": f"Racer {number}", "email": login})
        address = {"country_id": self.database.ref("base.be"), "street": "Track 1", "city": "Spa", "zip": "4900"}
        self.admin.call("res.partner", "write", [self.id], address)
        self.admin.call("res.partner", "portal_access_grant", [self.id])
        set_password(self.database, [login])
        self.tabs = [Browser(odoo.url).authenticate(login, PASSWORD) for _tab in range(TABS)]
        self.token = self.admin.call(
            "payment.token",
            "create",
            {
                "provider_id": shop.provider,
                "payment_method_id": shop.method,
                "partner_id": self.id,
                "provider_ref": "race",
                "payment_details": "4242",
                "demo_simulated_state": "done",
            },
        )
        self.card = self.admin.call("loyalty.card", "create", {"program_id": shop.program, "partner_id": self.id})

    def run(self, code: str):
        """Run code as administrator in a transaction of its own; return what it sets as `action`."""
        return self.admin.call("ir.actions.server", "run", [self.shop.action(self.admin, code)])

    def bill(self, amount: float) -> int:
        """Return a new invoice."""
        line = {"name": "Race", "price_unit": amount, "tax_ids": [[6, 0, []]]}
        values = {"move_type": "out_invoice", "partner_id": self.id, "invoice_line_ids": [[0, 0, line]]}
        invoice = self.admin.call("account.move", "create", values)
        with self.shop.lock:  # in stock, two that are posted at once may want one number
            self.admin.call("account.move", "action_post", [invoice])
        return invoice

    def top_up(self, amount: float) -> tuple[int, str]:
        """Return a new order that adds funds, and the token of its page."""
        self.database.execute("DELETE FROM portal_access_limit WHERE purpose LIKE 'topup%'")
        order = self.run(
            f"order = env['loyalty.program'].browse({self.shop.program})._portal_topup_create_order("
            f"env['res.partner'].browse({self.id}), card=env['loyalty.card'].browse({self.card}), amount={amount})\n"
            "action = {'id': order.id, 'token': order._portal_ensure_token()}"
        )
        return order["id"], order["token"]

    def balance(self) -> Decimal:
        """Return what is in the eWallet."""
        return Decimal(
            str(self.database.value("SELECT coalesce(points, 0) FROM loyalty_card WHERE id = %s", self.card))
        )

    def start(self, tab: Browser, route: str, amount: float, saved: bool = False, **values) -> dict:
        """Ask for a transaction: with the saved method it is paid at once, with a new one later."""
        means = {"provider_id": None, "payment_method_id": None, "token_id": self.token, "flow": "token"}
        if not saved:
            means = {
                "provider_id": self.shop.provider,
                "payment_method_id": self.shop.method,
                "token_id": None,
                "flow": "direct",
            }
        fixed = {"tokenization_requested": False, "landing_route": "/my", "is_validation": False, "access_token": None}
        return tab.json(route, {**fixed, **means, "amount": amount, **values})

    @staticmethod
    def notify(tab: Browser, started: dict) -> None:
        """Say that a payment with a new method is done, as the provider does, and perhaps more than once."""
        values = {"reference": started["reference"], "payment_details": "1111", "simulated_state": "done"}
        tab.json("/payment/demo/simulate_payment", values)

    @staticmethod
    def poll(tab: Browser) -> None:
        """Ask for the state of the tab's payment, as the page does that waits for it."""
        tab.json("/payment/status/poll", {})

    def process(self) -> None:
        """Do what the scheduled action does beside."""
        self.run(CRON)


class Shop:
    """What all races share: the provider, and an eWallet program for any amount."""

    def __init__(self, odoo: OdooServer):
        self.odoo = odoo
        admin = Browser(odoo.url).authenticate("admin", "admin")
        [self.provider] = admin.call("payment.provider", "search", DEMO)
        admin.call("payment.provider", "write", [self.provider], {"state": "test", "is_published": True})
        admin.call("payment.provider", "write", [self.provider], {"allow_tokenization": True})
        [provider] = admin.read("payment.provider", [["id", "=", self.provider]], "payment_method_ids")
        self.method = provider["payment_method_ids"][0]
        company = odoo.database.value("SELECT min(id) FROM res_company")
        admin.call("res.company", "write", [company], {"portal_partial_payment": "all"})
        # What takes longest of processing a payment is to print what goes with the mails.
        templates = admin.call("mail.template", "search", [["report_template_ids", "!=", False]])
        admin.call("mail.template", "write", templates, {"report_template_ids": [[5]]})
        product = {"name": "Race funds", "type": "service", "list_price": 50, "taxes_id": [[6, 0, []]]}
        products = [admin.call("product.product", "create", product)]
        rule = {"reward_point_amount": 1, "reward_point_mode": "money", "product_ids": [[6, 0, products]]}
        reward = {"discount_mode": "per_point", "discount": 1, "discount_applicability": "order"}
        values = {
            "name": "Races",
            "program_type": "ewallet",
            "trigger": "auto",
            "applies_on": "future",
            "company_id": company,
            "rule_ids": [[0, 0, rule]],
            "reward_ids": [[0, 0, reward]],
            "portal_topup_free": True,
            "portal_topup_minimum": 1,
        }
        self.program = admin.call("loyalty.program", "create", values)
        self._actions: dict[str, int] = {}
        self.lock = threading.Lock()

    def action(self, admin: Browser, code: str) -> int:
        """Return the server action with some code, made once."""
        with self.lock:
            if code not in self._actions:
                model = self.odoo.database.ref("payment.model_payment_transaction")
                values = {"name": "Race", "model_id": model, "state": "code", "code": code}
                self._actions[code] = admin.call("ir.actions.server", "create", values)
            return self._actions[code]
