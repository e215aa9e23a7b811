import json
import re
import sys
from collections import namedtuple
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch
from urllib.parse import urlencode

from odoo import fields, http
from odoo.tests import tagged
from odoo.tools import mute_logger

from .test_portal_home import PortalHomeCase

# How a route is tried: by GET, by POST or as JSON; with the ids of which records, in which parameter (None: in the
# address); with which other values.
Try = namedtuple("Try", ("kind", "ids", "parameter", "values"), defaults=(None, None, {}))

LINK = "/my/login/<any(confirm,undo):purpose>/<int:change_id>/<string:signature>"
TRIES = {
    "/my": [Try("GET")],
    "/my/home": [Try("GET")],
    "/my/account": [Try("GET"), Try("POST", values={"name": "", "email": "no address"})],
    "/my/addresses": [Try("GET")],
    "/my/addresses/page/<string:page>": [Try("GET", "pages")],
    "/my/addresses/new": [Try("GET"), Try("POST", values={"name": "", "type": "delivery"})],
    "/my/addresses/<string:address_id>": [
        Try("GET", "addresses"),
        Try("POST", "addresses", values={"name": "Thief", "street": "Elsewhere 1"}),
    ],
    "/my/addresses/<string:address_id>/remove": [Try("POST", "addresses")],
    "/my/addresses/<string:address_id>/default/<any(delivery,invoice):kind>": [Try("POST", "addresses")],
    "/my/counters": [Try("JSON", values={"counters": ["no_such_count"]})],
    "/my/country/<string:country_id>": [Try("JSON", "countries")],
    "/my/deactivate_account": [Try("POST", values={"validation": "x", "password": "wrong"})],
    "/my/payment_method": [Try("GET")],
    "/my/payment_method/default": [Try("POST", "cards", "token_id")],
    "/my/security": [Try("GET"), Try("POST", values={"old": "wrong", "new1": "one", "new2": "two"})],
    "/my/security/activity": [Try("GET")],
    "/my/security/activity/page/<string:page>": [Try("GET", "pages")],
    "/my/security/keys/remove": [Try("POST")],
    "/my/security/login": [Try("POST", values={"new_login": "thief@pae.example", "password": "wrong"})],
    "/my/security/sessions/end": [Try("POST", "sessions", "session_id")],
    "/payment/archive_token": [Try("JSON", "cards", "token_id")],
    "/portal_access/invitation/request": [Try("GET"), Try("POST", "tokens", "token")],
    LINK: [Try("GET", "changes"), Try("POST", "changes")],
    # With the tokens of others, and good ones: see test_signup_links.py.
    "/web/reset_password": [Try(kind, values={"token": "nonsense"}) for kind in ("GET", "POST")],
    "/web/signup": [Try(kind, values={"token": "nonsense"}) for kind in ("GET", "POST")],
}
ONLY_ASKING = {"/my/country/<string:country_id>"}
VISITORS_MAY = {"/portal_access/invitation/request", LINK, "/web/reset_password", "/web/signup"}
FOREIGN = ("sibling", "foreign", "archived", "deleted")
INVALID = {"negative": "-1", "huge": str(2**64), "text": "abc", "float": "1.5", "empty": "", "list": "[1]"}
INVALID |= {"superscript": "²", "digits": "9" * 5000}
# What addresses of pages may end in.
QUERIES = {
    "/my/account": ("redirect",),
    "/my/addresses": ("page", "done", "kind"),
    "/my/addresses/new": ("type", "kind"),
    "/my/payment_method": ("done",),
    "/my/security": ("signed_out",),
    "/my/security/activity": ("page",),
}
TABLES = (
    "payment_token",
    "portal_access_invitation",
    "portal_access_login_change",
    "portal_access_session",
    "res_partner",
)
LOGGERS = ("odoo.http", "odoo.addons.http_routing.models.ir_http", "odoo.addons.base.models.res_users")


