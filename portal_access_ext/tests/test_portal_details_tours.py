from odoo.tests import HttpCase, tagged

from .accessibility import PHONE, AccessibilityCase
from .common import PortalAccessCase
from .test_portal_details import PortalDetailsCase

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


@tagged("post_install", "-at_install", "portal_access_once")
class TestPortalDetailsPhoneTours(PortalDetailsTourCase):
    """The same on a phone."""

    browser_size = "390,844"
    touch_enabled = True

    def test_details_on_a_phone(self):
        self.check_details_tour("portal_access_details_phone")


@tagged("post_install", "-at_install")
class TestAccessibilityOfDetails(AccessibilityCase, PortalDetailsCase):
    """The whole form: right, wrong, locked."""

    def test_the_details(self):
        form, login = "form.o_portal_form", self.user.login
        self.assert_accessible("/my/account", form, login=login)
        steps = [f"await type('{form} [name=phone]', 'call me'); await click('{form} button')"]
        self.assert_accessible(
            "/my/account", f"{form} .invalid-feedback", form, login=login, steps=steps, sizes=[PHONE]
        )
        self.see_documents()
        self.assert_accessible("/my/account", form, "#portal_locked_help", login=login)
