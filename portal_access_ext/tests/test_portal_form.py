import lxml.html

from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.mail.tests.common import mail_new_test_user

from ..models.res_partner_form import TEXT_MAX_LENGTH
from .common import PortalAccessCase

NAMES = ("name", "email", "phone", "street", "zip", "city", "country_id", "state_id")


class PortalFormCase(PortalAccessCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.belgium, cls.usa, cls.germany = cls.env.ref("base.be"), cls.env.ref("base.us"), cls.env.ref("base.de")
        cls.ohio = cls.usa.state_ids.filtered(lambda state: state.code == "OH")
        cls.address = {
            "name": "Ann Form",
            "email": "ann.form@pae.example",
            "phone": "+32 2 555 01 07",
            "street": "Long Street 1",
            "zip": "1000",
            "city": "Brussels",
            "country_id": cls.belgium.id,
            "state_id": False,
        }
        cls.ann = cls.env["res.partner"].create(cls.address)


@tagged("post_install", "-at_install")
class TestPortalForm(PortalFormCase):
    """What customers type is read and checked, field by field."""

    def parse(self, partner=None, **post):
        return (partner or self.env["res.partner"])._portal_access_parse_form(post, [*NAMES, "vat"])

    def check(self, partner=None, required=(), **values):
        return (partner or self.env["res.partner"])._portal_access_form_problems(values, required)

    def check_address(self, **values):
        return self.check(**{**self.address, **values})

    def test_text_is_read_without_blanks_and_lists_as_ids(self):
        values = self.parse(name="  Ann\x00 ", city="", country_id=str(self.usa.id), state_id="", unknown="1")
        self.assertEqual(values, {"name": "Ann", "city": "", "country_id": self.usa.id, "state_id": False})

    def test_what_no_form_sends_is_none(self):
        for value in ("x", "-1", "0", "1.5", "²", "9" * 5000, str(2**31), b"1", ["1"], {}):
            with self.subTest(value=str(value)[:10]):
                self.assertEqual(self.parse(country_id=value), {"country_id": None})
        for value in (b"file", None, 5, ["x"]):
            self.assertEqual(self.parse(name=value), {"name": None})
        problems = self.check(**{**self.address, "name": None, "country_id": None})
        self.assertEqual(problems, {"name": "Type a text here.", "country_id": "Choose one of the list."})

    def test_blanks_around_what_is_stored_are_no_change(self):
        self.ann.name = " Ann  "
        self.assertEqual(self.parse(self.ann, name="Ann")["name"], " Ann  ")

    def test_a_good_address_has_no_problems(self):
        self.assertEqual(self.check_address(), {})
        self.assertEqual(self.check_address(country_id=self.usa.id, state_id=self.ohio.id, zip="43004"), {})

    def test_problems_come_in_the_order_of_the_form_and_in_the_user_s_words(self):
        problems = self.check(required=NAMES[:6], **dict.fromkeys(NAMES[:6], ""))
        self.assertEqual(list(problems), ["name", "email", "phone", "street", "zip", "city"])
        self.assertEqual(problems["street"], "Type your street.")

    def test_the_country_decides_which_fields_are_needed(self):
        self.assertEqual(self.check_address(zip=""), {"zip": "Type your zip code."})
        usa = {"country_id": self.usa.id, "state_id": False}
        self.assertEqual(self.check_address(**usa), {"state_id": "Choose your state or province."})
        self.belgium.zip_required = False
        self.assertEqual(self.check_address(zip=""), {})
        self.belgium.write({"zip_required": True, "address_format": "%(street)s\n%(city)s"})
        self.assertEqual(self.check_address(zip=""), {}, "a zip code that is never printed is not needed")

    def test_a_state_belongs_to_its_country(self):
        problems = self.check_address(state_id=self.ohio.id)
        self.assertEqual(problems, {"state_id": "This is no state or province of Belgium."})
        self.assertEqual(self.check_address(state_id=2**31 - 1).keys(), {"state_id"})
        self.assertEqual(self.check_address(country_id=False, state_id=self.ohio.id).keys(), {"state_id"})
        self.assertEqual(self.check_address(country_id=2**31 - 1), {"country_id": "Choose one of the list."})

    def test_a_changed_country_has_the_state_judged_again(self):
        self.ann.write({"country_id": self.usa.id, "state_id": self.ohio.id})
        values = {"country_id": self.belgium.id, "state_id": self.ohio.id, "zip": "1000"}
        self.assertEqual(self.check(self.ann, **values).keys(), {"state_id"})

    def test_one_email_address_is_wanted(self):
        for email in ("ann", "ann@", "a@b.example, c@d.example", "Ann <ann@b.example>", "a b@c.example", "x" * 300):
            with self.subTest(email=email[:30]):
                self.assertEqual(self.check_address(email=email).keys(), {"email"})

    def test_a_phone_number_may_exist(self):
        for phone in ("+32 470 12 34 56", "0470/12.34.56", "0032 2 555 01 07", "+1 (555) 666-7788 ext. 12", "12345"):
            with self.subTest(phone=phone):
                self.assertEqual(self.check_address(phone=phone), {})
        for phone in ("call me", "12", "+32 call", "+", "0470 12 34 56 / 0471 12 34 56", "+32" + "1" * 40):
            with self.subTest(phone=phone):
                self.assertEqual(self.check_address(phone=phone).keys(), {"phone"})

    def test_a_phone_number_may_be_pasted_from_anywhere(self):
        for pasted, phone in (
            ("\u202a+32 470 12 34 56\u202c", "+32 470 12 34 56"),
            ("\u200e+32\u00a0470\u200b123456\ufeff", "+32 470123456"),
            ("tel:+32-470-12-34-56", "+32-470-12-34-56"),
            ("\u2068TEL: 0470 12 34 56\u2069", "0470 12 34 56"),
            ("٠٤٧٠ ١٢ ٣٤ ٥٦", "0470 12 34 56"),
            ("\uff0b\uff13\uff12 470 123456", "+32 470 123456"),
        ):
            with self.subTest(pasted=pasted):
                self.assertEqual(self.parse(phone=pasted), {"phone": phone})
                self.assertEqual(self.check_address(phone=phone), {})
        self.ann.phone = "tel: ask Ben"
        self.assertEqual(self.parse(self.ann, phone="tel: ask Ben "), {"phone": "tel: ask Ben"})

    def test_what_is_stored_already_is_not_judged_again(self):
        self.ann.write({"phone": "ask Ben", "zip": False, "street": "x" * 300})
        values = {**self.address, "phone": "ask Ben", "zip": "", "street": "x" * 300}
        self.assertEqual(self.check(self.ann, **{**values, "name": "Ann Changed"}), {})
        self.assertEqual(self.check(self.ann, **{**values, "city": "Antwerp"}).keys(), {"zip"})
        self.assertEqual(self.check(self.ann, **{**values, "phone": "ask Bob"}).keys(), {"phone"})

    def test_a_text_has_a_length(self):
        self.assertEqual(self.check_address(street="x" * TEXT_MAX_LENGTH), {})
        self.assertEqual(self.check_address(street="x" * (TEXT_MAX_LENGTH + 1)).keys(), {"street"})

    def test_a_vat_number_is_checked_where_odoo_checks_it(self):
        is_checked = hasattr(self.ann, "check_vat")
        self.assertEqual(self.check_address(vat="BE0477472701"), {})
        self.assertEqual(self.check_address(vat="0477472701"), {}, "the country's code may be left out")
        self.assertEqual("vat" in self.check_address(vat="BE0477472702"), is_checked)
        if is_checked:
            self.ann.vat = "BE0477472701"
            values = {"country_id": self.germany.id, "vat": "BE0477472701"}
            self.assertIn("vat", self.check(self.ann, **values), "stock fails when it is written")

    def render(self, **values):
        html = self.env["ir.qweb"]._render("portal_access_ext.portal_form_field", {"error": {}, **values})
        return lxml.html.fromstring(str(html))

    def test_a_field_has_a_label_and_says_what_is_wrong(self):
        values = {"field_name": "zip", "field_label": "Zip", "field_value": "<1", "field_help": "help_id"}
        box = self.render(**values, error={"zip": "Not <this>."}, field_autocomplete="postal-code")
        [field], [label] = box.xpath("//input"), box.xpath("//label")
        self.assertEqual(label.get("for"), field.get("id"))
        self.assertEqual((field.get("value"), field.get("autocomplete")), ("<1", "postal-code"))
        self.assertEqual((field.get("aria-invalid"), field.get("required")), ("true", "required"))
        said = [box.xpath(f"//*[@id='{name}']") for name in field.get("aria-describedby").split()]
        self.assertEqual([[node.text for node in nodes] for nodes in said], [[], ["Not <this>."]])
        [field] = self.render(**values, error={"zip": "missing"}, field_optional=True).xpath("//input")
        self.assertEqual((field.get("aria-describedby"), field.get("required")), ("help_id", None))
        [field] = self.render(**{**values, "field_help": None}).xpath("//input")
        self.assertFalse({"aria-describedby", "aria-invalid", "inputmode"} & set(field.keys()))

    def test_a_field_may_be_a_list(self):
        values = {"field_name": "state_id", "field_label": "State", "field_options": self.usa.state_ids}
        box = self.render(**values, field_value=self.ohio.id)
        self.assertEqual(box.xpath("//option[@selected]/text()"), ["Ohio"])
        values["field_options"] = self.usa.state_ids.browse()
        self.assertEqual(len(self.render(**values, field_value=False).xpath("//select/option")), 1)

    def test_of_each_country_a_form_can_be_made(self):
        for country in self.env["res.country"].search([]):
            info = country._portal_access_form_info()
            self.assertFalse(info["state_required"] and not info["states"], country.name)
        self.assertTrue(self.germany._portal_access_form_info()["zip_first"])
        self.assertFalse(self.usa._portal_access_form_info()["zip_first"])


@tagged("post_install", "-at_install")
class TestPortalFormRights(PortalFormCase, HttpCase):
    """Who asks for the states of a country, and for which."""

    def ask(self, country_id):
        return self.make_jsonrpc_request(f"/my/country/{country_id}", {})

    def test_everybody_who_is_signed_in_gets_the_states(self):
        customer = mail_new_test_user(self.env, login="pae_form", password="pae_form", groups="base.group_portal")
        self.authenticate(customer.login, customer.login)
        info = self.ask(self.usa.id)
        self.assertEqual(info["states"], [[state.id, state.name] for state in self.usa.state_ids])
        self.assertTrue(info["state_required"])
        nothing = {"states": [], "state_required": False, "zip_required": False, "zip_first": False}
        for country_id in (0, 2**31 - 1, 2**31, 10**30, "9" * 5000, "-1", "²"):
            with self.subTest(country_id=country_id):
                self.assertEqual(self.ask(country_id), nothing)

    @mute_logger("odoo.http")
    def test_visitors_get_none(self):
        with self.assertRaisesRegex(Exception, "[Ss]ession"):
            self.ask(self.usa.id)
