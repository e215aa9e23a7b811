import re
from unittest.mock import patch

from odoo import http
from odoo.exceptions import UserError
from odoo.tests import HttpCase, tagged

from odoo.addons.mail.tests.common import mail_new_test_user

from ..controllers import portal_address
from ..models.res_partner_address import DEFAULT_FIELDS
from .test_address import AddressCase

NO_ONE_S = ("0", "-1", str(2**31 - 1), str(2**31), "9" * 30, "9" * 5000)


class AddressPageCase(AddressCase, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for user in cls.users_of(cls, cls.anna + cls.bob + cls.zoe + cls.otto):
            user.password = user.login
        cls.typed = {
            "type": "delivery",
            "name": "New Depot",
            "street": "New Street 1",
            "street2": "",
            "zip": "1000",
            "city": "Brussels",
            "country_id": str(cls.country.id),
            "state_id": "",
            "phone": "+32 2 555 01 07",
            "email": "depot@pae.example",
        }
        cls.env.flush_all()

    def sign_in(self, partner):
        login = partner.user_ids.login
        self.authenticate(login, login)

    def post(self, path, **values):
        data = {"csrf_token": http.Request.csrf_token(self), **values}
        return self.url_open(f"/my/addresses{path}", data=data, allow_redirects=False)

    def get(self, path=""):
        return self.url_open(f"/my/addresses{path}", allow_redirects=False)

    def get_text(self, response):
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.text))

    def get_errors(self, response):
        """:return dict: the sentences at the fields"""
        self.assertEqual(response.status_code, 200)
        found = re.findall(r'id="portal_(\w+)_error"[^>]*>([^<]+)<', response.text)
        return {name: text.strip() for name, text in found}

    def assert_done(self, response, done):
        self.assertEqual(response.status_code, 303)
        self.assertTrue(response.headers["Location"].endswith(f"/my/addresses?done={done}"), response.headers)

    def everything(self):
        """:return: what no visitor may change"""
        partners = self.env["res.partner"].with_context(active_test=False).search([], order="id")
        return partners.read(["name", "type", "street", "active", "parent_id", *DEFAULT_FIELDS.values()])