def get_own_routes(env, addon="portal_access_ext"):
    """:return dict: the endpoint of each route that the controllers of an addon of ours define or extend"""
    own = {}
    for rule in env["ir.http"].routing_map().iter_rules():
        method = rule.endpoint.func
        for controller in type(method.__self__).mro():
            if method.__name__ in vars(controller) and controller.__module__.startswith(f"odoo.addons.{addon}."):
                own[rule.rule] = rule.endpoint
    return own


class RouteCase(PortalHomeCase):
    """Customers, an employee and a visitor, and records of each kind that routes take ids of."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sibling = cls.make_partners(1, "sibling", parent_id=cls.anna.parent_id.id)
        cls.as_manager(cls, cls.sibling).portal_access_grant()
        cls.manager.password = cls.manager.login
        cls.env["ir.config_parameter"].set_param("portal_access_ext.login_change_by_customer", "True")
        cls.env.flush_all()

    def setUp(self):
        super().setUp()
        self.records = {
            "tokens": self.make_tokens(),
            "changes": self.make_changes(),
            "addresses": self.make_addresses(),
            "cards": self.make_cards(),
            "sessions": self.make_sessions(),
            "pages": {"own": 1, "deleted": 999_999},
            "countries": {"own": self.env.ref("base.fr").id, "deleted": 999_999_999},
        }
        self.env.flush_all()

    # What there is: by kind of record, an id for each relation to the customer

    def make_tokens(self):
        """Sign-up tokens."""
        invited = self.make_partners(2, "invited")
        self.as_manager(invited).portal_access_grant()
        return {
            "own": invited[0].sudo().signup_token,
            "foreign": invited[1].sudo().signup_token,
            "deleted": "x" * 20,
        }

    def make_changes(self):
        """New logins that wait for a confirmation, with the own signature; it fits no other."""
        Change = self.env["portal.access.login.change"].sudo()
        ids = {}
        for relation, partner in (("own", self.anna), ("sibling", self.sibling), ("foreign", self.ben)):
            Change._request_by_customer(partner.user_ids.sudo(), f"{relation}@new.example")
            ids[relation] = Change.search([("user_id", "=", partner.user_ids.id)], limit=1).id
        own = Change.browse(ids["own"])
        self.signature = own._get_link("confirm").rpartition("/")[2]
        return {**ids, "deleted": 999_999_999}

    def make_addresses(self):
        """Addresses of the customer's company and of another one; a contact of the company who has a login."""
        own, archived, deleted, foreign = self.make_partners(4, "address", type="delivery")
        (own + archived + deleted).parent_id = self.anna.parent_id
        foreign.parent_id = self.ben.parent_id
        archived.active = False
        ids = {
            "own": own.id,
            "sibling": self.sibling.id,
            "foreign": foreign.id,
            "archived": archived.id,
            "deleted": deleted.id,
        }
        deleted.unlink()
        return ids

    def make_cards(self):
        """Saved payment methods."""
        provider = self.offer_payment()
        ids = {
            relation: self.save_cards(provider, partner, 1).id
            for relation, partner in (
                ("own", self.anna),
                ("sibling", self.sibling),
                ("foreign", self.ben),
                ("archived", self.anna),
                ("deleted", self.anna),
            )
        }
        self.env["payment.token"].browse(ids["archived"]).active = False
        self.env["payment.token"].browse(ids["deleted"]).unlink()
        return ids

    def make_sessions(self):
        """Where somebody is signed in; those that have ended are the archived ones."""
        now = fields.Datetime.now()
        ids = {
            relation: self.env["portal.access.session"]
            .sudo()
            .create(
                {
                    "user_id": partner.user_ids.id,
                    "sid_hash": relation,
                    "first_on": now,
                    "last_on": now,
                    "ended_on": ended_on,
                }
            )
            .id
            for relation, partner, ended_on in (
                ("own", self.anna, False),
                ("sibling", self.sibling, False),
                ("foreign", self.ben, False),
                ("archived", self.anna, now),
            )
        }
        return {**ids, "deleted": 999_999_999}

    # Requests

    def fill(self, rule, value):
        """Put an id into the address, and values of which it doesn't matter what they are."""
        address = re.sub(r"<any\((\w+),[^>]*>", r"\1", rule).replace("<string:signature>", self.signature)
        return re.sub(r"<\w+:\w+>", str(value), address)

    def request(self, rule, each, value=None, with_csrf=True):
        """:return tuple: status, where to, and the text without what differs between any two answers"""
        address, values = self.fill(rule, "1" if value is None else value), dict(each.values)
        if each.parameter:
            values[each.parameter] = value
        if each.kind == "JSON":
            body = json.dumps({"jsonrpc": "2.0", "method": "call", "id": 0, "params": values})
            response = self.url_open(address, body, headers={"Content-Type": "application/json"}, allow_redirects=False)
        elif each.kind == "POST":
            token = {"csrf_token": http.Request.csrf_token(self)} if with_csrf else {}
            response = self.url_open(address, {**values, **token, "": ""}, allow_redirects=False)
        else:
            address = f"{address}?{urlencode(values)}" if values else address
            response = self.url_open(address, allow_redirects=False)
        self.env.invalidate_all()
        text = re.sub(r"(?s)<script.*?</script>|\b\w{40}o\d+\b", "", response.text)
        location = response.headers.get("Location") or ""
        if str(value or "").isalnum() and not str(value).isdigit():
            text, location = text.replace(value, ""), location.replace(value, "")
        return response.status_code, re.sub(r"-?\d+", "#", location), re.sub(r"-?\d+", "#", text)

    def sign_in_as(self, who):
        login = {"customer": self.anna.user_ids.login, "employee": self.manager.login, "visitor": None}[who]
        with patch.object(self.registry["res.users"], "_check_credentials"):  # which is slow by design
            self.authenticate(login, login)
        self.url_open("/my")  # the first request of a session is noted

    @contextmanager
    def undone(self):
        """Let what happens inside not have happened."""
        self.env.flush_all()
        savepoint = self.env.cr.savepoint(flush=False)
        try:
            yield
        finally:
            savepoint.rollback()
            savepoint.close()
            self.env.invalidate_all(flush=False)
            self.env.registry.clear_cache()

    def forget_attempts(self):
        self.env.cr.execute("DELETE FROM portal_access_limit")

    def snapshot(self):
        """:return list: all that is there of people, their logins and their secrets"""
        self.env.flush_all()
        rows = []
        for table in TABLES:
            self.env.cr.execute(f"SELECT to_jsonb(t) FROM {table} t ORDER BY id")
            rows += [(table, row) for (row,) in self.env.cr.fetchall()]
        self.env.cr.execute("SELECT id, login, password, active, totp_secret FROM res_users ORDER BY id")
        return rows + self.env.cr.fetchall()


