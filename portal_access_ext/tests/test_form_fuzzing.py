import json
import os
import tempfile
import unittest
from pathlib import Path
from urllib.parse import urljoin, urlparse

from lxml import html

from odoo import http
from odoo.tests import tagged
from odoo.tools import mute_logger

from .test_route_rights import LOGGERS, RouteCase

try:
    import hypothesis
    from hypothesis import strategies as st
except ImportError:
    if os.environ.get("PAE_HYPOTHESIS"):
        raise
    hypothesis = st = None
else:
    # Its notes belong to no checkout.
    hypothesis.configuration.set_hypothesis_home_dir(Path(tempfile.gettempdir()) / "portal_access_ext_hypothesis")

EXAMPLES = 40
FEW_EXAMPLES = 15  # of what another form has been tried with
NASTY = (
    *(
        "",
        " ",
        "0",
        "-1",
        "1",
        "1.5",
        "1e9",
        str(2**31),
        str(2**64),
        "9" * 5000,  # more than Python reads as a number
        "٣",
        "²",
        "nan",
        "None",
        "False",
        "[]",
        "{}",
        "%s",
        "%(x)s",
    ),
    *("\x00", "a\x00b", "a\nb", "a\r\nb: c", "\ufeff", "\u202e", "é" * 300, "a" * 5000, "👩‍👩‍👧", "ı", "ß", "<b>x</b>"),
    *("\"'><script>alert(1)</script>", "${1+1}", "{{1+1}}", "' OR 1=1 --", "../../etc/passwd", "javascript:alert(1)"),
    *(
        "a@b.example",
        "a@b.example, c@d.example",
        "Ann <a@b.example>",
        "a@",
        "@",
        "a b@c.example",
        "a@b.example\nBcc: x@y.example",
    ),
    *("+1 555 0100", "+" * 50, "00", "FR23334175221", "BE0477472701", "US", "12345", "W1A 1AA"),
)


