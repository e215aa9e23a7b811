from odoo.tests import tagged

from .ewallet_pages import EwalletPageCase


@tagged("post_install", "-at_install")
class TestAddFunds(EwalletPageCase):
    """Choosing an amount."""

    def setUp(self):
        super().setUp()
        self.card = self.make_card(self.anna, 5)
        self.path = f"/my/ewallet/{self.card.id}/add"
        self.sign_in(self.anna)

    def test_products_are_offered_with_their_prices(self):
        text = self.text_of(self.path)
        self.assertIn("$ 25.00 Top-up 25", text)
        self.assertIn("$ 50.00 Top-up 50", text)
        self.assertNotIn("Another amount", text)

    def test_what_is_added_is_said_where_it_is_not_what_is_paid(self):
        self.program.rule_ids.reward_point_amount = 2
        self.assertIn("$ 25.00 Top-up 25 Adds: $ 50.00", self.text_of(self.path))
        text = self.text_of(self.post(self.path, choice=self.products[0].id).headers["Location"])
        self.assertIn("Add funds: Shop wallet To be added: $ 50.00 To be paid: $ 25.00", text)

    def test_a_chosen_product_makes_an_order_and_leads_to_its_payment(self):
        response = self.post(self.path, choice=self.products[1].id)
        order = self.topups_of(self.anna)
        self.assertEqual(len(order), 1)
        self.assertEqual(order.amount_total, 50)
        self.assertEqual(order.portal_topup_card_id, self.card)
        self.assertEqual(response.status_code, 303)
        self.assertTrue(response.headers["Location"].endswith(f"/my/ewallet/topup/{order.id}"))

    def test_a_first_payment_opens_a_wallet(self):
        self.sign_in(self.sibling)
        response = self.post(f"/my/ewallet/program/{self.program.id}/add", choice=self.products[0].id)
        order = self.topups_of(self.sibling)
        self.assertTrue(response.headers["Location"].endswith(f"/my/ewallet/topup/{order.id}"))
        self.assertIn("Add funds: Shop wallet To be added: $ 25.00", self.text_of(f"/my/ewallet/topup/{order.id}"))

    def test_the_limits_of_another_amount_are_said(self):
        self.allow_any_amount(10, 1500)
        self.assertIn("At least: $ 10.00 At most: $ 1,500.00", self.text_of(self.path))

    def test_another_amount_is_read_in_the_customer_s_language(self):
        self.allow_any_amount(10, 1500)
        self.env["res.lang"]._activate_lang("de_DE")
        for lang, text, expected in (("en_US", "1,200.50", 1200.5), ("de_DE", "1.200,75", 1200.75)):
            if "website" in self.env:
                self.env["website"].search([]).language_ids |= self.env["res.lang"]._lang_get(lang)
            self.anna.lang = lang
            path = f"/de{self.path}" if lang == "de_DE" else self.path
            # Without JavaScript nobody has to choose before typing.
            for choice in ({"choice": "other"}, {}):
                self.assertEqual(self.post(path, amount=text, **choice).status_code, 303)
                self.assertEqual(
                    self.topups_of(self.anna).filtered(lambda order: order.state != "cancel").amount_total, expected
                )

    def check_refused(self, values, *sentences):
        response = self.post(self.path, **values)
        self.assertEqual(response.status_code, 200, values)
        for sentence in sentences:
            self.assertIn(sentence, response.text.replace("\xa0", " "), values)
        self.assertFalse(self.topups_of(self.anna), values)

    def test_a_wrong_amount_is_refused_at_the_field(self):
        self.allow_any_amount()
        for amount, sentence in (
            ("", "Type an amount, such as $ 10.00."),
            ("abc", "Type an amount"),
            ("-20", "Type an amount"),
            ("NaN", "Type an amount"),
            ("1e2", "Type an amount"),
            ("1,00,0", "Type an amount"),
            ("9" * 5000, "Type an amount"),
            ("0", "The least you can add is $ 10.00."),
            ("9.99", "The least you can add is $ 10.00."),
            ("500.01", "The most you can add is $ 500.00."),
            ("9" * 20, "The most you can add is $ 500.00."),
            ("20.001", "The smallest step is $ 0.01."),
        ):
            with self.subTest(amount=amount[:30]):
                self.check_refused(
                    {"choice": "other", "amount": amount},
                    sentence,
                    "is-invalid",
                    'aria-invalid="true"',
                    "portal_amount_error",
                )

    def test_what_is_typed_is_kept_and_shown_as_text(self):
        self.allow_any_amount()
        response = self.post(self.path, choice="other", amount='"><b>7</b>')
        self.assertIn("&gt;&lt;b&gt;7", response.text)

    def test_a_choice_that_is_none_is_refused(self):
        foreign = self.env["product.product"].create({"name": "Cheap", "list_price": 1})
        for choice in ({}, *({"choice": value} for value in ("", "abc", "-1", "9" * 5000, "other", str(foreign.id)))):
            self.check_refused(choice, "Choose how much you want to add.")

    def test_a_product_and_an_amount_are_one_too_many(self):
        self.allow_any_amount()
        self.check_refused({"choice": self.products[0].id, "amount": "77"}, "Please choose one.")

    def test_an_amount_is_not_read_where_none_may_be_typed(self):
        self.check_refused({"choice": "other", "amount": "77"}, "Choose how much you want to add.")

    def test_a_program_that_is_not_offered_any_more_is_gone(self):
        self.program.portal_topup = False
        for response in (self.get(self.path), self.post(self.path, choice=self.products[0].id)):
            self.assertTrue(response.headers["Location"].endswith("/my/ewallet?gone=1"))
        self.assertFalse(self.topups_of(self.anna))
        self.assertIn("There is no such eWallet", self.text_of("/my/ewallet?gone=1"))

    def test_what_the_program_refuses_is_said(self):
        # A limit on how often payments are started.
        for _number in range(100):
            response = self.post(self.path, choice=self.products[0].id)
            if response.status_code == 200:
                break
        self.assertIn('role="alert"', response.text)


