"""Clients of a running Odoo: the web client's calls, the pages that a browser would load, external RPC."""

import itertools
import re
import xmlrpc.client

import requests
from lxml import html

TIMEOUT = 60


class RpcError(Exception):
    """What Odoo answered instead of a result."""

    def __init__(self, name: str, message: str, debug: str = ""):
        super().__init__(f"{name}: {message}")
        self.name = name
        self.message = message
        self.debug = debug

    @property
    def is_refusal(self) -> bool:
        """Whether it says that this user may not do that: no right, a private method, nobody signed in."""
        return self.name in (
            "odoo.exceptions.AccessError",
            "odoo.exceptions.AccessDenied",
            "odoo.http.SessionExpiredException",
        )

    @property
    def is_clear(self) -> bool:
        """Whether the web client shows a sentence to the user, and not a traceback."""
        return self.name.startswith("odoo.exceptions.")


class Page:
    """A page that was loaded, with its forms."""

    def __init__(self, browser: "Browser", response: requests.Response):
        self.browser = browser
        self.url = response.url
        self.status = response.status_code
        self.tree = html.fromstring(response.text or "<html/>")

    @property
    def text(self) -> str:
        """What a reader sees, with single spaces."""
        parts = self.tree.xpath("//body//text()[not(ancestor::script or ancestor::style)]")
        return " ".join(" ".join(parts).split())

    @property
    def path(self) -> str:
        """The path of the address where the redirects ended."""
        return requests.utils.urlparse(self.url).path

    def form(self, css_class: str):
        """Return the form with a class, None when there is none."""
        return next(iter(self.tree.xpath(f"//form[contains(@class, '{css_class}')]")), None)

    def submit(self, css_class: str, **values: str) -> "Page":
        """Fill a form in and send it, its hidden fields with it."""
        form = self.form(css_class)
        assert form is not None, f"No form {css_class} on {self.url}: {self.text}"
        action = requests.compat.urljoin(self.url, form.get("action") or self.url)
        return self.browser.post(action, {**dict(form.form_values()), **values})


class Browser:
    """Somebody's browser: cookies, pages, and the calls that the web client makes."""

    def __init__(self, url: str):
        self.url = url
        self.session = requests.Session()
        self.uid = None
        self._numbers = itertools.count(1)

    # === Pages === #

    def get(self, address: str) -> Page:
        """Load a page, following redirects."""
        return Page(self, self.session.get(requests.compat.urljoin(self.url, address), timeout=TIMEOUT))

    def post(self, address: str, values: dict) -> Page:
        """Send a form, following redirects."""
        address = requests.compat.urljoin(self.url, address)
        return Page(self, self.session.post(address, values, timeout=TIMEOUT))

    def download(self, address: str, data: str) -> str:
        """Fetch a file that the web client offers, and return its text."""
        token = re.search(r'csrf_token: "([^"]+)"', self.session.get(f"{self.url}/web", timeout=TIMEOUT).text)[1]
        values = {"data": data, "csrf_token": token}
        response = self.session.post(self.url + address, values, timeout=TIMEOUT)
        response.raise_for_status()
        return response.text

    def sign_in(self, login: str, password: str) -> Page:
        """Sign in by the login page; whether that worked shows on the page it leads to."""
        return self.get("/web/login").submit("oe_login_form", login=login, password=password)

    @property
    def is_signed_in(self) -> bool:
        """Whether /my shows the portal and not the login page."""
        return self.get("/my").path == "/my"

    # === Calls === #

    def json(self, address: str, parameters: dict):
        """Make one JSON-RPC call.

        :raise RpcError: when Odoo answers with an error
        """
        body = {"jsonrpc": "2.0", "method": "call", "id": next(self._numbers), "params": parameters}
        response = self.session.post(self.url + address, json=body, timeout=TIMEOUT)
        response.raise_for_status()
        answer = response.json()
        if "error" in answer:
            data = answer["error"]["data"]
            raise RpcError(data["name"], data["message"], data.get("debug", ""))
        return answer.get("result")

    def authenticate(self, login: str, password: str) -> "Browser":
        """Sign in by JSON-RPC, which is quicker than the page."""
        database = self.json("/web/database/list", {})[0]
        self.uid = self.json("/web/session/authenticate", {"db": database, "login": login, "password": password})["uid"]
        return self

    def call(self, model: str, method: str, *arguments, **keywords):
        """Call a method as the web client does; for records, the ids are the first argument."""
        return self.json(
            f"/web/dataset/call_kw/{model}/{method}",
            {"model": model, "method": method, "args": list(arguments), "kwargs": keywords},
        )

    def attempt(self, model: str, method: str, *arguments, **keywords):
        """Call a method that may be refused: return its answer, or the error if a user would understand it.

        :raise AssertionError: when Odoo answers with a traceback
        """
        try:
            return self.call(model, method, *arguments, **keywords)
        except RpcError as error:
            if not error.is_clear:
                raise AssertionError(f"{model}.{method} answered with a traceback:\n{error.debug}") from None
            return error

    def button(self, model: str, method: str, ids: list[int], **context):
        """Press a button of a form."""
        return self.json(
            "/web/dataset/call_button",
            {"model": model, "method": method, "args": [ids], "kwargs": {"context": context}},
        )

    def read(self, model: str, domain: list, *names: str, order: str = "id") -> list[dict]:
        """Return the records that a domain finds."""
        return self.call(model, "search_read", domain, list(names), order=order)


