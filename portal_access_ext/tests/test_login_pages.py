import re
from datetime import timedelta
from unittest.mock import patch

from odoo import fields, http
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger
from odoo.tools.translate import code_translations

from .test_login_change import PASSWORD, LoginChangeCase


class LoginPageCase(LoginChangeCase, HttpCase):
    def post(self, url, **values):
        self.env.flush_all()
        return self.url_open(url, data={"csrf_token": http.Request.csrf_token(self), **values})

    def get(self, url):
        self.env.flush_all()
        return self.url_open(url)

    def outcome(self, response):
        self.assertEqual(response.status_code, 200)
        found = re.search(r'data-outcome="(\w+)"', response.text)
        return found and found[1]

    def press(self, url):
        self.authenticate(None, None)
        response = self.post(url)
        self.env.invalidate_all()
        return self.outcome(response)


@tagged("post_install", "-at_install")
class TestLoginLinks(LoginPageCase):
    """What the holder of a link sees."""

    def test_opening_a_confirmation_changes_nothing_and_pressing_its_button_does(self):
        self.change(needs_confirmation=True)
        link = self.link(self.mails()[self.new], "confirm")
        for _scan in range(2):
            page = self.get(link)
            self.assertIn("Confirm the new login", page.text)
            self.assertEqual(page.headers["Referrer-Policy"], "no-referrer")
        self.assertEqual(self.user.login, self.old)
        self.assertEqual(self.press(link), "confirmed")
        self.assertEqual(self.user.login, self.new)
        self.assertEqual(self.press(link), "used")
        self.assertEqual(self.outcome(self.get(link)), "used")

    def test_opening_an_undo_changes_nothing_and_pressing_its_button_does(self):
        self.change()
        link = self.link(self.mails()[self.old], "undo")
        self.assertIn("Undo the change", self.get(link).text)
        self.assertEqual(self.user.login, self.new)
        self.assertEqual(self.press(link), "undone")
        self.assertEqual(self.user.login, self.old)
        self.assertEqual(self.press(link), "used")

    def test_a_post_without_its_token_changes_nothing(self):
        self.change()
        link = self.link(self.mails()[self.old], "undo")
        self.authenticate(None, None)
        with mute_logger("odoo.http"):
            for data in ({"x": "y"}, {"csrf_token": "nonsense"}):
                self.assertEqual(self.url_open(link, data=data).status_code, 400)
        self.assertEqual(self.user.login, self.new)

    def test_each_dead_link_says_why(self):
        change = self.change()
        link = self.link(self.mails()[self.old], "undo")
        for bad in (link[:-1] + ("0" if link[-1] != "0" else "1"), link.replace("/undo/", "/confirm/")):
            self.assertEqual(self.outcome(self.get(bad)), "invalid")
            self.assertEqual(self.press(bad), "invalid")
        self.assertEqual(self.outcome(self.get(f"/my/login/undo/{2**40}/abc")), "invalid")
        self.assertEqual(self.outcome(self.get("/my/login/undo/999999/%00")), "invalid")
        change.undo_until = fields.Datetime.now() + timedelta(hours=1)  # another end: another signature
        self.assertEqual(self.outcome(self.get(link)), "invalid")
        change.undo_until = fields.Datetime.now() - timedelta(hours=1)
        self.assertEqual(self.outcome(self.get(change._get_link("undo"))), "expired")
        change.undo_until = fields.Datetime.now() + timedelta(hours=1)
        self.as_manager(self.partner).portal_access_revoke()
        self.assertEqual(self.press(change._get_link("undo")), "ended")
        self.assertEqual(self.user.login, self.new)

    def test_the_page_is_in_the_customer_s_language_and_names_whom_to_contact(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.partner.lang = "fr_FR"
        self.env.company.write({"email": "help@company.example", "phone": "+32 2 290 34 90"})
        change = self.change(can_undo=False)
        page = self.get(change._get_link("undo")).text
        said = code_translations.get_python_translations("portal_access_ext", "fr_FR")
        self.assertIn(said["This link does not work any more."], page)
        self.assertIn("help@company.example", page)

    def test_a_link_never_shows_a_traceback_for_ids_and_signatures_of_all_sorts(self):
        for tail in (
            "undo/0/x",
            "confirm/1/%F0%9F%92%A9",
            "undo/00000000000000000001/'",
            "undo/1/" + "a" * 4000,
            "undo/-1/x",
        ):
            self.assertEqual(self.outcome(self.get(f"/my/login/{tail}")), "invalid")
        with mute_logger("odoo.http"):
            for tail in ("steal/1/x", "undo/x/y"):
                with self.subTest(tail=tail):
                    self.assertEqual(self.get(f"/my/login/{tail}").status_code, 404)


@tagged("post_install", "-at_install")
class TestLoginPage(LoginPageCase):
    """The customer's own page: Connection & Security."""

    def offer(self):
        self.env["ir.config_parameter"].set_param("portal_access_ext.login_change_by_customer", "True")

    def ask(self, new_login=None, password=PASSWORD):
        self.authenticate(self.user.login, PASSWORD)
        response = self.post("/my/security/login", new_login=new_login or self.new, password=password)
        self.assertEqual(response.status_code, 200)
        self.env.invalidate_all()
        return response.text

    def test_the_setting_is_off_and_the_page_says_whom_to_contact(self):
        self.env.company.write({"email": "help@company.example", "phone": "+32 2 290 34 90"})
        self.authenticate(self.old, PASSWORD)
        page = self.get("/my/security").text
        self.assertIn(self.old, page)
        self.assertIn("help@company.example", page)
        self.assertIn("+32 2 290 34 90", page)
        self.assertNotIn('name="new_login"', page)
        self.ask()
        self.assertFalse(self.last_change())

    def test_the_setting_survives_any_value(self):
        for value, offered in (("True", True), ("1", True), ("False", False), ("", False), ("x", False)):
            self.env["ir.config_parameter"].set_param("portal_access_ext.login_change_by_customer", value)
            self.assertEqual(self.Changes._is_offered(), offered)

    def test_a_customer_asks_with_the_password_and_confirms_by_the_link(self):
        self.offer()
        page = self.ask()
        self.assertIn("is on its way", page)
        self.assertEqual(self.user.login, self.old)
        self.assertEqual(self.login_events().kind, "login_requested")
        self.assertEqual(self.login_events().actor_id, self.user)
        link = self.link(self.mails()[self.new], "confirm")
        # In the browser that is signed in: it stays so.
        self.assertEqual(self.outcome(self.post(link)), "confirmed")
        self.env.invalidate_all()
        self.assertEqual((self.user.login, self.partner.email), (self.new, self.old))
        self.assertEqual(set(self.mails()), {self.old, self.new})
        self.assertIn(self.new, self.get("/my/security").text)

    def test_a_wrong_password_and_a_bad_address_are_told_at_their_fields(self):
        self.offer()
        for values, words in (
            ({"password": "wrong"}, "This is not your password."),
            ({"password": ""}, "Type your password."),
            ({"password": "wrong\x00"}, "This is not your password."),
            ({"new_login": "nonsense"}, "Type one email address."),
            ({"new_login": "a\x00@pae.example"}, "Type one email address."),
            ({"new_login": self.old.upper()}, "This is your login already."),
        ):
            with self.subTest(values=values):
                page = self.ask(**values)
                self.assertIn(words, page)
                self.assertIn("autofocus", page)
        self.assertFalse(self.last_change())

    def test_files_and_endless_texts_are_wrong_like_any_other(self):
        self.offer()
        self.authenticate(self.user.login, PASSWORD)
        token = http.Request.csrf_token(self)
        file = ("a.txt", b"a file")
        for values, files, words in (
            ({"password": PASSWORD}, {"new_login": file}, "Type one email address."),
            ({"new_login": self.new}, {"password": file}, "Type your password."),
            ({"new_login": self.new, "password": "x" * 4097}, None, "This is not your password."),
            ({"new_login": "x" * 10_000 + "@pae.example", "password": PASSWORD}, None, "Type one email address."),
        ):
            with self.subTest(words=words):
                self.env.flush_all()
                url = "/my/security/login"
                response = self.opener.post(
                    self.base_url() + url, data={"csrf_token": token, **values}, files=files, timeout=30
                )
                self.assertEqual(response.status_code, 200)
                self.assertIn(words, response.text)
        self.assertFalse(self.last_change())

    def test_the_answer_is_the_same_for_a_login_that_somebody_has(self):
        self.offer()
        self.grant(self.partners[1])
        self.env["mail.mail"].search([]).unlink()
        taken = self.partners[1].email
        pages = [
            re.sub(r'csrf_token[^>]*|"[0-9a-f]{40}o\d+"', "", self.ask(login)).replace(login, "LOGIN")
            for login in (taken, self.new)
        ]
        # Where the customer is signed in, and what happened lately, differs from request to request.
        pages = [re.sub(r'(?s)<section[^>]*name="portal_(sessions|activity)".*?</section>', "", page) for page in pages]
        self.assertEqual(*pages)
        self.assertEqual(list(self.mails()), [self.new])
        self.assertEqual(self.login_events().mapped("kind"), ["login_requested"] * 2)

    def test_an_hour_has_five_guesses_of_the_password(self):
        self.offer()
        for _guess in range(5):
            self.assertIn("not your password", self.ask(password="wrong"))
        self.assertIn("Too many attempts", self.ask())
        self.assertFalse(self.last_change())

    def test_a_day_has_five_requests(self):
        self.offer()
        Limit = self.env["portal.access.limit"]
        with patch.object(type(Limit), "_take", lambda self, purpose, *rest: purpose != "login_request"):
            self.assertIn("often today", self.ask())
        self.assertFalse(self.last_change())

    def test_internal_users_and_visitors_have_no_such_form(self):
        self.offer()
        self.employee.password = PASSWORD
        self.authenticate(self.employee.login, PASSWORD)
        self.assertNotIn('name="new_login"', self.get("/my/security").text)
        response = self.post("/my/security/login", new_login=self.new, password=PASSWORD)
        self.assertNotIn("is on its way", response.text)
        self.authenticate(None, None)
        self.assertIn("/web/login", self.post("/my/security/login", new_login=self.new, password=PASSWORD).url)
        self.assertFalse(self.Changes.search([("new_login", "=", self.new)]))

    def test_a_request_needs_its_token(self):
        self.offer()
        self.authenticate(self.old, PASSWORD)
        with mute_logger("odoo.http"):
            response = self.url_open("/my/security/login", data={"new_login": self.new, "password": PASSWORD})
        self.assertEqual(response.status_code, 400)
        self.assertFalse(self.last_change())