@tagged("post_install", "-at_install")
class TestTopupPage(EwalletPageCase):
    """The payment, and what has become of it."""

    def setUp(self):
        super().setUp()
        self.card = self.make_card(self.anna, 5)
        self.provider = self.offer_payment()
        self.order = self.make_topup(self.anna, self.card)
        self.path = f"/my/ewallet/topup/{self.order.id}"
        self.sign_in(self.anna)

    def test_the_payment_form_pays_the_order_and_leads_back_here(self):
        page = self.get(self.path).text
        self.assertIn(f'data-transaction-route="/my/orders/{self.order.id}/transaction', page)
        self.assertIn(f'data-landing-route="{self.path}"', page)
        self.assertIn('data-amount="25.0"', page)

    def test_nothing_changes_by_looking(self):
        self.env.cr.execute("SELECT to_jsonb(o) FROM sale_order o WHERE id = %s", [self.order.id])
        before = self.env.cr.fetchall()
        # The wallet's page too.
        for path in (self.path, "/my/ewallet", f"/my/ewallet/{self.card.id}"):
            self.get(path)
        self.env.flush_all()
        self.env.cr.execute("SELECT to_jsonb(o) FROM sale_order o WHERE id = %s", [self.order.id])
        self.assertEqual(self.env.cr.fetchall(), before)

    def test_saved_methods_are_offered(self):
        self.save_cards(self.provider, self.anna, 1)
        self.assertIn('data-payment-option-type="token"', self.get(self.path).text)

    def test_a_failed_payment_can_be_tried_again(self):
        for state in ("cancel", "error"):
            self.make_payment(self.order, state)
            text = self.text_of(self.path)
            self.assertIn("Nothing was charged, and nothing was added", text)
            self.assertIn("Choose a payment method", text)

    def test_a_pending_payment_is_not_paid_twice(self):
        self.provider.pending_msg = "<p>Please transfer to BE71 0961 2345 6769</p>"
        self.make_payment(self.order, "pending")
        text = self.text_of(self.path)
        self.assertIn("Your payment is under way", text)
        self.assertIn("BE71 0961 2345 6769", text)
        self.assertNotIn("Choose a payment method", text)
        for path in ("/my/ewallet", f"/my/ewallet/{self.card.id}"):
            text = self.text_of(path)
            self.assertIn(f"{self.order.name}: $ 25.00 It is added when the payment has arrived", text)
        self.assertIn("$ 5.00", text)

    def test_an_authorized_payment_is_not_charged_yet(self):
        self.make_payment(self.order, "authorized")
        text = self.text_of(self.path)
        self.assertIn("It is authorized, and not charged yet.", text)
        self.assertNotIn("Choose a payment method", text)
        self.assertIn("Payments under way", self.text_of("/my/ewallet"))

    def test_an_order_that_nobody_has_paid_is_not_under_way(self):
        self.make_payment(self.order, "draft")
        self.assertNotIn("Payments under way", self.text_of("/my/ewallet"))

    def test_a_cancelled_order_can_be_made_again(self):
        self.order._action_cancel()
        text = self.text_of(self.path)
        self.assertIn("cancelled or has expired", text)
        self.assertNotIn("Choose a payment method", text)

    def test_a_payment_that_was_taken_back_says_so(self):
        self.env.cr.execute("UPDATE sale_order SET state = 'sale' WHERE id = %s", [self.order.id])
        self.env.invalidate_all()
        self.assertIn("This payment was taken back", self.text_of(self.path))
        self.assertNotIn("Thank you", self.text_of(f"/my/ewallet/{self.card.id}?topup={self.order.id}"))

    def test_without_a_way_to_pay_one_is_told_so(self):
        self.provider.state = "disabled"
        self.assertIn("No way to pay this is offered", self.text_of(self.path))

    def test_an_order_that_pays_into_no_wallet_has_no_such_page(self):
        order = self.env["sale.order"].create({"partner_id": self.anna.id})
        order.message_subscribe(self.anna.ids)
        self.assertTrue(self.get(f"/my/ewallet/topup/{order.id}").headers["Location"].endswith("/my/ewallet?gone=1"))

    def test_a_colleague_does_not_see_it(self):
        for partner in (self.sibling, self.ben):
            self.sign_in(partner)
            response = self.get(self.path)
            self.assertTrue(response.headers["Location"].endswith("/my/ewallet?gone=1"))

    def test_thanks_are_for_what_was_paid(self):
        # Nobody can be shown a payment that there was not.
        for topup in (self.order.id, "abc", "-1", "9" * 5000, "999999999"):
            self.assertNotIn("Thank you", self.text_of(f"/my/ewallet/{self.card.id}?topup={topup}"))