@tagged("post_install", "-at_install")
class TestAddressPages(AddressPageCase):
    """What the customer's pages show, store and refuse."""

    def test_the_list_shows_the_customer_s_addresses_and_which_documents_take(self):
        self.sign_in(self.anna)
        page = self.get_text(self.get())
        for text in ("Anna Address", "Acme", "Depot", "Store", "Office", "Depot 1", "9000 Gent", "Delivery Address"):
            self.assertIn(text, page)
        for text in ("Foreign", "Otto", "Bob"):
            self.assertNotIn(text, page)
        self.assertRegex(page, "Delivery Address Default for deliveries Depot")
        self.assertRegex(page, "Invoice Address Default for invoices Office")

    def test_the_dashboard_says_how_many_there_are(self):
        for partner, text in ((self.anna, "5 addresses"), (self.otto, "1 address"), (self.zoe, "3 addresses")):
            self.sign_in(partner)
            page = self.get_text(self.url_open("/my"))
            self.assertEqual(page.count(f" {text} "), 2, "in the column, and in the panel of a phone")

    def test_a_customer_without_addresses_is_told_what_they_are_for(self):
        self.sign_in(self.otto)
        page = self.get_text(self.get())
        self.assertIn("There are no other addresses yet", page)
        self.assertIn("Default for deliveries Default for invoices Otto Address", page)

    def test_many_addresses_come_in_pages(self):
        self.env["res.partner"].create(
            [{"name": f"Many {number:03}", "type": "other", "parent_id": self.company.id} for number in range(100)]
        )
        self.sign_in(self.anna)
        self.assertEqual(self.get().text.count('class="o_portal_address_remove"'), 80)
        page = self.get("/page/2").text
        self.assertEqual(page.count('class="o_portal_address_remove"'), 23)
        self.assertIn("Store", page)
        self.assertEqual(self.get("/page/99").text.count('class="o_portal_address_remove"'), 23)
        for page, count in (("9" * 5000, 23), ("²", 80), ("x", 80), ("-1", 80), ("0", 80)):
            for path in (f"/page/{page}", f"?page={page}"):
                with self.subTest(path=path[:20]):
                    self.assertEqual(self.get(path).text.count('class="o_portal_address_remove"'), count)

    def test_the_list_costs_the_same_for_many_addresses(self):
        self.sign_in(self.otto)
        counts = []
        for number in (1, 19):
            self.env["res.partner"].create(
                [
                    {"name": f"Cost {index}", "type": "other", "parent_id": self.otto.id, **self.place}
                    for index in range(number)
                ]
            )
            attempts = []
            for _attempt in range(4):
                with self.count_queries(attempts):
                    self.get()
            counts.append(min(attempts))
        self.assertEqual(*counts)

    def test_an_address_is_added_with_what_was_typed_and_nothing_else(self):
        self.sign_in(self.anna)
        response = self.post(
            "/new",
            **self.typed,
            parent_id=str(self.other_company.id),
            is_company="1",
            user_ids="1",
            vat="BE0477472701",
            company_id=str(self.company_2.id),
            active="",
            signup_token="known",
            portal_default_invoice_id=str(self.foreign.id),
        )
        self.assert_done(response, "added")
        address = self.env["res.partner"].search([("name", "=", "New Depot")])
        self.assertRecordValues(
            address,
            [
                {
                    "parent_id": self.company.id,
                    "type": "delivery",
                    "street": "New Street 1",
                    "street2": False,
                    "zip": "1000",
                    "city": "Brussels",
                    "country_id": self.country.id,
                    "state_id": False,
                    "phone": "+32 2 555 01 07",
                    "email": "depot@pae.example",
                    "is_company": False,
                    "active": True,
                    "vat": False,
                    "company_id": False,
                    "signup_token": False,
                    "portal_default_invoice_id": False,
                }
            ],
        )
        self.assertIn("The address was added.", self.get_text(self.url_open("/my/addresses?done=added")))
        [note] = self.company.message_ids.filtered(lambda message: "Address added" in (message.body or ""))
        self.assertEqual(note.author_id, self.anna)

    def test_what_is_wrong_is_said_at_the_field_and_what_was_typed_stays(self):
        self.sign_in(self.anna)
        usa = str(self.env.ref("base.us").id)
        response = self.post(
            "/new", **{**self.typed, "name": "", "zip": "", "email": "no", "country_id": usa, "city": '<b>"C'}
        )
        self.assertEqual(list(self.get_errors(response)), ["name", "zip", "state_id", "email"])
        self.assertIn('value="New Street 1"', response.text)
        self.assertIn("&lt;b&gt;&#34;C", response.text)
        chosen = re.findall(r"<option[^>]* selected[^>]*>", response.text)
        self.assertEqual([re.search('value="([^"]+)"', option)[1] for option in chosen], ["delivery", usa])
        ohio = str(self.env.ref("base.state_us_35").id)
        response = self.post("/new", **{**self.typed, "state_id": ohio})
        self.assertEqual(list(self.get_errors(response)), ["state_id"])
        self.assertFalse(self.env["res.partner"].search([("name", "=", "New Depot")]))

    def test_a_form_with_nothing_or_nonsense_in_it_is_refused(self):
        self.sign_in(self.anna)
        nothing = {"type", "name", "street", "city", "country_id"}
        self.assertEqual(self.get_errors(self.post("/new")).keys(), nothing)
        for kind in ("contact", "private", "", "delivery\x00x", "ü" * 300):
            with self.subTest(kind=kind):
                response = self.post("/new", **{**self.typed, "type": kind})
                self.assertEqual(self.get_errors(response).keys(), {"type"})
        for country in ("x", "-1", "0", "9" * 40, "²", str(2**31 - 1)):
            with self.subTest(country=country):
                response = self.post("/new", **{**self.typed, "country_id": country})
                self.assertIn("country_id", self.get_errors(response))
        data = {"csrf_token": http.Request.csrf_token(self), **self.typed}
        files = {name: (name, b"file") for name in ("name", "type", "state_id")}
        for name in files:
            data.pop(name)
        response = self.url_open("/my/addresses/new", data=data, files=files)
        self.assertEqual(self.get_errors(response).keys(), {"name", "type", "state_id"})

    def test_an_address_is_changed(self):
        self.sign_in(self.anna)
        page = self.get(f"/{self.depot.id}")
        self.assertIn('value="Depot 1"', page.text)
        self.assertIn("Edit address", page.text)
        response = self.post(f"/{self.depot.id}", **{**self.typed, "type": "other"})
        self.assert_done(response, "saved")
        self.assertRecordValues(
            self.depot,
            [{"name": "New Depot", "type": "other", "street": "New Street 1", "parent_id": self.company.id}],
        )

    def test_what_the_form_does_not_send_stays(self):
        self.sign_in(self.anna)
        self.assert_done(self.post(f"/{self.depot.id}", city="Antwerpen"), "saved")
        self.assertRecordValues(self.depot, [{"name": "Depot", "street": "Depot 1", "city": "Antwerpen"}])
        # The list of states is disabled as long as it is loaded.
        self.depot.write({"country_id": self.env.ref("base.us").id, "state_id": self.env.ref("base.state_us_35").id})
        self.assert_done(self.post(f"/{self.depot.id}", country_id=str(self.country.id)), "saved")
        self.assertFalse(self.depot.state_id)

    def test_the_name_on_invoices_stays(self):
        self.sign_in(self.anna)
        with patch.object(self.registry["res.partner"], "_can_edit_name", lambda partner: False):
            page = self.get(f"/{self.depot.id}")
            self.assertNotIn('name="name"', page.text)
            self.assertIn("there are invoices with it", page.text)
            response = self.post(f"/{self.depot.id}", **self.typed)
            self.assertEqual(response.status_code, 200)
            self.assertEqual(self.depot.name, "Depot")
            self.assert_done(self.post(f"/{self.depot.id}", **{**self.typed, "name": "Depot"}), "saved")

    def test_an_address_is_removed_once(self):
        self.sign_in(self.anna)
        self.assert_done(self.post(f"/{self.depot.id}/remove"), "removed")
        self.assertFalse(self.depot.exists())
        for path in (f"/{self.depot.id}/remove", f"/{self.depot.id}", f"/{self.depot.id}/default/delivery"):
            self.assert_done(self.post(path, **self.typed), "gone")
        self.assert_done(self.get(f"/{self.depot.id}"), "gone")
        self.assertIn("There is no such address any more.", self.get_text(self.get("?done=gone")))

    def test_a_default_is_chosen_among_what_fits(self):
        self.sign_in(self.anna)
        self.assert_done(self.post(f"/{self.store.id}/default/delivery"), "delivery")
        self.assert_done(self.post(f"/{self.company.id}/default/invoice"), "invoice")
        self.assertEqual(self.taken_by(self.anna), self.store + self.company)
        self.assert_done(self.post(f"/{self.anna.id}/default/delivery"), "delivery")
        self.assertEqual(self.taken_by(self.anna)[0], self.anna)
        self.assert_done(self.post(f"/{self.office.id}/default/delivery"), "gone")
        self.assert_done(self.post(f"/{self.store.id}/default/invoice"), "gone")
        self.assertEqual(self.taken_by(self.anna), self.anna + self.company)
        self.assertEqual(self.post(f"/{self.store.id}/default/other").status_code, 404)

    def test_what_a_module_refuses_is_said(self):
        self.sign_in(self.anna)
        refusal = UserError("Not with me")

        def refuse(partners, *_args):
            partners.street = "Half done"
            partners.flush_recordset()
            raise refusal

        for method, path in (
            ("_portal_access_change_address", f"/{self.depot.id}"),
            ("_portal_access_add_address", "/new"),
            ("_portal_access_remove_address", f"/{self.depot.id}/remove"),
            ("_portal_access_choose_address", f"/{self.depot.id}/default/delivery"),
        ):
            with self.subTest(method=method), patch.object(self.registry["res.partner"], method, refuse):
                response = self.post(path, **self.typed)
                self.assertEqual(response.status_code, 200)
                self.assertIn("Not with me", response.text)
                self.assertNotEqual(self.anna.street, "Half done")
        self.assertIn('value="New Street 1"', self.post("/new", **{**self.typed, "name": ""}).text)

    def test_two_taps_add_one_address(self):
        self.sign_in(self.anna)
        for _tap in range(2):
            self.assert_done(self.post("/new", **self.typed), "added")
        self.assertEqual(self.env["res.partner"].search_count([("name", "=", "New Depot")]), 1)

    def get_offered(self, kind):
        return {int(found) for found in re.findall(rf"/my/addresses/(\d+)/default/{kind}", self.get().text)}

    def test_what_is_offered_is_what_is_taken(self):
        self.store.company_id = self.env.company
        self.anna.type = "invoice"
        self.sign_in(self.anna)
        self.assertEqual(self.get_offered("delivery"), set((self.anna + self.company).ids))
        self.assertEqual(self.get_offered("invoice"), set((self.office + self.company).ids))
        self.assert_done(self.post(f"/{self.store.id}/default/delivery"), "gone")
        self.assert_done(self.post(f"/{self.anna.id}/default/delivery"), "delivery")
        self.assertEqual(self.taken_by(self.anna)[0], self.anna)
        self.assertEqual(self.get_offered("delivery"), set((self.depot + self.company).ids))

    def test_changes_are_limited(self):
        self.sign_in(self.anna)
        with patch.object(portal_address, "CHANGES_PER_DAY", 2):
            self.assert_done(self.post("/new", **self.typed), "added")
            self.assert_done(self.post(f"/{self.store.id}/default/delivery"), "delivery")
            for path in ("/new", f"/{self.depot.id}", f"/{self.depot.id}/remove", f"/{self.depot.id}/default/delivery"):
                response = self.post(path, **self.typed)
                self.assertIn("often today", response.text)
            self.assertEqual(self.depot.name, "Depot")
            self.sign_in(self.bob)
            self.assert_done(self.post(f"/{self.depot.id}/remove"), "removed")

    def test_there_is_an_end_to_adding(self):
        self.sign_in(self.anna)
        with patch.object(portal_address, "ADDRESSES_MAX", 6):
            self.assert_done(self.post("/new", **self.typed), "added")
            response = self.post("/new", **self.typed)
        self.assertIn("too many addresses", response.text)
        self.assertIn('value="New Street 1"', response.text)

    def test_the_shop_has_the_same_addresses(self):
        if "website_sale" not in self.env["ir.module.module"]._installed():
            self.skipTest("The shop is not installed")
        self.sign_in(self.anna)
        self.assert_done(self.post("/new", **self.typed), "added")
        address = self.env["res.partner"].search([("name", "=", "New Depot")])
        website = self.env["website"].search([], limit=1)
        order = self.env["sale.order"].create({"partner_id": self.anna.id, "website_id": website.id})
        self.assertTrue(address._can_be_edited_by_current_customer(order, "shipping"))
        self.assertTrue(self.office._can_be_edited_by_current_customer(order, "billing"))


