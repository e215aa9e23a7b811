from odoo.tests import tagged

from .accessibility import PHONE, AccessibilityCase
from .test_address_pages import AddressPageCase


class AddressTourCase(AddressPageCase):
    # With the comma that Chromium understands.
    browser_size = "1366,768"

    def start_address_tour(self, tour):
        self.start_tour("/my", tour, login=self.anna.user_ids.login)
        address = self.env["res.partner"].search([("name", "=", "Tour Harbour")])
        self.assertEqual((address.type, address.city, address.state_id.code), ("other", "Columbus", "OH"))
        self.assertEqual(self.taken_by(self.anna), address + self.office)
        self.assertFalse(self.depot.exists())


@tagged("post_install", "-at_install")
class TestAddressTours(AddressTourCase):
    """S16 in a real browser, by the labels."""

    def test_addresses_on_a_desktop(self):
        self.start_address_tour("portal_access_addresses")


@tagged("post_install", "-at_install", "portal_access_once")
class TestAddressPhoneTours(AddressTourCase):
    """The same on a phone."""

    browser_size = "390,844"
    touch_enabled = True

    def test_addresses_on_a_phone(self):
        self.start_address_tour("portal_access_addresses_phone")


@tagged("post_install", "-at_install")
class TestAccessibilityOfAddresses(AccessibilityCase, AddressPageCase):
    """The pages of addresses, as axe-core sees them."""

    def test_the_list(self):
        login = self.anna.user_ids.login
        self.assert_accessible("/my/addresses", ".o_portal_my_addresses", login=login)
        steps = ["await click('.o_portal_address_remove button')"]
        self.assert_accessible("/my/addresses", ".modal-body", login=login, steps=steps, sizes=[PHONE])

    def test_the_form(self):
        login = self.anna.user_ids.login
        steps = ["await click('form.o_portal_form button[type=submit]')"]
        for path in ("new", self.depot.id):
            self.assert_accessible(f"/my/addresses/{path}", "form.o_portal_form", login=login)
        self.assert_accessible(
            "/my/addresses/new", "form.o_portal_form .invalid-feedback", "form.o_portal_form", login=login, steps=steps
        )
