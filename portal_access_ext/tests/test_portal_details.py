import sys
from functools import wraps
from time import process_time
from types import SimpleNamespace
from unittest.mock import patch

import lxml.html
from psycopg2 import IntegrityError

from odoo.exceptions import ValidationError
from odoo.http import Request, _request_stack, request
from odoo.sql_db import BaseCursor
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.portal.controllers.portal import CustomerPortal

from ..controllers.portal_details import EMAIL_CHANGES_PER_DAY, PortalDetails
from .common import PortalAccessCase

FILE = ("x.txt", b"\x00\xff")
SIZE_MAX = 80_000


class PortalDetailsCase(PortalAccessCase, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.belgium, cls.usa = cls.env.ref("base.be"), cls.env.ref("base.us")
        cls.ohio = cls.usa.state_ids.filtered(lambda state: state.code == "OH")
        cls.form = {
            "name": "Ann Details",
            "email": "ann@details.example",
            "company_name": "Ann & Co",
            "vat": "BE0477472701",
            "phone": "+1 555 666 7788",
            "street": "Long Street 1",
            "city": "Columbus",
            "zipcode": "43004",
            "country_id": str(cls.usa.id),
            "state_id": str(cls.ohio.id),
        }
        cls.stored = {
            **cls.form,
            "zip": cls.form["zipcode"],
            "country_id": cls.usa.id,
            "state_id": cls.ohio.id,
        }
        del cls.stored["zipcode"]
        cls.ann = cls.env["res.partner"].create(cls.stored)
        cls.as_manager(cls, cls.ann).portal_access_grant()
        cls.user = cls.users_of(cls, cls.ann)
        cls.user.password = cls.user.login
        cls.env.company.write({"email": "help@details.example", "phone": "+32 2 555 00 00"})
        cls.env.flush_all()

    def setUp(self):
        super().setUp()
        self.authenticate(self.user.login, self.user.login)

    def get_stored(self):
        self.env.invalidate_all()
        return {name: self.ann[name].id if name.endswith("_id") else self.ann[name] or "" for name in self.stored}

    def post(self, files=None, without=(), path="/my/account", **values):
        data = {"csrf_token": Request.csrf_token(self), **self.form, **values}
        data = {name: value for name, value in data.items() if name not in without}
        return self.url_open(path, data=data, files=files, allow_redirects=False)

    def get_page(self, response):
        """:return: the page, for XPath"""
        self.assertEqual(response.status_code, 200, response.text[:2000])
        return lxml.html.fromstring(response.content)

    def get_field(self, page, name):
        [field] = page.xpath(f"//form[contains(@class, 'o_portal_form')]//*[@name='{name}']")
        return field

    def get_errors(self, page):
        """:return dict: what is said at each field that is marked, by its name"""
        errors = {}
        for field in page.xpath("//*[@aria-invalid='true']"):
            ids = (field.get("aria-describedby") or "").split()
            said = [node.text_content().strip() for name in ids for node in page.xpath(f"//*[@id='{name}']")]
            self.assertIn("is-invalid", field.get("class"))
            errors[field.get("name")] = said[-1]
        return errors

    def get_typed(self, page):
        """:return dict: what the form sends if it is sent again"""
        form = page.xpath("//form[contains(@class, 'o_portal_form')]")[0]
        return {name: value for name, value in form.form_values() if name in self.form}

    def check_saved(self, response, **changes):
        self.assertEqual((response.status_code, response.headers["Location"][-8:]), (303, "/my/home"), response.text)
        self.assertEqual(self.get_stored(), {**self.stored, **changes})

    def check_refused(self, response, *names):
        """Check that the page comes again, and that nothing is lost.

        :return dict: what is said at each field
        """
        page = self.get_page(response)
        errors = self.get_errors(page)
        self.assertEqual(set(errors), set(names))
        self.assertTrue(all(errors.values()), errors)
        self.assertEqual(self.get_stored(), self.stored)
        return errors

    def see_documents(self):
        """Let there be a document with the customer's data."""
        self.startPatcher(patch.object(type(self.ann), "can_edit_vat", lambda partner: False))


@tagged("post_install", "-at_install")
class TestPortalDetails(PortalDetailsCase):
    """S10 and S11: the page, and what may be posted to it."""

    # The page

    def test_the_page_has_one_label_for_each_field_and_says_what_it_is_for(self):
        page = self.get_page(self.url_open("/my/account"))
        self.assertEqual([title.text for title in page.xpath("//h3")], ["Details"])
        if "website" in self.env:  # without it, Odoo's tab has no title
            self.assertRegex(page.findtext("head/title").strip(), "^Details [|]")
        for name, value in self.form.items():
            field = self.get_field(page, name)
            with self.subTest(name=name):
                self.assertTrue(page.xpath(f"//label[@for='{field.get('id')}']"))
                self.assertTrue(field.get("autocomplete"))
                self.assertEqual(field.value, value)
        self.assertEqual(
            [button.text for button in page.xpath("//form[contains(@class, 'o_portal_form')]//button")], ["Confirm"]
        )
        self.assertFalse(self.get_errors(page))

    def test_only_the_states_of_the_country_are_sent(self):
        page = self.get_page(self.url_open("/my/account"))
        states = self.get_field(page, "state_id").xpath("option[@value!='']/@value")
        self.assertEqual(states, [str(state.id) for state in self.usa.state_ids])
        self.assertFalse(self.get_field(page, "state_id").xpath("ancestor::*[contains(@class, 'd-none')]"))
        self.ann.write({"country_id": self.env.ref("base.be").id, "state_id": False})
        self.belgium.state_ids.unlink()
        page = self.get_page(self.url_open("/my/account"))
        self.assertTrue(self.get_field(page, "state_id").xpath("ancestor::*[contains(@class, 'd-none')]"))

    def measure(self):
        """:return: the best time (of this process alone, which is the server), the size and the queries of the page"""
        self.url_open("/my/account")
        times = []
        for _turn in range(9):
            started, queries = process_time(), self.env.cr.sql_log_count
            response = self.url_open("/my/account")
            times.append(process_time() - started)
        return min(times), len(response.content), self.env.cr.sql_log_count - queries

    def test_the_page_is_small_and_faster_than_stock_s(self):
        time, size, queries = self.measure()
        for name in ("portal_my_details", "portal_my_details_fields"):
            self.env.ref(f"portal_access_ext.{name}_inherit_portal_access_ext").active = False
        with patch.object(PortalDetails, "_show_details", lambda *args: None):
            stock_time, stock_size, stock_queries = self.measure()
        figures = (
            f"{size} B, {time:.3f} s, {queries} queries; {stock_size} B, {stock_time:.3f} s, {stock_queries} queries"
        )
        self.assertLess(size, SIZE_MAX)
        self.assertGreater(stock_size, 200_000)
        # `./dev bench pages` holds it to half of the time; here other tests run beside it, and coverage is measured.
        self.assertLess(time, stock_time * 0.75, figures)
        self.assertLessEqual(queries, stock_queries + 1, figures)

    def test_only_what_writes_is_guarded_by_a_savepoint(self):
        stock, callers = BaseCursor.savepoint, []

        def savepoint(cursor, flush=True):
            callers.append(sys._getframe(1).f_globals["__name__"])
            return stock(cursor, flush)

        with patch.object(BaseCursor, "savepoint", savepoint):
            self.url_open("/my/account")
            self.assertNotIn(PortalDetails.__module__, callers)
            self.check_saved(self.post())
            self.assertIn(PortalDetails.__module__, callers)

    # What is right

    def test_confirm_saves_and_shows_the_dashboard(self):
        response = self.post(phone="0470 12 34 56", name=" Ann  Changed ", vat="", zipcode="43005")
        self.check_saved(response, phone="0470 12 34 56", name="Ann  Changed", vat="", zip="43005")

    def test_another_country_takes_another_state(self):
        response = self.post(country_id=str(self.belgium.id), state_id="", city="Brussels", zipcode="1000")
        self.check_saved(response, country_id=self.belgium.id, state_id=False, city="Brussels", zip="1000")

    def test_a_country_confirmed_before_its_states_came_has_none(self):
        response = self.post(country_id=str(self.belgium.id), without=["state_id"])
        self.check_saved(response, country_id=self.belgium.id, state_id=False)

    def test_what_is_not_sent_stays_as_it_is(self):
        self.check_saved(self.post(without=["state_id", "zipcode", "vat", "company_name"]))

    def test_a_form_that_changes_one_thing_is_not_stopped_by_what_was_stored_before(self):
        self.ann.write({"phone": "ask Ben", "zip": False, "company_name": "x" * 300})
        self.env.flush_all()
        response = self.post(phone="ask Ben", zipcode="", company_name="x" * 300, name="Ann")
        self.check_saved(response, phone="ask Ben", zip="", company_name="x" * 300, name="Ann")

    def test_only_pages_of_ours_are_returned_to(self):
        self.assertTrue(self.post(redirect="/my/orders?x=1").headers["Location"].endswith("/my/orders?x=1"))
        for redirect in (
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "javascript:alert(1)",
            "/\t/evil.example",
            "/\r\nSet-Cookie: x=1",
            "x" * 5000,
            "\x00",
            "http://[",
        ):
            with self.subTest(redirect=redirect[:30]):
                response = self.post(redirect=redirect)
                self.assertEqual(response.status_code, 303, response.text[:500])
                location = response.headers["Location"].removeprefix(self.base_url())
                self.assertRegex(location, r"^/([^/\\\t]|$)")
                self.assertNotIn("Set-Cookie: x", str(response.headers))
        self.assertEqual(self.post(files={"redirect": FILE}).status_code, 303)

    # What is wrong

    def test_every_field_says_what_is_wrong_with_it_in_the_user_s_words(self):
        errors = self.check_refused(
            self.post(name=" \t ", email="ann@", phone="call me", street="", city="  ", zipcode="", state_id=""),
            *("name", "email", "phone", "street", "city", "zipcode", "state_id"),
        )
        self.assertEqual(errors["name"], "Type your name.")
        self.assertEqual(errors["street"], "Type your street.")
        self.assertEqual(errors["email"], "This is not a valid email address.")
        self.assertEqual(errors["state_id"], "Choose your state or province.")

    def test_what_was_typed_is_kept_also_the_country_its_state_and_what_was_emptied(self):
        state = self.belgium.state_ids[:1] or self.belgium.state_ids.create(
            {"name": "Somewhere", "code": "SW", "country_id": self.belgium.id}
        )
        typed = {
            **self.form,
            "name": "Ann <Changed>",
            "phone": "call me",
            "vat": "",
            "company_name": "",
            "country_id": str(self.belgium.id),
            "state_id": str(state.id),
        }
        response = self.post(**typed)
        self.assertEqual(set(self.check_refused(response, "phone")), {"phone"})
        self.assertEqual(self.get_typed(self.get_page(response)), typed)

    def test_a_country_is_one_of_the_list(self):
        for value in ("x", "-1", "0", "1.5", "9" * 40, str(2**31 - 1), str(2**31), "²", "False", "NULL"):
            with self.subTest(value=value[:10]):
                errors = self.check_refused(self.post(country_id=value), "country_id", "state_id")
                self.assertIn(errors["country_id"], ("Choose one of the list.",))
        self.check_refused(self.post(country_id="", state_id=""), "country_id")

    def test_a_state_is_one_of_its_country(self):
        for value in ("x", "-1", "9" * 40, str(2**31 - 1)):
            with self.subTest(value=value[:10]):
                self.check_refused(self.post(state_id=value), "state_id")
        errors = self.check_refused(self.post(country_id=str(self.belgium.id)), "state_id")
        self.assertEqual(errors["state_id"], "This is no state or province of Belgium.")

    def test_missing_fields_are_empty_ones(self):
        for name in ("name", "email", "phone", "street", "city"):
            with self.subTest(name=name):
                self.check_refused(self.post(without=[name]), name)
        self.check_refused(self.post(without=["country_id"]), "country_id", "state_id")

    def test_unknown_fields_are_refused_and_do_no_harm(self):
        for name in ("comment", "error", "partner", "request", "states", "user_id", "error_message", "post", "a\x00b"):
            with self.subTest(name=name):
                response = self.post(**{name: "x"})
                self.check_refused(response)
                self.assertIn("Unknown field", response.text)

    def test_fields_that_other_modules_take_from_the_form_are_theirs(self):
        stock, taken = CustomerPortal.account, []

        @wraps(stock)
        def account(controller, redirect=None, **post):
            taken.append(post.pop("mobile", None))
            return stock(controller, redirect=redirect, **post)

        with patch.object(CustomerPortal, "account", account):
            self.check_saved(self.post(mobile="0470 12 34 56"))
        validate = CustomerPortal.details_form_validate

        def validate_without(controller, data, partner_creation=False):
            taken.append(data.pop("mobile", None))
            return validate(controller, data, partner_creation)

        with patch.object(CustomerPortal, "details_form_validate", validate_without):
            self.check_saved(self.post(mobile="0470 12 34 56"))
        self.assertEqual(taken, ["0470 12 34 56"] * 2)

    def test_unknown_fields_are_named_in_the_user_s_language_as_they_were_sent(self):
        page = self.get_page(self.post(mobile="x", comment="y"))
        [box] = page.xpath("//*[contains(@class, 'alert-danger')]")
        self.assertEqual(box.text_content().strip(), "Unknown field: mobile, comment")

    def test_a_page_of_another_module_is_left_alone(self):
        @wraps(CustomerPortal.account)
        def account(controller, **_kw):
            return request.render("portal.portal_my_home", controller._prepare_portal_layout_values())

        with patch.object(CustomerPortal, "account", account):
            self.assertEqual(self.url_open("/my/account").status_code, 200)

    def test_a_field_that_is_called_as_python_calls_a_method_s_object_is_ignored(self):
        data = {"csrf_token": Request.csrf_token(self), **self.form, "self": "x"}
        self.check_saved(self.url_open("/my/account", data=data, allow_redirects=False))

    def test_files_are_no_text(self):
        for name in self.form:
            with self.subTest(name=name):
                self.check_refused(
                    self.post(files={name: FILE}, without=[name]), name, *(["state_id"] if name == "country_id" else [])
                )

    def test_what_can_not_be_stored_is_left_out(self):
        self.check_saved(self.post(name="Ann\x00 Details"))

    def test_very_long_text_is_refused(self):
        for name in ("name", "email", "phone", "street", "city", "zipcode", "vat", "company_name"):
            with self.subTest(name=name):
                self.check_refused(self.post(**{name: "x" * 100_000}), name)

    @mute_logger("odoo.http")
    def test_nothing_is_saved_without_a_csrf_token(self):
        for token in ("", "nonsense"):
            self.assertEqual(self.post(csrf_token=token, name="Changed").status_code, 400)
        self.assertEqual(self.get_stored(), self.stored)

    def test_what_is_found_wrong_when_it_is_written_is_said_on_the_page(self):
        for error, said in (
            (ValidationError("Nobody is called Nobody."), "Nobody is called Nobody."),
            (IntegrityError("unique"), "Your details could not be saved."),
        ):

            def refuse(controller, *args, error=error):
                raise error

            # No mock: Odoo would take it for a route.
            with patch.object(CustomerPortal, "on_account_update", refuse):
                response = self.post(name="Nobody")
            self.check_refused(response)
            self.assertIn(said, response.text)
            self.assertEqual(self.get_typed(self.get_page(response))["name"], "Nobody")

    def test_checks_of_other_modules_are_asked_and_said_at_their_field(self):
        stock = CustomerPortal.details_form_validate

        def validate(controller, data, partner_creation=False):
            error, messages = stock(controller, data, partner_creation)
            if data["city"] == "Atlantis":
                error["city"] = "error"
                messages.append("Nobody delivers to Atlantis.")
            return error, messages

        with patch.object(CustomerPortal, "details_form_validate", validate):
            errors = self.check_refused(self.post(city="Atlantis", phone="x"), "city", "phone")
            self.assertEqual(errors["city"], "Nobody delivers to Atlantis.")

    def test_several_checks_of_other_modules_are_not_said_at_a_field_that_may_be_the_wrong_one(self):
        stock = CustomerPortal.details_form_validate

        def validate(controller, data, partner_creation=False):
            error, messages = stock(controller, data, partner_creation)
            error.update(city="error", street="error")
            messages += ["Street of Atlantis?", "City of Atlantis?"]
            return error, messages

        with patch.object(CustomerPortal, "details_form_validate", validate):
            page = self.get_page(self.post())
        self.assertEqual({field.get("name") for field in page.xpath("//*[@aria-invalid='true']")}, {"city", "street"})
        self.assertFalse(page.xpath("//*[contains(@class, 'invalid-feedback')]"))
        [box] = page.xpath("//*[contains(@class, 'alert-danger')]")
        self.assertEqual(box.text_content().split("?")[:2], ["Street of Atlantis", "City of Atlantis"])

    def test_a_visitor_s_form_is_not_compared_with_anybody_s_data(self):
        """The point of sale calls it like that, and accounting does not pass on that it is a new contact."""
        self.see_documents()
        http_request = SimpleNamespace(env=self.env(user=self.env.ref("base.public_user").id))
        _request_stack.push(http_request)
        try:
            error, messages = PortalDetails().details_form_validate(dict(self.form, vat=""))
        finally:
            _request_stack.pop()
        self.assertFalse({"company_name", "country_id", "name", "vat"} & set(error), messages)

    def test_fields_of_other_modules_are_saved(self):
        optional = ["website", *CustomerPortal.OPTIONAL_BILLING_FIELDS]
        with patch.object(CustomerPortal, "_get_optional_fields", lambda controller: optional):
            self.check_saved(self.post(website="https://details.example"))
        self.assertEqual(self.ann.website, "https://details.example")

    def test_a_vat_number_is_judged_as_by_stock(self):
        if not hasattr(self.ann, "check_vat"):
            self.check_saved(self.post(vat="anything"), vat="anything")
            return
        changed = {"country_id": str(self.belgium.id), "state_id": "", "zipcode": "1000"}
        for vat in ("BE0477472702", "BE١²漢'"):
            errors = self.check_refused(self.post(vat=vat, **changed), "vat")
        self.assertTrue(errors["vat"])
        errors = self.check_refused(
            self.post(vat="MX1²漢", country_id=str(self.env.ref("base.mx").id)), "state_id", "vat"
        )
        self.assertEqual(errors["vat"], "This is not a valid VAT number.")
        stored = {"country_id": self.belgium.id, "state_id": False, "zip": "1000", "vat": "BE0202239951"}
        self.check_saved(self.post(vat="0202.239.951", **changed), **stored)

    # What can't be changed any more

    def test_what_is_locked_is_shown_with_whom_to_ask(self):
        self.see_documents()
        page = self.get_page(self.url_open("/my/account"))
        [box] = page.xpath("//*[@id='portal_locked_help']")
        for text in (self.env.company.name, "help@details.example", "+32 2 555 00 00"):
            self.assertIn(text, box.text_content())
        for name in ("company_name", "vat", "country_id"):
            field = self.get_field(page, name)
            self.assertTrue(field.get("disabled"))
            self.assertIn("portal_locked_help", field.get("aria-describedby"))
        is_name_locked = "account.move" in self.env
        self.assertEqual(bool(self.get_field(page, "name").get("readonly")), is_name_locked)

    def test_what_is_locked_can_not_be_changed_and_the_rest_can(self):
        self.see_documents()
        locked = ["company_name", "vat", "country_id"]
        self.check_saved(self.post(without=locked, city="Dayton"), city="Dayton")
        self.stored = {**self.stored, "city": "Dayton"}
        for values in ({"vat": "BE0202239951"}, {"vat": ""}, {"company_name": "Other"}):
            with self.subTest(values=values):
                self.check_refused(self.post(**{"city": "Dayton", **values}), *values)
        self.check_saved(self.post(country_id=str(self.belgium.id), city="Dayton"))
        if "account.move" in self.env:
            self.check_refused(self.post(without=locked, city="Dayton", name="Other"), "name")

    def test_what_is_locked_is_not_missed_though_another_module_needs_it(self):
        self.see_documents()
        locked = ["company_name", "vat", "country_id"]
        mandatory = [*CustomerPortal.MANDATORY_BILLING_FIELDS, "vat", "company_name"]
        with patch.object(CustomerPortal, "_get_mandatory_fields", lambda controller: mandatory):
            self.check_saved(self.post(without=locked, city="Dayton"), city="Dayton")
            self.ann.write({"vat": False, "company_name": False})
            self.env.flush_all()
            self.stored = self.get_stored()
            self.check_saved(self.post(without=locked, city="Columbus"), city="Columbus")
            self.assertIs(self.ann.vat, False)
            self.stored = self.get_stored()
            errors = self.check_refused(self.post(without=locked, city=""), "city")
            self.assertEqual(errors, {"city": "Type your city."})

    def test_a_contact_of_a_company_without_a_country_saves(self):
        self.ann.write({"parent_id": self.partner.id, "vat": False, "company_name": False})
        self.ann.write({"country_id": False, "state_id": False})
        self.env.flush_all()
        self.stored = self.get_stored()
        self.assertFalse(self.stored["country_id"])
        response = self.post(without=["vat", "company_name", "country_id", "state_id"], phone="0470 12 34 56")
        self.check_saved(response, phone="0470 12 34 56")
        self.assertIn("belongs to your company", self.url_open("/my/account").text)

    # Email

    def test_another_email_leaves_the_login_tells_the_old_address_and_is_in_the_ledger(self):
        page = self.get_page(self.url_open("/my/account"))
        note = page.xpath("//*[@id='portal_email_help']")[0].text_content()
        self.assertIn(self.user.login, note)
        self.env["mail.mail"].search([]).unlink()
        self.check_saved(self.post(email="new@details.example"), email="new@details.example")
        self.assertEqual(self.user.login, "ann@details.example")
        [mail] = self.env["mail.mail"].search([])
        self.assertEqual(mail.email_to, "ann@details.example")
        for text in ("ann@details.example", "new@details.example", "You still sign in with"):
            self.assertIn(text, mail.body_html)
        event = self.events_of(self.ann)[-1]
        self.assertEqual(
            (event.kind, event.details, event.actor_id),
            ("email_changed", "ann@details.example → new@details.example", self.user),
        )

    def test_emails_of_strangers_get_no_flood_of_notices(self):
        self.env["mail.mail"].search([]).unlink()
        addresses = [f"stranger{number}@details.example" for number in range(EMAIL_CHANGES_PER_DAY)]
        for email in addresses:
            self.check_saved(self.post(email=email), email=email)
        self.stored = self.get_stored()
        self.form = {**self.form, "email": addresses[-1]}
        errors = self.check_refused(self.post(email="one.more@details.example"), "email")
        self.assertIn("often today", errors["email"])
        told = self.env["mail.mail"].search([], order="id").mapped("email_to")
        self.assertEqual(told, ["ann@details.example", *addresses[:-1]], "the first address is always told")
        self.check_saved(self.post(city="Dayton"), city="Dayton")

    def test_what_is_refused_is_no_change_of_the_email(self):
        for _attempt in range(EMAIL_CHANGES_PER_DAY + 1):
            self.check_refused(self.post(email="new@details.example", phone="x"), "phone")
        self.check_saved(self.post(email="new@details.example"), email="new@details.example")

    def test_an_email_that_is_somebody_s_login_is_fine(self):
        self.check_saved(self.post(email=self.manager.login + "@pae.example"), email="pae_manager@pae.example")
        self.check_saved(self.post(email=self.env.user.email or "admin@pae.example"), email=self.ann.email)

    def test_the_same_email_tells_nobody(self):
        self.env["mail.mail"].search([]).unlink()
        self.check_saved(self.post(email="Ann@details.example"), email="Ann@details.example")
        self.assertFalse(self.env["mail.mail"].search([]))

    def test_odoo_tells_the_old_address_only_once_where_it_does_it_itself(self):
        self.env["mail.mail"].search([]).unlink()
        self.user.with_user(self.user).write({"email": "new@details.example"})
        mails = self.env["mail.mail"].search([])
        self.assertEqual(mails.mapped("email_to"), ["ann@details.example"])
        self.assertEqual(self.events_of(self.ann)[-1].kind, "email_changed")

    def test_a_wrong_old_email_is_told_to_nobody(self):
        self.ann.email = "nobody"
        self.env["mail.mail"].search([]).unlink()
        self.check_saved(self.post())
        self.assertFalse(self.env["mail.mail"].search([]))
