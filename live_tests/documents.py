"""Documents of customers in each app, made by the administrator."""

from .clients import Browser
from .conftest import PASSWORD, set_password
from .server import Database

# In which order the numbers of documents follow one another: all different, so that no count passes for another.
COUNTERS = (
    "order_count", "quotation_count", "purchase_count", "rfq_count", "invoice_count", "bill_count", "project_count",
    "task_count", "timesheet_count", "lead_count", "opp_count", "ticket_count",
    "portal_access_subscription_count",
)  # fmt: skip


class Customer:
    """A company's contact with access, and what it has: ids by counter of the dashboard.

    :param first: how many documents there are of the first kind; of each next one there is one more, up to four
    """

    def __init__(self, admin: Browser, database: Database, name: str, first: int):
        self.admin, self.name = admin, name
        self.login = f"{name.lower()}@apps.example"
        grade = admin.call("res.partner.grade", "search", [], limit=1)[0]
        company, self.id = admin.call(
            "res.partner",
            "create",
            [
                {"name": f"{name} Company", "is_company": True, "grade_id": grade},
                {"name": f"{name} Customer", "email": self.login},
            ],
        )
        country = {"country_id": database.ref("base.be"), "street": "Short Street 7", "city": "Ghent", "zip": "9000"}
        admin.call("res.partner", "write", [company, self.id], country)
        admin.call("res.partner", "write", [self.id], {"parent_id": company})
        admin.call("res.partner", "portal_access_grant", [self.id])
        set_password(database, [self.login])
        product = {"name": f"{name} work", "type": "service", "list_price": 100, "taxes_id": [[6, 0, []]]}
        self._product = admin.call("product.product", "create", product)
        self.numbers = {counter: 1 + (first + place) % 4 for place, counter in enumerate(COUNTERS)}
        self.documents: dict[str, list[int]] = {}
        for make in (self._sell, self._buy, self._invoice, self._plan, self._assign, self._ask, self._subscribe):
            make()

    def sign_in(self, url: str) -> Browser:
        """Return a browser of the customer."""
        return Browser(url).authenticate(self.login, PASSWORD)

    def _make(self, counter: str, model: str, **values) -> list[int]:
        values = {"partner_id": self.id, **values}
        ids = self.admin.call(model, "create", [values] * self.numbers[counter])
        self.documents[counter] = ids
        return ids

    def _follow(self, model: str, ids: list[int]) -> None:
        for record in ids:
            self.admin.call(model, "message_subscribe", [record], [self.id])

    def _sell(self) -> None:
        lines = {"order_line": [[0, 0, {"product_id": self._product, "product_uom_qty": 1}]]}
        signed = {**lines, "require_signature": True, "require_payment": False}
        self.admin.call("sale.order", "action_confirm", self._make("order_count", "sale.order", **signed))
        self.admin.call("sale.order", "action_quotation_sent", self._make("quotation_count", "sale.order", **signed))

    def _buy(self) -> None:
        line = {"product_id": self._product, "product_qty": 1, "price_unit": 20}
        values = {"order_line": [[0, 0, line]]}
        self.admin.call("purchase.order", "button_confirm", self._make("purchase_count", "purchase.order", **values))
        self.admin.call(
            "purchase.order", "write", self._make("rfq_count", "purchase.order", **values), {"state": "sent"}
        )

    def _invoice(self) -> None:
        line = {"name": f"{self.name} invoice line", "price_unit": 100, "tax_ids": [[6, 0, []]]}
        values = {"invoice_date": "2024-05-01", "invoice_line_ids": [[0, 0, line]]}
        for counter, kind in (("invoice_count", "out_invoice"), ("bill_count", "in_invoice")):
            ids = self._make(counter, "account.move", move_type=kind, **values)
            self.admin.call("account.move", "action_post", ids)
            self._follow("account.move", ids)

    def _plan(self) -> None:
        values = {"name": f"{self.name} project", "privacy_visibility": "portal", "allow_timesheets": True}
        projects = self._make("project_count", "project.project", **values)
        self._follow("project.project", projects)
        values = {"name": f"{self.name} task", "project_id": projects[0]}
        tasks = self._make("task_count", "project.task", **values)
        employee = self.admin.call("hr.employee", "search", [], limit=1)[0]
        line = {"project_id": projects[0], "task_id": tasks[0], "employee_id": employee, "unit_amount": 1.5}
        self._make("timesheet_count", "account.analytic.line", name=f"{self.name} timesheet", **line)

    def _assign(self) -> None:
        for counter, kind in (("lead_count", "lead"), ("opp_count", "opportunity")):
            values = {"type": kind, "partner_assigned_id": self.id, "partner_id": False}
            self._make(counter, "crm.lead", name=f"{self.name} {kind}", **values)

    def _ask(self) -> None:
        values = {"name": f"{self.name} ticket", "description": f"{self.name} asks"}
        self._make("ticket_count", "helpdesk.ticket", **values)

    def _subscribe(self) -> None:
        template = self.admin.call("sale.subscription.template", "create", {"name": self.name, "code": self.name})
        pricelist = self.admin.call("product.pricelist", "create", {"name": self.name})
        line = {"product_id": self._product, "name": f"{self.name} tea", "price_unit": 12.5}
        values = {"template_id": template, "pricelist_id": pricelist, "sale_subscription_line_ids": [[0, 0, line]]}
        ids = self._make("portal_access_subscription_count", "sale.subscription", **values)
        self.admin.call("sale.subscription", "action_start_subscription", ids)
