from odoo.tests import tagged

from odoo.addons.portal_access_ext.tests.accessibility import AccessibilityCase

from .ewallet_pages import EwalletPageCase


@tagged("post_install", "-at_install")
class TestAccessibilityOfEwallets(AccessibilityCase, EwalletPageCase):
    """The pages of the eWallet."""

    def setUp(self):
        super().setUp()
        self.login = self.anna.user_ids.login
        # In test mode stock shows an icon with a label that it may not have.
        self.offer_payment().state = "enabled"
        self.card = self.make_card(self.anna, 40)

    def test_the_dashboard(self):
        card = ".o_portal_docs a[href='/my/ewallet']"
        # Its text has the theme's grey, like all others.
        self.assert_accessible("/my", f"{card} h5", login=self.login)

    def test_the_list(self):
        self.make_card(self.anna, 10, expiration_date=self.days(-3))
        self.make_card(self.anna, 15, self.make_gift_program(), expiration_date=self.days(10))
        self.make_card(self.anna, 7, self.make_points_program())
        self.make_program("Another", self.products)
        self.make_payment(self.make_topup(self.anna, self.card), "pending")
        self.assert_accessible("/my/ewallet", ".o_portal_my_ewallet", login=self.login)
        self.assert_accessible("/my/ewallet?gone=1", ".o_portal_my_ewallet [role=alert]", login=self.login)

    def test_the_history(self):
        for points in range(1, 60):
            self.card.points = points * (-1) ** points
        self.assert_accessible(f"/my/ewallet/{self.card.id}", ".o_portal_ewallet_card", login=self.login)

    def test_adding_funds(self):
        self.allow_any_amount()
        path, form = f"/my/ewallet/{self.card.id}/add", "form.o_portal_add_funds"
        self.assert_accessible(path, form, "h1", login=self.login)
        submit = f"await click('{form} button[type=submit]')"
        steps = [f"await type('{form} [name=amount]', '7')", submit]
        self.assert_accessible(path, f"{form} .is-invalid", form, login=self.login, steps=steps)
        self.assert_accessible(path, f"{form} .invalid-feedback", form, login=self.login, steps=[submit])

    def test_the_payment(self):
        order = self.make_topup(self.anna, self.card)
        path = f"/my/ewallet/topup/{order.id}"
        for state, part in ((None, "#payment_method"), ("cancel", "[role=alert]"), ("pending", "[role=status]")):
            if state:
                self.make_payment(order, state)
            # What the provider says has the theme's colours.
            parts = [f".o_portal_topup > {each}" for each in ("h1", "p", part)]
            self.assert_accessible(path, *parts, login=self.login)
