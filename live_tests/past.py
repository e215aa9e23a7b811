"""What has happened in a database before its addons are updated or taken away, and what must go on working."""

from . import documents, racers, totp
from .clients import Browser
from .conftest import PASSWORD, set_password
from .server import OdooServer

LAST_DAY = "2099-12-31"
VALIDITY = "30"
# Pages that Odoo and OCA's modules have themselves.
STOCK_PAGES = (
    "/my",
    "/my/account",
    "/my/security",
    "/my/payment_method",
    "/my/invoices",
    "/my/orders",
    "/my/quotes",
    "/my/tickets",
)


class Past:
    """Customers of a database with everything, and what they did: by the doors of any version of the addons."""

    def __init__(self, odoo: OdooServer):
        self.odoo, self.database = odoo, odoo.database
        self.admin = Browser(odoo.url).authenticate("admin", "admin")
        names = ("active", "revoked", "invited", "dated", "careful")
        ids = self.admin.call("res.partner", "create", [{"name": n, "email": f"{n}@past.example"} for n in names])
        self.contacts = dict(zip(names, ids, strict=True))
        self.admin.call("ir.config_parameter", "set_param", "portal_access_ext.invitation_validity_days", VALIDITY)
        self._grant_and_revoke()
        self.ann = documents.Customer(self.admin, self.database, "Ann", 0)
        self.browser = self.ann.sign_in(odoo.url)
        self._choose_address()
        self._ask_to_close()
        self._pay()
        self.database.wait_for_crons()

    @staticmethod
    def login(name: str) -> str:
        """Return somebody's login."""
        return f"{name}@past.example"

    def _grant_and_revoke(self) -> None:
        results = self.admin.call("res.partner", "portal_access_grant", list(self.contacts.values()))
        assert {result["outcome"] for result in results} == {"granted"}
        self.admin.call("res.partner", "write", [self.contacts["dated"]], {"portal_access_until": LAST_DAY})
        set_password(self.database, [self.login(name) for name in self.contacts if name != "invited"])
        # Odoo hashes passwords when they are used, or else at the next update.
        Browser(self.odoo.url).authenticate(self.login("dated"), PASSWORD)
        self.session = Browser(self.odoo.url).authenticate(self.login("active"), PASSWORD)
        assert self.session.is_signed_in
        careful = Browser(self.odoo.url).authenticate(self.login("careful"), PASSWORD)
        self.authenticator, self.recovery_codes = totp.turn_on(careful, PASSWORD)
        self.admin.call("res.partner", "portal_access_revoke", [self.contacts["revoked"]])

    def _choose_address(self) -> None:
        values = {"type": "delivery", "name": "Ann's Barn", "street": "Long Street 1", "city": "Ghent", "zip": "9000"}
        form = self.browser.get("/my/addresses/new")
        country = str(self.database.ref("base.be"))
        page = form.submit("o_portal_form", country_id=country, **values)
        assert page.path == "/my/addresses", page.text
        [self.address] = self.database.values("SELECT id FROM res_partner WHERE name = %s", values["name"])
        self.browser.post(f"/my/addresses/{self.address}/default/delivery", {"csrf_token": token_of(page)})

    def _ask_to_close(self) -> None:
        self.subscription = self.ann.documents["portal_access_subscription_count"][0]
        page = self.browser.get(f"/my/subscriptions/{self.subscription}/close")
        reason = str(self.database.value("SELECT min(id) FROM sale_subscription_close_reason"))
        page = page.submit("o_portal_form", reason=reason, text="It is too much tea")
        assert page.path == f"/my/subscriptions/{self.subscription}", page.text

    def _pay(self) -> None:
        self.payer = payer = racers.Customer(self.odoo, 1, racers.Shop(self.odoo))
        self.invoice = payer.bill(100)
        payer.start(payer.tabs[0], f"/invoice/transaction/{self.invoice}", 40, saved=True)
        self.topup, access_token = payer.top_up(50)
        payer.start(payer.tabs[0], f"/my/orders/{self.topup}/transaction", 50, saved=True, access_token=access_token)
        payer.process()
        assert (self.due, payer.balance()) == (60, 50)

    @property
    def due(self) -> float:
        """What is open of the payer's invoice."""
        return float(self.database.value("SELECT amount_residual FROM account_move WHERE id = %s", self.invoice))

    def move_to(self, odoo: OdooServer) -> None:
        """Go on with another Odoo on the same database; sessions go on, too."""
        self.odoo = self.payer.odoo = odoo
        self.database = self.payer.database = odoo.database
        for browser in (self.admin, self.payer.admin, self.browser, self.session, *self.payer.tabs):
            browser.url = odoo.url

    # === What must go on === #

    def look_at_pages(self, *others: str) -> None:
        """Load the pages of customers as somebody with documents and somebody who pays."""
        invoice, ticket = (self.ann.documents[counter][0] for counter in ("invoice_count", "ticket_count"))
        order = self.ann.documents["order_count"][0]
        look_at(self.browser, *STOCK_PAGES, f"/my/invoices/{invoice}", f"/my/orders/{order}", f"/my/ticket/{ticket}")
        look_at(self.browser, *others)
        look_at(self.payer.tabs[0], *STOCK_PAGES, f"/my/invoices/{self.invoice}", f"/my/orders/{self.topup}")

    def look_at_accounts(self) -> None:
        """See that everybody stands as before: who has access, who was invited, and who lost it."""
        assert self.session.is_signed_in, "the session goes on"
        for name in ("active", "dated"):
            assert Browser(self.odoo.url).sign_in(self.login(name), PASSWORD).path == "/my"
        assert Browser(self.odoo.url).sign_in(self.login("revoked"), PASSWORD).path == "/web/login"
        page = Browser(self.odoo.url).sign_in(self.login("careful"), PASSWORD)
        assert totp.type_code(page, self.authenticator.now()).browser.is_signed_in

    def follow_invitation(self) -> None:
        """Sign up by the link of an invitation that is on its way. It works once."""
        token = self.database.value("SELECT signup_token FROM res_partner WHERE id = %s", self.contacts["invited"])
        page = Browser(self.odoo.url).get(f"/web/signup?token={token}")
        assert page.submit("oe_signup_form", password=PASSWORD, confirm_password=PASSWORD).path == "/my"

    def pay_again(self, amount: float) -> None:
        """Pay on the invoice with a new card, and have it booked."""
        due, tab = self.due, self.payer.tabs[0]
        self.payer.notify(tab, self.payer.start(tab, f"/invoice/transaction/{self.invoice}", amount))
        self.payer.process()
        assert self.due == due - amount


def look_at(browser: Browser, *addresses: str) -> None:
    """Load pages, each of which must be there."""
    for address in addresses:
        page = browser.get(address)
        assert (page.status, page.path) == (200, address), f"{address}: {page.status} {page.path}"


def token_of(page) -> str:
    """Return the token of the forms of a page."""
    return page.tree.xpath("(//input[@name='csrf_token']/@value)[1]")[0]
