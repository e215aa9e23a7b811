from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..models.res_partner_address import ResPartner
from .common import PortalAccessCase


class AddressCase(PortalAccessCase):
    """Anna and Bob are customers of one company, which has addresses; Zoe is of another one, Otto on his own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.country = cls.env.ref("base.be")
        place = {"city": "Gent", "zip": "9000", "country_id": cls.country.id}
        Partner = cls.env["res.partner"]
        cls.company, cls.other_company = Partner.create(
            [
                {"name": "Acme", "is_company": True, "street": "Main Street 1", **place},
                {"name": "Zeta", "is_company": True, "street": "Zeta Street 1", **place},
            ]
        )
        cls.anna, cls.bob, cls.zoe, cls.otto = cls.make_partners(4, "address")
        cls.anna.write({"name": "Anna Address", "parent_id": cls.company.id})
        cls.bob.write({"name": "Bob Address", "parent_id": cls.company.id})
        cls.zoe.write({"name": "Zoe Address", "parent_id": cls.other_company.id})
        cls.otto.write({"name": "Otto Address", "street": "Alone 1", **place})
        cls.as_manager(cls, cls.anna + cls.bob + cls.zoe + cls.otto).portal_access_grant()
        cls.place = place
        cls.depot = cls.make_address("Depot", "delivery")
        cls.store = cls.make_address("Store", "delivery")
        cls.office = cls.make_address("Office", "invoice")
        cls.foreign = cls.make_address("Foreign", "delivery", parent_id=cls.other_company.id)

    @classmethod
    def make_address(cls, name, kind, **values):
        return cls.env["res.partner"].create(
            {"name": name, "type": kind, "street": f"{name} 1", "parent_id": cls.company.id, **cls.place, **values}
        )

    def addresses_of(self, partner):
        return self.env["res.partner"].search(partner._portal_access_address_domain())

    def taken_by(self, partner):
        found = partner.address_get(["delivery", "invoice"])
        return self.env["res.partner"].browse([found["delivery"], found["invoice"]])


@tagged("post_install", "-at_install")
class TestAddress(AddressCase):
    """Which addresses a customer has, and what becomes of those that are removed."""

    def test_a_customer_has_the_addresses_of_the_company_and_no_person_s(self):
        self.make_partners(1, "colleague", parent_id=self.company.id)
        self.assertEqual(self.addresses_of(self.anna), self.depot + self.office + self.store)
        self.assertEqual(self.addresses_of(self.bob), self.addresses_of(self.anna))
        self.assertEqual(self.addresses_of(self.company), self.addresses_of(self.anna))
        self.assertEqual(self.addresses_of(self.zoe), self.foreign)
        self.assertFalse(self.addresses_of(self.otto))

    def test_an_address_that_somebody_signs_in_with_or_did_is_nobody_s(self):
        self.depot.email = "depot@pae.example"
        self.grant(self.depot)
        self.assertNotIn(self.depot, self.addresses_of(self.anna))
        self.as_manager(self.depot).portal_access_revoke()
        self.assertNotIn(self.depot, self.addresses_of(self.anna))
        self.assertFalse(self.anna._portal_access_find_address(self.depot.id))

    def test_archived_addresses_and_companies_below_are_left_out(self):
        self.depot.active = False
        subsidiary = self.make_address("Subsidiary", "other", is_company=True)
        self.make_address("Below", "other", parent_id=subsidiary.id)
        self.assertEqual(self.addresses_of(self.anna), self.office + self.store)

    def test_addresses_of_addresses_and_of_colleagues_are_the_company_s_too(self):
        below = self.make_address("Below", "other", parent_id=self.depot.id)
        of_bob = self.make_address("Of Bob", "delivery", parent_id=self.bob.id)
        self.assertLessEqual(below + of_bob, self.addresses_of(self.anna))

    def test_the_main_address_is_never_among_those_that_can_be_removed(self):
        self.anna.type = "other"
        for partner in (self.anna, self.company, self.otto):
            self.assertFalse(partner & self.addresses_of(partner))
            self.assertIn(partner, partner._portal_access_main_addresses())
        self.assertEqual(self.anna._portal_access_main_addresses(), self.anna + self.company)
        self.assertEqual(self.anna._portal_access_count_addresses(), 5)
        self.company.write(dict.fromkeys(self.company._address_fields(), False))
        self.assertEqual(self.anna._portal_access_main_addresses(), self.anna)

    def test_an_address_that_is_added_belongs_to_the_company(self):
        self.company.write({"lang": "en_US", "company_id": self.env.company.id})
        address = self.anna._portal_access_add_address({"name": "New", "type": "other", **self.place})
        self.assertRecordValues(
            address,
            [{"parent_id": self.company.id, "type": "other", "lang": "en_US", "company_id": self.env.company.id}],
        )
        self.assertIn(address, self.addresses_of(self.bob))
        self.assertFalse(address.message_follower_ids)

    def test_an_address_that_nothing_needs_is_deleted(self):
        self.anna._portal_access_remove_address(self.depot)
        self.assertFalse(self.depot.exists())
        self.assertIn("Address deleted in the portal", self.company.message_ids[0].body)

    def assert_is_archived(self, address):
        self.anna._portal_access_remove_address(address)
        self.assertTrue(address.exists())
        self.assertFalse(address.active)
        self.assertIn("Address archived in the portal", self.company.message_ids[0].body)

    def test_an_address_with_a_document_is_archived(self):
        self.env["res.partner.bank"].create({"partner_id": self.depot.id, "acc_number": "1"})
        self.assert_is_archived(self.depot)

    def test_an_address_with_addresses_below_is_archived(self):
        self.make_address("Below", "other", parent_id=self.depot.id)
        self.assert_is_archived(self.depot)

    def test_an_address_that_employees_wrote_on_is_archived(self):
        self.depot.message_post(body="Ring twice", message_type="comment")
        self.assert_is_archived(self.depot)

    def test_an_address_with_a_file_is_archived(self):
        self.env["ir.attachment"].create(
            {"name": "map", "raw": b"map", "res_model": "res.partner", "res_id": self.depot.id}
        )
        self.assert_is_archived(self.depot)

    def test_an_address_that_came_from_elsewhere_is_archived(self):
        self.env["ir.model.data"].create(
            {"module": "__import__", "name": "depot", "model": "res.partner", "res_id": self.depot.id}
        )
        self.assert_is_archived(self.depot)

    def test_an_address_that_is_a_company_s_value_is_archived(self):
        field = self.env["ir.model.fields"]._get("res.partner", "barcode")
        self.env["ir.property"].create(
            {
                "name": "address",
                "type": "many2one",
                "fields_id": field.id,
                "value_reference": f"res.partner,{self.depot.id}",
            }
        )
        self.assert_is_archived(self.depot)

    def test_an_address_that_a_module_wants_to_keep_is_archived(self):
        refusal = UserError("Needed")

        def refuse(partners):
            partners.name = "half done"
            partners.flush_recordset()
            raise refusal

        with patch.object(self.registry["res.partner"], "unlink", refuse):
            self.assert_is_archived(self.depot)
        self.assertEqual(self.depot.name, "Depot")

    def test_an_address_that_employees_noted_something_on_is_archived(self):
        tag = self.env["res.partner.category"].create({"name": "Tag"})
        for values in ({"comment": "<p>Ring twice</p>"}, {"ref": "D1"}, {"category_id": tag.ids}):
            with self.subTest(values=values):
                self.assert_is_archived(self.make_address("Noted", "delivery", **values))

    def set_property(self, fname, address):
        self.env["ir.property"].create(
            {
                "name": fname,
                "type": "char",
                "fields_id": self.env["ir.model.fields"]._get("res.partner", fname).id,
                "res_id": f"res.partner,{address.id}",
                "value_text": "known",
            }
        )

    def test_an_address_with_a_company_s_value_of_its_own_is_archived(self):
        self.set_property("barcode", self.depot)
        self.assert_is_archived(self.depot)

    def test_what_odoo_gives_to_each_address_keeps_none(self):
        self.set_property("vat", self.depot)  # any field that addresses have from their company
        self.depot.comment = "<p><br></p>"
        self.anna._portal_access_remove_address(self.depot)
        self.assertFalse(self.depot.exists())

    def test_the_same_address_is_added_once(self):
        values = {"name": "New", "type": "other", "street2": False, **self.place}
        address = self.anna._portal_access_add_address(values)
        notes = self.company.message_ids
        self.assertEqual(self.bob._portal_access_add_address(values), address)
        self.assertEqual(self.company.message_ids, notes)
        for other in ({"street2": "Floor 1"}, {"type": "delivery"}):
            self.assertNotEqual(self.anna._portal_access_add_address({**values, **other}), address)
        address.active = False
        self.assertNotEqual(self.anna._portal_access_add_address(values), address)

    def test_followers_keep_no_address(self):
        self.depot.message_subscribe(self.bob.ids)
        self.bob.message_subscribe(self.depot.ids)
        self.anna._portal_access_choose_address("delivery", self.depot)
        self.anna._portal_access_remove_address(self.depot)
        self.assertFalse(self.depot.exists())
        self.assertFalse(self.anna.portal_default_delivery_id)

    def test_employees_read_in_their_language_what_was_changed(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        anna = self.anna.with_context(lang="fr_FR")
        anna._portal_access_change_address(
            self.depot.with_context(lang="fr_FR"),
            {"street": "<b>New</b> 2", "country_id": self.env.ref("base.de").id, "city": "Gent", "phone": ""},
        )
        body = self.company.message_ids[0].body
        self.assertIn("Address changed in the portal", body)
        self.assertIn("Street: Depot 1 → &lt;b&gt;New&lt;/b&gt; 2", body)
        self.assertIn("Country: Belgium → Germany", body)
        self.assertNotIn("City:", body)
        self.assertNotIn("Phone:", body)

    def test_what_is_the_same_as_before_is_no_change(self):
        notes = self.company.message_ids
        self.anna._portal_access_change_address(self.depot, {"street": "Depot 1", "country_id": self.country.id})
        self.assertEqual(self.company.message_ids, notes)

    def test_the_costs_of_removing_do_not_depend_on_the_number_of_apps(self):
        counts = []
        for _time in range(2):
            address = self.make_address("Cost", "other")
            with self.count_queries(counts):
                address._portal_access_is_referred_to()
        self.assertEqual(counts[1], 2)


@tagged("post_install", "-at_install")
class TestDefaultAddress(AddressCase):
    """Which address documents take."""

    def test_without_a_choice_it_is_as_in_stock(self):
        self.assertEqual(self.taken_by(self.anna), self.depot + self.office)
        self.assertEqual(self.taken_by(self.otto), self.otto + self.otto)
        self.assertEqual(self.anna.address_get(), {"contact": self.anna.id})
        self.assertEqual(self.env["res.partner"].address_get(["delivery"]), {"contact": False, "delivery": False})

    def test_the_customer_s_choice_is_taken_for_the_customer_only(self):
        self.anna._portal_access_choose_address("delivery", self.store)
        self.anna._portal_access_choose_address("invoice", self.anna)
        self.assertEqual(self.taken_by(self.anna), self.store + self.anna)
        self.assertEqual(self.taken_by(self.bob), self.depot + self.office)
        self.assertEqual(self.taken_by(self.company), self.depot + self.office)
        self.assertEqual(
            self.anna.address_get(["contact", "delivery", "other"]),
            {"contact": self.anna.id, "delivery": self.store.id, "other": self.anna.id},
        )

    def test_the_company_s_choice_is_for_those_who_have_none(self):
        self.company.portal_default_delivery_id = self.store
        self.anna._portal_access_choose_address("delivery", self.anna)
        self.assertEqual(self.taken_by(self.company)[0], self.store)
        self.assertEqual(self.taken_by(self.bob)[0], self.store)
        self.assertEqual(self.taken_by(self.anna)[0], self.anna)

    def test_an_own_address_goes_before_the_company_s_choice(self):
        self.company.portal_default_delivery_id = self.store
        of_bob = self.make_address("Of Bob", "delivery", parent_id=self.bob.id)
        self.assertEqual(self.taken_by(self.bob)[0], of_bob)
        self.assertEqual(self.taken_by(self.depot)[0], self.depot)

    def test_the_company_s_choice_is_taken_where_there_is_no_address_of_that_kind(self):
        (self.depot + self.store + self.office).unlink()
        other = self.make_address("Some", "other")
        self.company.portal_default_invoice_id = other
        self.assertEqual(self.taken_by(self.anna), self.anna + other)

    def test_several_contacts_at_once_are_stock_s_business(self):
        self.anna._portal_access_choose_address("delivery", self.store)
        self.assertEqual((self.anna + self.bob).address_get(["delivery"])["delivery"], self.depot.id)

    def test_a_main_address_is_taken_whatever_its_type(self):
        self.otto.type = "invoice"
        self.anna.type = "delivery"
        self.otto._portal_access_choose_address("delivery", self.otto)
        self.anna._portal_access_choose_address("invoice", self.anna)
        self.assertEqual(self.taken_by(self.otto)[0], self.otto)
        self.assertEqual(self.taken_by(self.anna)[1], self.anna)

    def test_what_is_not_taken_can_t_be_chosen(self):
        self.store.company_id = self.env.company
        for kind, address in (("delivery", self.store), ("delivery", self.office), ("invoice", self.foreign)):
            with self.subTest(address=address.name), self.assertRaisesRegex(UserError, "can't be used for that"):
                self.anna._portal_access_choose_address(kind, address)

    def test_a_default_that_can_t_be_used_is_forgotten(self):
        for values in (
            {"active": False},
            {"parent_id": self.other_company.id},
            {"is_company": True},
            {"type": "invoice"},
        ):
            with self.subTest(values=values):
                address = self.make_address("Passing", "delivery")
                (self.anna + self.company).portal_default_delivery_id = address
                address.write(values)
                self.assertFalse((self.anna + self.company).portal_default_delivery_id)
                self.assertEqual(self.taken_by(self.anna)[0], self.depot)

    def test_a_default_is_forgotten_by_who_leaves_the_company(self):
        self.anna.portal_default_delivery_id = self.store
        self.bob.portal_default_delivery_id = self.store
        self.anna.parent_id = self.other_company
        self.assertFalse(self.anna.portal_default_delivery_id)
        self.assertEqual(self.taken_by(self.anna)[0], self.foreign)
        self.assertEqual(self.bob.portal_default_delivery_id, self.store)

    def test_a_default_of_elsewhere_is_not_used(self):
        self.anna.portal_default_delivery_id = self.foreign
        self.assertEqual(self.taken_by(self.anna)[0], self.depot)
        self.anna.portal_default_delivery_id = self.store
        self.env.flush_all()
        self.env.cr.execute("UPDATE res_partner SET active = false WHERE id = %s", [self.store.id])
        self.env.invalidate_all()
        self.assertEqual(self.taken_by(self.anna)[0], self.depot)

    def test_a_default_of_another_company_of_ours_is_not_used(self):
        self.anna.portal_default_delivery_id = self.store
        self.store.company_id = self.company_2
        self.assertEqual(self.taken_by(self.anna)[0], self.depot)

    def test_a_customer_can_t_ask_for_the_default_of_another(self):
        self.zoe.portal_default_delivery_id = self.foreign
        zoe = self.env["res.partner"].with_user(self.anna.user_ids).browse(self.zoe.id)
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertRaises(AccessError):
            zoe.address_get(["delivery"])

    def test_copies_and_new_contacts_have_no_default(self):
        self.otto.portal_default_delivery_id = self.otto
        self.assertFalse(self.otto.copy().portal_default_delivery_id)
        new = self.env["res.partner"].new(origin=self.anna)
        self.anna.portal_default_delivery_id = self.store
        self.assertEqual(new.address_get(["delivery"])["delivery"], self.store.id)

    def count_address_get(self, partners):
        counts = []
        with self.count_queries(counts):
            for partner in partners:
                partner.address_get(["delivery", "invoice"])
        return counts[0]

    def test_defaults_cost_nothing_where_there_are_none_and_spare_a_search_where_there_are(self):
        self.count_stock(self.company.child_ids)  # fills Odoo's caches
        stock = self.count_stock(self.company.child_ids)
        self.assertEqual(self.count_address_get(self.company.child_ids), stock)
        people = self.env["res.partner"].create(
            [{"name": f"Person {number}", "parent_id": self.company.id} for number in range(30)]
        )
        self.assertEqual(self.count_address_get(people), self.count_stock(people))
        people.write({"portal_default_delivery_id": self.store.id, "portal_default_invoice_id": self.office.id})
        self.assertLessEqual(self.count_address_get(people), self.count_stock(people))
        self.assertLessEqual(self.count_address_get(people), self.count_address_get(people[:1]))

    def count_stock(self, partners):
        def address_get(partner, adr_pref=None):
            return super(ResPartner, partner).address_get(adr_pref)

        with patch.object(ResPartner, "address_get", address_get):
            return self.count_address_get(partners)

    def test_other_changes_of_contacts_cost_no_look_at_defaults(self):
        with patch.object(self.registry["res.partner"], "_portal_access_drop_defaults") as drop:
            self.depot.write({"street": "Elsewhere", "name": "Other"})
            drop.assert_not_called()
            self.depot.write({"active": False})
            drop.assert_called_once()

    def test_orders_and_their_invoices_take_the_defaults(self):
        if "sale.order" not in self.env:
            self.skipTest("Sales is not installed")
        self.anna._portal_access_choose_address("delivery", self.store)
        self.anna._portal_access_choose_address("invoice", self.anna)
        product = self.env["product.product"].create({"name": "Thing", "invoice_policy": "order", "list_price": 5})
        order = self.env["sale.order"].create(
            {"partner_id": self.anna.id, "order_line": [Command.create({"product_id": product.id})]}
        )
        self.assertEqual((order.partner_shipping_id, order.partner_invoice_id), (self.store, self.anna))
        order.action_confirm()
        invoice = order._create_invoices()
        self.assertEqual((invoice.partner_id, invoice.partner_shipping_id), (self.anna, self.store))
        other = self.env["account.move"].create({"move_type": "out_invoice", "partner_id": self.anna.id})
        self.assertEqual(other.partner_shipping_id, self.store)
        # The order keeps its address, which nobody is offered any more.
        self.anna._portal_access_remove_address(self.store)
        self.assertFalse(self.store.active)
        self.assertEqual(order.partner_shipping_id, self.store)
        order = self.env["sale.order"].create({"partner_id": self.anna.id})
        self.assertEqual(order.partner_shipping_id, self.depot)
