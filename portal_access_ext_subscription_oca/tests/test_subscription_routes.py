import re
import uuid

from odoo import http
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.portal_access_ext.tests.test_route_rights import get_own_routes

from .test_subscription_pages import SubscriptionPageCase

ADDON = "portal_access_ext_subscription_oca"
ONE = "/my/subscriptions/<string:subscription_id>"
# What a route takes, and who needs not sign in: (methods, auth, csrf matters).
ROUTES = {
    "/my/subscriptions": ({"GET"}, "user"),
    "/my/subscriptions/page/<string:page>": ({"GET"}, "user"),
    ONE: ({"GET"}, "public"),
    f"{ONE}/close": ({"GET", "POST"}, "user"),
    f"{ONE}/keep": ({"POST"}, "user"),
    # Extended, not ours.
    "/my/counters": (None, "user"),
}
INVALID = ("-1", "0", "abc", "1.5", str(2**64), "9" * 5000, "[1]", "%C2%B2", "%00", "None")
QUERIES = (
    "sortby",
    "filterby",
    "search",
    "search_in",
    "page",
    "access_token",
    "done",
    "pid",
    "hash",
    "error",
    "outlook",
)
LOGGERS = ("odoo.http", "odoo.addons.http_routing.models.ir_http")


@tagged("post_install", "-at_install")
class TestSubscriptionRoutes(SubscriptionPageCase):
    """Each route, with the ids of everything and nothing, for everybody."""

    def setUp(self):
        super().setUp()
        deleted = self.make_subscription(self.anna)
        archived = self.make_subscription(self.anna)
        archived.active = False
        self.ids = {
            "deleted": deleted.id,
            "foreign": self.foreign.id,
            "archived": archived.id,
        }
        deleted.unlink()
        self.foreign.access_token = str(uuid.uuid4())
        self.env.flush_all()

    def snapshot(self):
        self.env.flush_all()
        rows = []
        for table in ("sale_subscription", "sale_subscription_line", "mail_message", "mail_mail", "mail_activity"):
            self.env.cr.execute(f"SELECT to_jsonb(t) FROM {table} t ORDER BY id")
            rows.append(self.env.cr.fetchall())
        return rows

    def ask_route(self, rule, subscription_id, method, token=True):
        """:return tuple: status and where to"""
        url = rule.replace("<string:subscription_id>", str(subscription_id))
        if method == "GET":
            response = self.get(url, allow_redirects=False)
        elif token:
            response = self.post(url, reason=self.reason.id, outlook="activity")
        else:
            response = self.url_open(url, {"reason": self.reason.id, "outlook": "activity"}, allow_redirects=False)
        location = (response.headers.get("Location") or "").replace(self.base_url(), "")
        return response.status_code, re.sub(r"\?.*", "", location)

    def test_every_route_says_who_may_use_it_and_how(self):
        own = {
            rule: endpoint
            for rule, endpoint in get_own_routes(self.env, ADDON).items()
            if endpoint.func.__name__ != "counters"
        }
        self.assertEqual(set(own), set(ROUTES) - {"/my/counters"})
        for rule, endpoint in own.items():
            methods, auth = ROUTES[rule]
            self.assertEqual((set(endpoint.routing["methods"]), endpoint.routing["auth"]), (methods, auth), rule)
            self.assertIsNot(endpoint.routing.get("csrf"), False)

    def each(self):
        for rule, (methods, _auth) in ROUTES.items():
            if "subscription_id" in rule:
                for method in methods:
                    yield rule, method

    @mute_logger(*LOGGERS)
    def test_visitors_are_asked_to_sign_in(self):
        self.authenticate(None, None)
        before = self.snapshot()
        for rule, method in self.each():
            for subscription_id in (self.subscription.id, *self.ids.values(), "abc"):
                status, location = self.ask_route(rule, subscription_id, method)
                self.assertEqual(status, 303)
                self.assertIn(location, ("/my", "/web/login"))
        self.assertEqual(self.snapshot(), before)

    @mute_logger(*LOGGERS)
    def test_somebody_else_s_id_is_answered_like_one_that_does_not_exist(self):
        for login in (self.anna.user_ids.login, self.employee.login, self.seller.login):
            self.authenticate(login, login)
            self.get("/my")
            before = self.snapshot()
            for rule, method in self.each():
                if login == self.seller.login and rule == ONE:
                    continue  # who reads all of them
                expected = self.ask_route(rule, self.ids["deleted"], method)
                self.assertEqual(expected, (303, "/my"))
                for subscription_id in (*self.ids.values(), *INVALID):
                    found = self.ask_route(rule, subscription_id, method)
                    if found[0] not in (400, 404):  # what is no address at all
                        self.assertEqual(found, expected, (rule, method, subscription_id))
            self.assertEqual(self.snapshot(), before)

    @mute_logger(*LOGGERS)
    def test_nothing_is_done_without_a_csrf_token_or_by_opening_a_link(self):
        self.sign_in(self.anna)
        self.get("/my")
        before = self.snapshot()
        for rule in (f"{ONE}/close", f"{ONE}/keep"):
            self.assertEqual(self.ask_route(rule, self.subscription.id, "POST", token=False)[0], 400)
            self.ask_route(rule, self.subscription.id, "GET")
        self.assertEqual(self.snapshot(), before)

    @mute_logger(*LOGGERS)
    def test_pages_bear_whatever_their_address_ends_in(self):
        self.sign_in(self.anna)
        for url in ("/my/subscriptions", self.url(), self.url(suffix="/close")):
            for name in QUERIES:
                for value in (*INVALID, "%27%22%3E%3Cscript%3E", "x" * 3000):
                    response = self.get(f"{url}?{name}={value}")
                    self.assertEqual(response.status_code, 200, (url, name, value))
                    self.assertNotIn("'\"><script>", response.text)
        for value in INVALID:
            response = self.get(f"/my/subscriptions/page/{value}")
            self.assertIn(response.status_code, (200, 400, 404), value)

    @mute_logger(*LOGGERS)
    def test_files_in_place_of_text_do_nothing(self):
        self.sign_in(self.anna)
        for name in ("reason", "text", "outlook"):
            values = {"reason": str(self.reason.id), "text": "", "outlook": "now"}
            values.pop(name)
            token = {"csrf_token": http.Request.csrf_token(self)}
            response = self.opener.post(
                self.base_url() + self.url(suffix="/close"),
                data={**values, **token},
                files={name: ("file.txt", b"file")},
                allow_redirects=False,
            )
            self.assertLess(response.status_code, 500)
        self.env.invalidate_all()
        self.assertFalse(self.subscription.portal_close_state)