@tagged("post_install", "-at_install")
class TestAddressRights(AddressPageCase):
    """Who sees and changes which addresses."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.colleague = cls.make_partners(1, "colleague", parent_id=cls.company.id)
        cls.signs_in = cls.make_address("Signs in", "other", email="signs.in@pae.example")
        cls.as_manager(cls, cls.signs_in).portal_access_grant()
        cls.archived = cls.make_address("Archived", "other", active=False)
        cls.deleted = cls.make_address("Deleted", "other")
        cls.deleted_id = cls.deleted.id
        cls.deleted.unlink()
        cls.env.flush_all()

    def paths(self, address_id):
        return (
            f"/{address_id}",
            f"/{address_id}/remove",
            f"/{address_id}/default/delivery",
            f"/{address_id}/default/invoice",
        )

    def assert_all_gone(self, ids, but=()):
        for address_id in ids:
            for path in self.paths(address_id):
                if not path.endswith(but):
                    with self.subTest(path=path):
                        self.assert_done(self.post(path, **self.typed), "gone")
            self.assert_done(self.get(f"/{address_id}"), "gone")

    def test_what_is_not_a_customer_s_is_like_what_does_not_exist(self):
        others = self.foreign + self.zoe + self.other_company + self.otto + self.env.ref("base.partner_admin")
        own = self.bob + self.colleague + self.signs_in + self.archived
        for partner in (self.anna, self.bob):
            self.sign_in(partner)
            before = self.everything()
            self.assert_all_gone([*others.ids, *(own - partner).ids, self.deleted_id, *NO_ONE_S])
            self.env.invalidate_all()
            self.assertEqual(self.everything(), before)

    def test_ids_that_are_none_are_no_error_of_the_server(self):
        self.sign_in(self.anna)
        for address_id in ("x", "1.5", "1%20", "²", "new/remove", "NaN"):
            for path in self.paths(address_id):
                with self.subTest(path=path):
                    self.assertEqual(self.post(path).status_code, 404)

    def test_the_main_addresses_are_neither_changed_nor_removed_here(self):
        self.sign_in(self.anna)
        self.assert_all_gone((self.anna + self.company).ids, but=("/delivery", "/invoice"))
        self.assertEqual(self.anna.name, "Anna Address")
        self.assertTrue((self.anna + self.company).exists().mapped("active"))

    def test_a_colleague_changes_the_company_s_addresses_but_not_another_s_default(self):
        self.anna.portal_default_delivery_id = self.store
        self.sign_in(self.bob)
        self.assert_done(self.post(f"/{self.depot.id}/default/delivery"), "delivery")
        self.assert_done(self.post(f"/{self.store.id}", **self.typed), "saved")
        self.assertEqual(self.taken_by(self.anna)[0], self.store)
        self.assertEqual(self.taken_by(self.bob)[0], self.depot)
        self.assertFalse(self.company.portal_default_delivery_id)
        self.assertEqual(self.store.street, "New Street 1")

    def test_who_signs_in_as_the_company_chooses_for_all(self):
        self.company.email = "acme@pae.example"
        user = self.grant(self.company)
        user.password = user.login
        self.env.flush_all()
        self.sign_in(self.company)
        self.assert_done(self.post(f"/{self.store.id}/default/delivery"), "delivery")
        self.assertEqual(self.taken_by(self.anna)[0], self.store)

    def test_addresses_of_a_company_of_the_database_are_only_read(self):
        self.company_2.partner_id = self.company
        self.env.company.write({"email": "help@address.example"})
        self.env.flush_all()
        for partner in (self.anna, self.bob):
            self.sign_in(partner)
            before = self.everything()
            response = self.get()
            page = self.get_text(response)
            for text in ("Depot", "These addresses can't be changed here.", "help@address.example"):
                self.assertIn(text, page)
            self.assertNotIn("Add address", page)
            self.assertNotIn("<form", response.text.partition("o_portal_my_addresses")[2].partition("</main>")[0])
            self.assert_done(self.post("/new", **self.typed), "gone")
            self.assert_all_gone([*self.depot.ids, *self.office.ids, *partner.ids, *self.company.ids])
            self.env.invalidate_all()
            self.assertEqual(self.everything(), before)

    def test_visitors_see_and_change_nothing(self):
        self.authenticate(None, None)
        before = self.everything()
        for path in ("", "/new", *self.paths(self.depot.id)):
            with self.subTest(path=path):
                response = self.post(path, **self.typed) if path else self.get()
                self.assertIn("/web/login", response.headers["Location"])
        self.env.invalidate_all()
        self.assertEqual(self.everything(), before)

    def test_nothing_is_changed_by_get_or_without_a_token(self):
        self.sign_in(self.anna)
        before = self.everything()
        for path in self.paths(self.depot.id)[1:]:
            self.assertIn(self.get(path).status_code, (404, 405))
        self.get(f"/{self.depot.id}?street=Elsewhere&name=x")
        self.get("/new?" + "&".join(f"{name}={value}" for name, value in self.typed.items()))
        with self.assertLogs("odoo.http", "WARNING"):
            for path in ("/new", *self.paths(self.depot.id)):
                response = self.url_open(f"/my/addresses{path}", data=self.typed, allow_redirects=False)
                self.assertEqual(response.status_code, 400)
        self.env.invalidate_all()
        self.assertEqual(self.everything(), before)

    def test_an_employee_has_no_other_rights_here_than_elsewhere(self):
        for login, groups in (
            ("pae_address_employee", "base.group_user"),
            ("pae_address_manager", "base.group_user,base.group_partner_manager"),
        ):
            user = mail_new_test_user(self.env, login=login, password=login, groups=groups)
            is_manager = "manager" in groups
            if not is_manager:
                user.groups_id -= self.env.ref("base.group_partner_manager")
            user.partner_id.parent_id = self.company
            self.env.flush_all()
            with self.subTest(login=login):
                self.sign_in(user.partner_id)
                page = self.get_text(self.get())
                self.assertIn("Depot", page)
                self.assertEqual("Add address" in page, is_manager)
                self.assert_done(self.post("/new", **self.typed), "added" if is_manager else "gone")
                done = self.post(f"/{self.depot.id}/default/delivery")
                self.assert_done(done, "delivery" if is_manager else "gone")
                self.assert_done(self.post(f"/{self.store.id}/remove"), "removed" if is_manager else "gone")
                self.assertEqual(bool(self.store.exists()), not is_manager)

    def test_an_employee_of_a_company_that_the_rules_hide_has_a_dashboard(self):
        user = mail_new_test_user(
            self.env, login="pae_address_hidden", password="pae_address_hidden", groups="base.group_user"
        )
        user.partner_id.parent_id = self.company
        self.env.flush_all()
        # Odoo lets nobody do that by the form.
        self.env.cr.execute(
            "UPDATE res_partner SET company_id = %s WHERE id IN %s",
            [self.company_2.id, tuple((self.company + self.depot).ids)],
        )
        self.env.invalidate_all()
        self.sign_in(user.partner_id)
        for path in ("/my", "/my/addresses", "/my/addresses/new"):
            self.assertEqual(self.url_open(path).status_code, 200)

    def test_customers_have_no_rights_on_addresses_but_these(self):
        depot = self.depot.with_user(self.anna.user_ids)
        for values in ({"street": "x"}, {"active": False}, {"portal_default_delivery_id": self.store.id}):
            with self.assertRaises(UserError):  # an AccessError
                depot.write(values)
        with self.assertRaises(UserError):
            self.anna.with_user(self.anna.user_ids).write({"portal_default_delivery_id": self.store.id})
        with self.assertRaises(UserError):
            depot.unlink()
