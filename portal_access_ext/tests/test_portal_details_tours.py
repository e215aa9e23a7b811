from odoo.tests import HttpCase, tagged

from .common import PortalAccessCase

LOGIN = "tour.anna@details.example"


class PortalDetailsTourCase(PortalAccessCase, HttpCase):
    # See PortalHomeTourCase.
    browser_size = "1366,768"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.anna = cls.partner
        cls.anna.write(
            {
                "name": "Anna Details",
                "email": LOGIN,
                "phone": "+32 2 555 01 07",
                "street": "Long Street 1",
                "zip": "1000",
                "city": "Brussels",
                "country_id": cls.env.ref("base.be").id,
            }
        )
        cls.as_manager(cls, cls.anna).portal_access_grant()
        cls.users_of(cls, cls.anna).password = LOGIN

    def check_details_tour(self, tour):
        self.start_tour("/my", tour, login=LOGIN)
        self.env.invalidate_all()
        self.assertEqual(self.anna.state_id.code, "OH")
        self.assertEqual(self.anna.email, "anna.new@details.example")
        self.assertEqual(self.anna.user_ids.login, LOGIN)


@tagged("post_install", "-at_install")
class TestPortalDetailsTours(PortalDetailsTourCase):
    """S10 and S11 in a real browser, by the labels."""

    def test_details_on_a_desktop(self):
        self.check_details_tour("portal_access_details")


@tagged("post_install", "-at_install")
class TestPortalDetailsPhoneTours(PortalDetailsTourCase):
    """The same on a phone."""

    browser_size = "390,844"
    touch_enabled = True

    def test_details_on_a_phone(self):
        self.check_details_tour("portal_access_details_phone")
