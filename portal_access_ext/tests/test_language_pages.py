from odoo.tests import tagged

from .languages import LanguageCase
from .test_portal_home import PortalHomeCase

ADDON = "portal_access_ext"


@tagged("post_install", "-at_install")
class TestLanguagePages(LanguageCase, PortalHomeCase):
    """S23: the customer's pages, without a word of English."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.anna.parent_id.phone = "+32 2 555 01 07"
        cls.anna.write({"zip": "1000", "city": "Brussels", "country_id": cls.env.ref("base.be").id})
        cls.env["res.partner"].create({"name": "Depot", "type": "delivery", "parent_id": cls.anna.parent_id.id})

    def test_pages(self):
        self.save_cards(self.offer_payment(), self.anna, 1)
        self.sign_in(self.anna)
        paths = ("", "/account", "/addresses", "/addresses/new", "/security", "/payment_method")
        self.check_pages(self.anna, ADDON, *(f"/my{path}" for path in paths), least=3)

    def test_what_is_wrong_is_said_in_the_language(self):
        self.sign_in(self.anna)
        for path, data in {
            "/my/account": {"name": "", "email": "nobody", "phone": "call me", "country_id": "x"},
            "/my/addresses/new": {"type": "other", "name": "", "email": "nobody"},
            "/my/security": {"op": "password", "old": "wrong", "new1": "a", "new2": "b"},
        }.items():
            self.check_pages(self.anna, ADDON, path, data=data, least=3)
