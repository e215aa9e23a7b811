from odoo.tests import tagged

from odoo.addons.portal.tests import test_tours

from .test_portal_home import PortalHomeCase


class PortalHomeTourCase(PortalHomeCase):
    # With the comma that Chromium understands; with Odoo's "x" it takes its own default, which is a tablet.
    browser_size = "1366,768"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.anna.name = "Anna Dash"

    def setUp(self):
        super().setUp()
        self.add_unknown_card()
        self.save_cards(self.offer_payment(), self.anna, 2)

    def start_home_tour(self, tour):
        self.start_tour("/my", tour, login=self.anna.user_ids.login)


@tagged("post_install", "-at_install")
class TestPortalHomeTours(PortalHomeTourCase):
    """S9, S10 and S12 in a real browser, by the labels."""

    def test_the_dashboard_on_a_desktop(self):
        self.start_home_tour("portal_access_home")


@tagged("post_install", "-at_install", "portal_access_once")
class TestPortalHomePhoneTours(PortalHomeTourCase):
    """The same on a phone."""

    browser_size = "390,844"
    touch_enabled = True

    def test_the_dashboard_on_a_phone(self):
        self.start_home_tour("portal_access_home_phone")


@tagged("post_install", "-at_install")
class TestStockPortalTours(test_tours.TestUi):
    """Stock's own tours of these pages, which fail in stock too as long as the column is not shown."""

    browser_size = PortalHomeTourCase.browser_size