@tagged("post_install", "-at_install")
class TestRouteRights(RouteCase):
    """Each route of ours, with the ids of everything and nothing, for everybody."""

    def test_every_test_file_is_run_with_the_module(self):
        files = {path.stem for path in Path(__file__).parent.glob("test_*.py")}
        self.assertFalse(files - set(vars(sys.modules[__package__])))

    def each_try(self):
        for rule, tries in TRIES.items():
            for each in tries:
                yield rule, each

    # The tests

    def test_every_route_is_tried(self):
        self.assertEqual(set(get_own_routes(self.env)), set(TRIES))

    def test_every_route_says_who_may_use_it_and_how(self):
        for rule, endpoint in get_own_routes(self.env).items():
            with self.subTest(rule=rule):
                self.assertEqual(endpoint.routing["auth"], "public" if rule in VISITORS_MAY else "user")
                self.assertIsNot(endpoint.routing.get("csrf"), False)
                if {each.kind for each in TRIES[rule]} == {"POST"}:
                    self.assertEqual(endpoint.routing["methods"], ["POST"], "opening a link does nothing")

    @mute_logger(*LOGGERS)
    def test_visitors_are_asked_to_sign_in(self):
        self.sign_in_as("visitor")
        before = self.snapshot()
        for rule, each in self.each_try():
            if rule in VISITORS_MAY:
                continue
            with self.subTest(rule=rule, kind=each.kind):
                answers = {self.request(rule, each, value)[:2] for value in self.get_values(each)}
                [(status, location)] = answers
                if each.kind == "JSON":
                    self.assertEqual(status, 200)
                    self.assertIn("SessionExpiredException", self.request(rule, each)[2])
                else:
                    self.assertEqual(status, 303)
                    self.assertIn("/web/login", location)
        self.assertEqual(self.snapshot(), before)

    def get_values(self, each):
        """:return list: the ids that a route is tried with"""
        if not each.ids:
            return [None]
        return [*self.records[each.ids].values(), *(INVALID.values() if each.parameter else ())]

    @mute_logger(*LOGGERS)
    def test_nothing_is_done_without_a_csrf_token(self):
        for who in ("visitor", "customer", "employee"):
            self.sign_in_as(who)
            before = self.snapshot()
            for rule, each in self.each_try():
                if each.kind != "POST" or (who == "visitor" and rule not in VISITORS_MAY):
                    continue
                with self.subTest(who=who, rule=rule):
                    own = self.records[each.ids]["own"] if each.ids else None
                    self.assertEqual(self.request(rule, each, own, with_csrf=False)[0], 400)
            self.assertEqual(self.snapshot(), before)

    @mute_logger(*LOGGERS)
    def test_somebody_else_s_id_is_answered_like_one_that_does_not_exist_and_changes_nothing(self):
        for who in ("visitor", "customer", "employee"):
            self.sign_in_as(who)
            for rule, each in self.each_try():
                if not each.ids or (who == "visitor" and rule not in VISITORS_MAY):
                    continue
                with self.subTest(who=who, rule=rule, kind=each.kind):
                    self.check_foreign_ids(rule, each)

    def check_foreign_ids(self, rule, each):
        ids = self.records[each.ids]
        before = self.snapshot()
        self.forget_attempts()
        expected = self.request(rule, each, ids["deleted"])
        self.assertLess(expected[0], 500)
        foreign = FOREIGN if each.ids != "tokens" else ("deleted",)  # holding a sign-up token is being the one
        for relation in foreign:
            if relation in ids:
                self.forget_attempts()
                self.assertEqual(self.request(rule, each, ids[relation]), expected, relation)
        for name, value in INVALID.items():
            if name == "empty" and each.ids == "sessions":
                continue  # which means all others
            if name == "digits" and "<int:" in rule:
                continue  # on which stock's converter fails
            self.forget_attempts()
            answer = self.request(rule, each, value)
            self.assertLess(answer[0], 500, name)
            if each.parameter and name != "empty":
                self.assertEqual(answer, expected, name)
        self.assertEqual(self.snapshot(), before)

    @mute_logger(*LOGGERS)
    def test_everybody_gets_an_answer_from_every_route(self):
        for who in ("visitor", "customer", "employee"):
            self.sign_in_as(who)
            for rule, each in self.each_try():
                if who == "visitor" and rule not in VISITORS_MAY:
                    continue
                with self.subTest(who=who, rule=rule, kind=each.kind), self.undone():
                    self.check_answer(who, rule, each)

    @mute_logger(*LOGGERS)
    def test_pages_bear_whatever_their_address_ends_in(self):
        self.sign_in_as("customer")
        for path, names in QUERIES.items():
            for name in names:
                for sort, value in INVALID.items():
                    with self.subTest(path=path, name=name, sort=sort):
                        response = self.url_open(f"{path}?{urlencode({name: value})}")
                        self.assertEqual(response.status_code, 200)

    def check_answer(self, who, rule, each):
        before = self.snapshot()
        own = self.records[each.ids]["own"] if each.ids else None
        status, _location, text = self.request(rule, each, own)
        self.assertIn(status, (200, 303))
        if each.ids and who == "customer":
            self.assertNotIn('"error"', text[:200])
            changes_something = each.kind != "GET" and rule not in ONLY_ASKING
            self.assertEqual(self.snapshot() != before, changes_something)
