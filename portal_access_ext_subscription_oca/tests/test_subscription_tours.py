from odoo.tests import tagged

from odoo.addons.portal_access_ext.tests.accessibility import PHONE, AccessibilityCase

from .common import SubscriptionCase


class SubscriptionTourCase(SubscriptionCase):
    # With the comma that Chromium understands.
    browser_size = "1366,768"

    def start_subscription_tour(self, tour):
        self.make_subscription(self.anna, stage="pre")
        self.start_tour("/my", tour, login=self.anna.user_ids.login)
        self.assertEqual(self.subscription.portal_close_state, "asked")
        self.assertEqual(self.subscription.portal_close_reason_id, self.reason)
        self.assertEqual(self.subscription.activity_ids.user_id, self.seller)
        self.assertIn("Hello from the tour", self.comments()[-1].body)


@tagged("post_install", "-at_install")
class TestSubscriptionTours(SubscriptionTourCase):
    """S20 in a real browser, by the labels."""

    def test_subscriptions_on_a_desktop(self):
        self.start_subscription_tour("portal_access_subscription")

    def test_it_closes_at_once(self):
        self.set_close("now")
        self.start_tour(self.url(), "portal_access_subscription_now", login=self.anna.user_ids.login)
        self.assertEqual(self.subscription.portal_close_state, "closed")

    def test_it_closes_at_the_end_of_the_period(self):
        self.set_close("period_end")
        self.start_tour(self.url(), "portal_access_subscription_period_end", login=self.anna.user_ids.login)
        self.assertEqual(self.subscription.portal_close_date, self.next_date)


@tagged("post_install", "-at_install")
class TestSubscriptionPhoneTours(SubscriptionTourCase):
    """The same on a phone."""

    browser_size = "390,844"
    touch_enabled = True

    def test_subscriptions_on_a_phone(self):
        self.start_subscription_tour("portal_access_subscription")


@tagged("post_install", "-at_install")
class TestAccessibilityOfSubscriptions(AccessibilityCase, SubscriptionCase):
    """The pages of subscriptions, as axe-core sees them."""

    def test_the_list(self):
        self.make_subscription(self.anna, stage="pre")
        self.make_subscription(self.anna, to_renew=True)
        self.set_close("now")
        self.ask(self.make_subscription(self.anna))
        login = self.anna.user_ids.login
        self.assert_accessible("/my/subscriptions", ".o_portal_my_subscriptions", login=login)
        self.assert_accessible(
            "/my/subscriptions?search=nothing", ".o_portal_my_subscriptions", login=login, sizes=[PHONE]
        )

    def test_the_page(self):
        self.make_invoice(self.subscription)
        self.subscription.sale_subscription_line_ids.discount = 10
        asked, planned = (self.make_subscription(self.anna) for _number in range(2))
        self.ask(asked)
        self.set_close("period_end")
        self.ask(planned)
        login = self.anna.user_ids.login
        for url in (self.url(), f"{self.url(asked)}?done=asked", self.url(planned)):
            self.assert_accessible(url, ".o_portal_subscription", login=login)

    def test_the_form(self):
        login = self.anna.user_ids.login
        self.assert_accessible(self.url(suffix="/close"), ".o_portal_subscription_close", login=login)
        steps = ["await click('form.o_portal_form button[type=submit]')"]
        self.assert_accessible(
            self.url(suffix="/close"),
            ".o_portal_subscription_close .is-invalid",
            ".o_portal_subscription_close",
            login=login,
            steps=steps,
        )
