from odoo.tests import tagged

from .test_login_change import PASSWORD
from .test_session import CHROME, IPHONE, SessionCase

EDGE = CHROME.format("Windows NT 10.0; Win64; x64", "", " Edg/120.0")


class SessionTourCase(SessionCase):
    """A customer who is signed in on two more devices."""

    browser_size = "1366,768"

    def setUp(self):
        super().setUp()
        self.others = [self.browser(IPHONE), self.browser(EDGE)]

    def start_session_tour(self, tour):
        self.start_tour("/my/security", tour, login=self.user.login)
        self.env.invalidate_all()
        self.assertFalse(any(browser.is_signed_in for browser in self.others))

    def authenticate(self, user, password, **options):
        """Sign in with the customer's password, where a tour would take the login."""
        return super().authenticate(user, user and PASSWORD, **options)


@tagged("post_install", "-at_install")
class TestSessionTours(SessionTourCase):
    """S12 and signing out elsewhere in a real browser, by the labels."""

    def test_signing_out_elsewhere(self):
        self.start_session_tour("portal_access_session_end")

    def test_s12_changing_the_password(self):
        self.start_session_tour("portal_access_session_password")


@tagged("post_install", "-at_install", "portal_access_once")
class TestSessionPhoneTours(SessionTourCase):
    """The same on a phone."""

    browser_size = "390,844"
    touch_enabled = True

    def test_signing_out_elsewhere_on_a_phone(self):
        self.start_session_tour("portal_access_session_end")
