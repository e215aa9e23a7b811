import re
from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.portal_access_ext.tests.test_route_rights import INVALID, get_own_routes

from .ewallet_pages import LOGGERS, EwalletPageCase

CARDS, PROGRAMS, ORDERS = "cards", "programs", "orders"
# By route: the methods, and of what its ids are.
ROUTES = {
    "/my/ewallet": (("GET",), None),
    "/my/ewallet/<string:card_id>": (("GET",), CARDS),
    "/my/ewallet/<string:card_id>/page/<string:page>": (("GET",), CARDS),
    "/my/ewallet/<string:card_id>/add": (("GET", "POST"), CARDS),
    "/my/ewallet/program/<string:program_id>/add": (("GET", "POST"), PROGRAMS),
    "/my/ewallet/topup/<string:order_id>": (("GET",), ORDERS),
}
# Those of stock that only get more to show.
EXTENDED = {"/my/counters", "/my", "/my/home"}
FOREIGN = ("sibling", "foreign", "company", "nobody", "gift", "elsewhere", "deleted")


@tagged("post_install", "-at_install")
class TestEwalletRoutes(EwalletPageCase):
    """Each route of the eWallet, with the ids of everything and nothing, for everybody."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager.password = cls.manager.login
        cls.ids = {CARDS: cls.make_cards(), PROGRAMS: cls.make_programs(), ORDERS: {"own": 0}}
        cls.env.flush_all()

    @classmethod
    def make_cards(cls):
        elsewhere = cls.env["res.company"].create({"name": "Elsewhere"})
        foreign_program = cls.make_program("Elsewhere", cls.products, company_id=elsewhere.id)
        deleted = cls.make_card(cls.anna)
        cards = {
            "own": cls.make_card(cls.anna, 10),
            "sibling": cls.make_card(cls.sibling, 10),
            "foreign": cls.make_card(cls.ben, 10),
            "company": cls.make_card(cls.anna.parent_id, 10),
            "nobody": cls.make_card(cls.env["res.partner"], 10),
            "elsewhere": cls.make_card(cls.anna, 10, foreign_program),
        }
        ids = {relation: card.id for relation, card in cards.items()} | {"deleted": deleted.id}
        deleted.unlink()
        return ids

    @classmethod
    def make_programs(cls):
        own = cls.make_program("Second wallet", cls.products)
        hidden = cls.make_program("Hidden wallet", cls.products, portal_topup=False)
        return {"own": own.id, "foreign": hidden.id, "gift": cls.make_gift_program().id, "deleted": 999_999_999}

    def setUp(self):
        super().setUp()
        self.offer_payment()
        orders = {
            relation: self.make_topup(partner, self.env["loyalty.card"].browse(self.ids[CARDS][relation])).id
            for relation, partner in (("own", self.anna), ("sibling", self.sibling), ("foreign", self.ben))
        }
        plain = self.env["sale.order"].create({"partner_id": self.anna.id})
        self.ids = {**self.ids, ORDERS: {**orders, "nobody": plain.id, "deleted": 999_999_999}}

    def each_request(self):
        for rule, (methods, kind) in ROUTES.items():
            for method in methods:
                yield rule, method, kind

    def request(self, rule, method, value, with_csrf=True):
        """:return tuple: status, where to, and the text without what differs between any two answers"""
        path = re.sub(r"<string:page>", "1", rule)
        path = re.sub(r"<string:\w+>", str(value), path)
        self.env.cr.execute("DELETE FROM portal_access_limit")
        if method == "POST":
            response = self.post(path, with_csrf, choice=self.products[1].id)
        else:
            with mute_logger(*LOGGERS):
                response = self.get(path)
        text = re.sub(r"(?s)<script.*?</script>|\b\w{40}o\d+\b", "", response.text)
        return response.status_code, response.headers.get("Location") or "", text

    def sign_in_as(self, login):
        with patch.object(self.registry["res.users"], "_check_credentials"):  # which is slow by design
            self.authenticate(login, login)
        self.url_open("/my")

    def snapshot(self):
        self.env.flush_all()
        counts = []
        for table in ("loyalty_card", "portal_loyalty_history", "sale_order", "payment_transaction"):
            self.env.cr.execute(f"SELECT count(*), md5(string_agg(to_jsonb(t)::text, '' ORDER BY id)) FROM {table} t")
            counts.append((table, self.env.cr.fetchone()))
        return counts

    def test_every_route_is_tried(self):
        own = get_own_routes(self.env, "portal_access_ext_sale_loyalty")
        self.assertEqual(set(own) - EXTENDED, set(ROUTES))
        for rule, endpoint in own.items():
            self.assertEqual(endpoint.routing["auth"], "user", rule)
            self.assertIsNot(endpoint.routing.get("csrf"), False, rule)
            if rule in ROUTES:
                self.assertEqual(set(endpoint.routing["methods"]), set(ROUTES[rule][0]), rule)

    def test_visitors_are_asked_to_sign_in(self):
        self.authenticate(None, None)
        before = self.snapshot()
        for rule, method, kind in self.each_request():
            for value in self.ids[kind].values() if kind else [None]:
                status, location, _text = self.request(rule, method, value)
                self.assertEqual(status, 303, rule)
                self.assertIn("/web/login", location, rule)
        self.assertEqual(self.snapshot(), before)

    def test_somebody_else_s_id_is_answered_like_one_that_does_not_exist(self):
        self.sign_in_as(self.anna.user_ids.login)
        before = self.snapshot()
        for rule, method, kind in self.each_request():
            if not kind:
                continue
            expected = self.request(rule, method, self.ids[kind]["deleted"])
            self.assertEqual(expected[:2], (303, "/my/ewallet?gone=1"))
            for relation in FOREIGN:
                if relation in self.ids[kind]:
                    with self.subTest(rule=rule, method=method, relation=relation):
                        self.assertEqual(self.request(rule, method, self.ids[kind][relation]), expected)
            for name, value in INVALID.items():
                if value:
                    with self.subTest(rule=rule, method=method, name=name):
                        self.assertEqual(self.request(rule, method, value), expected)
        self.assertEqual(self.snapshot(), before)

    def test_customers_and_employees_get_an_answer_for_what_is_theirs_only(self):
        for login, is_own in ((self.anna.user_ids.login, True), (self.manager.login, False)):
            self.sign_in_as(login)
            for rule, method, kind in self.each_request():
                with self.subTest(login=login, rule=rule, method=method):
                    before = self.snapshot()
                    status, location, _text = self.request(rule, method, self.ids[kind]["own"] if kind else None)
                    is_shown = is_own or not kind or kind == PROGRAMS
                    self.assertEqual(status, 200 if is_shown and method == "GET" else 303)
                    self.assertEqual(location.endswith("gone=1"), not is_shown)
                    self.assertEqual(self.snapshot() != before, is_shown and method == "POST")

    def test_nothing_is_done_without_a_csrf_token(self):
        self.sign_in_as(self.anna.user_ids.login)
        before = self.snapshot()
        for rule, method, kind in self.each_request():
            if method == "POST":
                self.assertEqual(self.request(rule, method, self.ids[kind]["own"], with_csrf=False)[0], 400)
        self.assertEqual(self.snapshot(), before)

    def test_a_card_of_somebody_else_has_no_page_by_its_code(self):
        self.sign_in_as(self.anna.user_ids.login)
        for relation in ("own", "sibling", "foreign"):
            code = self.env["loyalty.card"].browse(self.ids[CARDS][relation]).code
            self.assertTrue(self.get(f"/my/ewallet/{code}").headers["Location"].endswith("gone=1"))

    def test_the_counters_bear_whatever_is_asked_for(self):
        self.sign_in_as(self.anna.user_ids.login)
        for counters in ([], "portal_access_ewallet_count", {"portal_access_ewallet_text": 1}, [1, None, []]):
            self.make_jsonrpc_request("/my/counters", {"counters": counters})