class Dialog:
    """The access dialog, opened by somebody on some contacts."""

    ROW = ("partner_id", "email", "in_portal", "access_state", "access_reason", "outcome", "is_grantable")

    def __init__(self, browser: Browser, contact_ids: list[int]):
        self.browser = browser
        context = {"active_model": "res.partner", "active_ids": contact_ids}
        self.id = browser.call("portal.wizard", "action_open_wizard", context=context)["res_id"]
        self._lines = {row["partner_id"]["id"]: row["id"] for row in self._read()}

    def _read(self) -> list[dict]:
        fields = {name: {"fields": {}} if name == "partner_id" else {} for name in self.ROW}
        return self.browser.call("portal.wizard", "web_read", [self.id], {"user_ids": {"fields": fields}})[0][
            "user_ids"
        ]

    def rows(self) -> dict[int, dict]:
        """Return what the dialog shows now, by the contact that each row was opened with."""
        rows = {row["id"]: row for row in self._read()}
        return {contact_id: rows[line] for contact_id, line in self._lines.items() if line in rows}

    def type(self, message: str | None = None, emails: dict | None = None, ticks: dict | None = None) -> "Dialog":
        """Type a message and emails, tick and untick In Portal, as a user does before pressing a button."""
        changes = {contact_id: {"email": email} for contact_id, email in (emails or {}).items()}
        for contact_id, ticked in (ticks or {}).items():
            changes.setdefault(contact_id, {})["in_portal"] = ticked
        values = {"user_ids": [[1, self._lines[contact_id], change] for contact_id, change in changes.items()]}
        if message is not None:
            values["welcome_message"] = message
        self.browser.call("portal.wizard", "web_save", [self.id], values, {})
        return self

    def tick(self, *contact_ids: int) -> "Dialog":
        """Tick In Portal on rows, on all of them when none is named."""
        return self.type(ticks=dict.fromkeys(contact_ids or self._lines, True))

    def apply(self) -> dict[int, dict]:
        """Press Apply, and return what the rows show then."""
        self.browser.button("portal.wizard", "action_apply", [self.id])
        return self.rows()

    def press(self, contact_id: int, action: str = "action_grant_access"):
        """Press a button of one row."""
        return self.browser.button("portal.wizard.user", action, [self._lines[contact_id]])


class JsonRpc:
    """A program that uses Odoo's external API over JSON-RPC."""

    def __init__(self, url: str, database: str, login: str, password: str):
        self._browser = Browser(url)
        self._database, self._password = database, password
        self.uid = self._service("common", "login", database, login, password)

    def _service(self, service: str, method: str, *arguments):
        return self._browser.json("/jsonrpc", {"service": service, "method": method, "args": arguments})

    def call(self, model: str, method: str, *arguments, **keywords):
        """Call a method of a model."""
        return self._service(
            "object", "execute_kw", self._database, self.uid, self._password, model, method, arguments, keywords
        )


class XmlRpc:
    """A program that uses Odoo's external API over XML-RPC, with faults told like JSON-RPC's errors."""

    FAULTS = {2: "odoo.exceptions.UserError", 3: "odoo.exceptions.AccessDenied", 4: "odoo.exceptions.AccessError"}

    def __init__(self, url: str, database: str, login: str, password: str):
        self._database, self._password = database, password
        self.uid = xmlrpc.client.ServerProxy(f"{url}/xmlrpc/2/common").login(database, login, password)
        self._objects = xmlrpc.client.ServerProxy(f"{url}/xmlrpc/2/object", allow_none=True)

    def call(self, model: str, method: str, *arguments, **keywords):
        """Call a method of a model.

        :raise RpcError: when Odoo answers with a fault
        """
        try:
            return self._objects.execute_kw(
                self._database, self.uid, self._password, model, method, arguments, keywords
            )
        except xmlrpc.client.Fault as fault:
            name = self.FAULTS.get(fault.faultCode, f"fault {fault.faultCode}")
            raise RpcError(name, fault.faultString) from None