@tagged("post_install", "-at_install", "portal_access_once")
@unittest.skipUnless(hypothesis, "hypothesis is not installed")
class TestFormFuzzing(RouteCase):
    """Whatever is sent to our forms: an answer that a customer understands, and nothing lost."""

    @staticmethod
    def texts():
        return st.one_of(st.sampled_from(NASTY), st.text(max_size=40))

    def fuzz(self, names, check, likely=None, examples=EXAMPLES):
        """Call a check with forms in which fields are missing, strange, twice there, or files.

        :param dict likely: values by field that are right, or nearly
        """
        fields = {
            name: st.one_of(
                self.texts(),
                *([st.sampled_from(likely[name])] * 2 if likely and name in likely else ()),
                st.lists(self.texts(), min_size=2, max_size=2),
                st.just(("note.txt", b"a file")),
            )
            for name in names
        }
        # What a customer has no business to send.
        other = st.sampled_from(("id", "active", "user_ids", "parent_id", "csrf", "__class__", "is_company", "a b", ""))
        others = st.dictionaries(other, self.texts(), max_size=2)
        forms = st.tuples(others, st.fixed_dictionaries({}, optional=fields))
        self._run(forms.map(lambda pair: {**pair[0], **pair[1]}), check, examples)

    def fuzz_json(self, names, check, likely=None):
        """The same with JSON, where values have types."""
        simple = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), self.texts())
        values = st.recursive(
            simple,
            lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
            max_leaves=3,
        )
        fields = {
            name: values | st.sampled_from(likely[name]) if likely and name in likely else values for name in names
        }
        self._run(st.fixed_dictionaries({}, optional=fields), check)

    def _run(self, forms, check, examples=EXAMPLES):
        @hypothesis.settings(
            max_examples=examples,
            derandomize=True,
            database=None,
            deadline=None,
            phases=(hypothesis.Phase.generate, hypothesis.Phase.shrink),
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        @hypothesis.given(forms)
        def run(form):
            with self.undone():
                self.forget_attempts()
                check(form)

        run()

    def send(self, address, form):
        """Send a form; return what came back, and the values that are texts."""
        files = {name: value for name, value in form.items() if isinstance(value, tuple)}
        data = {name: value for name, value in form.items() if name not in files}
        data["csrf_token"] = http.Request.csrf_token(self)
        response = self.url_open(address, data=data, files=files, allow_redirects=False)
        self.env.invalidate_all()
        self.assertLess(response.status_code, 500)
        self.assertNotIn("Traceback (most recent call last)", response.text)
        texts = {name: value[0] if isinstance(value, list) else value for name, value in data.items()}
        return response, texts

    def call(self, address, form):
        """Make a JSON request; return what came back."""
        body = json.dumps({"jsonrpc": "2.0", "method": "call", "id": 0, "params": form})
        response = self.url_open(address, body, headers={"Content-Type": "application/json"})
        self.env.invalidate_all()
        self.assertEqual(response.status_code, 200)
        return response.json()

    def assert_stays_here(self, response):
        """Assert that the answer leads to a page of this very server."""
        self.assertEqual(response.status_code, 303)
        # As browsers read it.
        address = urljoin(self.base_url(), response.headers["Location"].replace("\\", "/"))
        self.assertEqual(urlparse(address).netloc, urlparse(self.base_url()).netloc)

    def value_of(self, response, name):
        """:return str: what a field of the page holds, None where there is no such field"""
        fields = html.fromstring(response.content).xpath(f"//*[@name='{name}' and not(@type='hidden')]")
        return fields[0].value if fields else None

    def assert_kept(self, response, texts, *names):
        """Assert that the page shows again what was typed; it can't show every character."""
        for name in names:
            typed, shown = texts.get(name, ""), self.value_of(response, name)
            if typed.isprintable():
                self.assertEqual((shown or "").split(), typed.split(), name)

    # The forms

    @mute_logger(*LOGGERS)
    def test_asking_for_another_login(self):
        self.sign_in_as("customer")
        login = self.anna.user_ids.login

        def check(form):
            before = self.snapshot()
            response, texts = self.send("/my/security/login", form)
            self.assertEqual(response.status_code, 200)
            self.assertEqual(self.anna.user_ids.login, login)
            if "is-invalid" in response.text:
                self.assertEqual(self.snapshot(), before)
                self.assert_kept(response, texts, "new_login")

        likely = {"new_login": ("new@pae.example", login, " New@PAE.example "), "password": (login, "wrong")}
        self.fuzz(["new_login", "password"], check, likely)

    @mute_logger(*LOGGERS)
    def test_changing_the_password(self):
        self.sign_in_as("customer")
        login = self.anna.user_ids.login

        def check(form):
            before = self.snapshot()
            response, texts = self.send("/my/security", form)
            if (texts.get("old"), texts.get("new1")) != (login, texts.get("new2", "")):
                self.assertEqual(self.snapshot(), before)
            self.assertIn(response.status_code, (200, 303))

        likely = {"old": (login,), "new1": ("a new password",), "new2": ("a new password",)}
        self.fuzz(["old", "new1", "new2"], check, likely)

    DETAILS = {
        "name": "name",
        "email": "email",
        "phone": "phone",
        "street": "street",
        "city": "city",
        "zipcode": "zip",
        "vat": "vat",
        "company_name": "company_name",
    }

    @mute_logger(*LOGGERS)
    def test_the_details(self):
        self.sign_in_as("customer")
        france = self.env.ref("base.fr")

        def check(form):
            before = self.snapshot()
            response, texts = self.send("/my/account", form)
            if response.status_code == 200:
                self.assertEqual(self.snapshot(), before)
                self.assert_kept(response, texts, *(name for name in self.DETAILS if name in texts))
                return
            self.assert_stays_here(response)
            for name, field in self.DETAILS.items():
                if name in texts and field not in ("vat", "company_name"):
                    self.assertEqual(self.anna[field] or "", texts[name].strip(), name)

        self.fuzz(
            [*self.DETAILS, "country_id", "state_id", "redirect"],
            check,
            {
                "name": ("Anna Dash", "  Anna "),
                "email": ("anna@pae.example",),
                "phone": ("+1 555 0100",),
                "street": ("Long Street 8",),
                "city": ("Lyon",),
                "country_id": (str(france.id), str(self.env.ref("base.us").id)),
                "state_id": (str(self.env.ref("base.state_us_5").id), ""),
                "redirect": ("/my/home", "//evil.example", "/\\evil.example", "https://evil.example", "/my\r\nX: y"),
            },
        )

    ADDRESS = ("name", "phone", "email", "street", "street2", "zip", "city")
    LIKELY_ADDRESS = {
        "type": ("delivery", "invoice", "other", "contact", "private"),
        "name": ("Warehouse",),
        "street": ("Long Street 8",),
        "city": ("Lyon",),
        "phone": ("+1 555 0100",),
        "email": ("ware@pae.example",),
    }

    def check_address(self, address, form):
        before = self.snapshot()
        response, texts = self.send(f"/my/addresses/{address.id or 'new'}", form)
        if response.status_code == 200:
            self.assertEqual(self.snapshot(), before)
            self.assert_kept(response, texts, *(name for name in self.ADDRESS if name in texts))
            return
        self.assert_stays_here(response)
        if not address:
            address = self.env["res.partner"].search([], order="id desc", limit=1)
            self.assertEqual(address.parent_id, self.anna.parent_id)
        self.assertIn(address.type, ("delivery", "invoice", "other"))
        for name in self.ADDRESS:
            if name in texts:
                self.assertEqual(address[name] or "", texts[name].strip(), name)

    @mute_logger(*LOGGERS)
    def test_a_new_address(self):
        self.sign_in_as("customer")
        likely = {**self.LIKELY_ADDRESS, "country_id": (str(self.env.ref("base.fr").id),)}
        names = [*self.ADDRESS, "type", "country_id", "state_id"]
        self.fuzz(names, lambda form: self.check_address(self.env["res.partner"], form), likely)

    @mute_logger(*LOGGERS)
    def test_an_address(self):
        self.sign_in_as("customer")
        address = self.env["res.partner"].browse(self.records["addresses"]["own"])
        likely = {**self.LIKELY_ADDRESS, "country_id": (str(self.env.ref("base.fr").id),)}
        names = [*self.ADDRESS, "type", "country_id", "state_id"]
        self.fuzz(names, lambda form: self.check_address(address, form), likely, FEW_EXAMPLES)

    @mute_logger(*LOGGERS)
    def test_saved_payment_methods(self):
        self.sign_in_as("customer")
        own = self.records["cards"]["own"]

        def check_default(form):
            before = self.snapshot()
            response, texts = self.send("/my/payment_method/default", form)
            self.assert_stays_here(response)
            if texts.get("token_id", "").strip() != str(own):
                self.assertEqual(self.snapshot(), before)

        def check_archive(form):
            before = self.snapshot()
            answer = self.call("/payment/archive_token", form)
            if form.get("token_id") != own or isinstance(form.get("token_id"), bool):
                self.assertEqual(self.snapshot(), before)
            if "error" in answer:
                self.assertIn("odoo.exceptions.", answer["error"]["data"]["name"], answer)

        self.fuzz(["token_id"], check_default, {"token_id": [str(each) for each in self.records["cards"].values()]})
        self.fuzz_json(["token_id"], check_archive, {"token_id": list(self.records["cards"].values())})

    @mute_logger(*LOGGERS)
    def test_ending_sessions(self):
        self.sign_in_as("customer")
        own = str(self.records["sessions"]["own"])

        def check(form):
            before = self.snapshot()
            response, texts = self.send("/my/security/sessions/end", form)
            self.assert_stays_here(response)
            # None: all others.
            if texts.get("session_id", "" if "session_id" not in form else None) not in ("", own):
                self.assertEqual(self.snapshot(), before)

        self.fuzz(["session_id"], check, {"session_id": [str(each) for each in self.records["sessions"].values()]})

    @mute_logger(*LOGGERS)
    def test_asking_for_a_new_invitation(self):
        self.sign_in_as("visitor")
        tokens = self.records["tokens"]

        def check(form):
            before = self.snapshot()
            response, texts = self.send("/portal_access/invitation/request", form)
            self.assertEqual(response.status_code, 200)
            if texts.get("token") not in tokens.values():
                self.assertEqual(self.snapshot(), before)

        likely = {"token": (tokens["own"],), "lang": ("en_US", "fr_FR", "xx_XX")}
        self.fuzz(["token", "lang"], check, likely)

    @mute_logger(*LOGGERS)
    def test_links_of_a_new_login(self):
        self.sign_in_as("visitor")
        own = self.records["changes"]["own"]

        def check(form):
            before = self.snapshot()
            change_id, signature = (form.pop(name, "") for name in ("change_id", "signature"))
            if not all(isinstance(each, str) for each in (change_id, signature)):
                return
            quoted = [http.werkzeug.urls.url_quote(each, safe="") for each in (change_id, signature)]
            self.send("/my/login/confirm/{}/{}".format(*quoted), form)
            if (change_id, signature) != (str(own), self.signature):
                self.assertEqual(self.snapshot(), before)

        likely = {"change_id": (str(own),), "signature": (self.signature, self.signature[:-1])}
        self.fuzz(["change_id", "signature"], check, likely)
