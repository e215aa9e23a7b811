from odoo.tests import tagged

from .ewallet_pages import EwalletPageCase

COUNT, TEXT = "portal_access_ewallet_count", "portal_access_ewallet_text"


@tagged("post_install", "-at_install")
class TestEwalletDashboard(EwalletPageCase):
    """The card on the dashboard."""

    def test_it_says_the_balance_and_the_number_of_cards(self):
        self.make_card(self.anna, 30)
        self.make_card(self.anna, 20, self.make_gift_program())
        self.make_card(self.ben, 70)
        self.sign_in(self.anna)
        page = self.get("/my").text
        self.assertIn(f'data-placeholder_count="{COUNT}"', page)
        self.assertIn('href="/my/ewallet"', page)
        self.assertEqual(self.count(COUNT, TEXT), {COUNT: 2, TEXT: "Balance: $\xa030.00"})

    def test_it_adds_up_wallets_of_one_currency_and_leaves_out_what_has_expired(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        other = self.make_program("Euro wallet", self.products, company_id=False, currency_id=euro.id)
        self.make_card(self.anna, 30)
        self.make_card(self.anna, 12.5)
        self.make_card(self.anna, 100, expiration_date=self.days(-1))
        self.make_card(self.anna, 8, other)
        self.sign_in(self.anna)
        self.assertEqual(self.count(TEXT), {TEXT: "Balance: $\xa042.50, 8.00\xa0€"})

    def test_it_names_what_there_is_where_there_is_no_wallet(self):
        self.sign_in(self.anna)
        self.assertEqual(self.count(COUNT, TEXT), {COUNT: 0, TEXT: "Add funds, and pay your orders with them"})
        self.make_card(self.anna, 5, self.make_points_program())
        self.assertEqual(self.count(COUNT, TEXT), {COUNT: 1, TEXT: "Your gift cards and loyalty points"})

    def test_it_stays_hidden_where_there_is_nothing(self):
        self.program.portal_topup = False
        self.make_card(self.ben, 70)
        self.sign_in(self.anna)
        self.assertEqual(self.count(COUNT, TEXT), {COUNT: 0, TEXT: 0})


@tagged("post_install", "-at_install")
class TestEwalletPages(EwalletPageCase):
    """The list of cards, and what changed one of them."""

    def test_each_kind_of_card_is_listed_and_nothing_of_anybody_else(self):
        gifts, club = self.make_gift_program(), self.make_points_program()
        own = [
            self.make_card(self.anna, 30),
            self.make_card(self.anna, 15, gifts, expiration_date=self.days(10)),
            self.make_card(self.anna, 7, club),
        ]
        others = [self.make_card(partner, 77, each) for partner in (self.ben, self.sibling) for each in (gifts, club)]
        others += [self.make_card(self.ben, 66), self.make_card(self.sibling, 66)]
        others += [self.make_card(self.anna.parent_id, 66), self.make_card(self.env["res.partner"], 66, gifts)]
        self.sign_in(self.anna)
        page = self.get("/my/ewallet").text
        text = self.text_of("/my/ewallet")
        for part in ("Shop wallet $ 30.00", "Gift cards", "$ 15.00", "Loyalty cards", "7 stars", "Valid until"):
            self.assertIn(part, text)
        for card in own:
            self.assertIn(f'href="/my/ewallet/{card.id}"', page)
        for card in own[1:]:
            self.assertIn(card.code, text)
        for card in others:
            self.assertNotIn(f'href="/my/ewallet/{card.id}"', page)
            self.assertNotIn(card.code, text)

    def test_the_company_s_wallet_is_listed_where_the_company_says_so_with_whose_it_is(self):
        self.env.company.portal_ewallet_of_company = True
        card = self.make_card(self.anna.parent_id, 120)
        self.make_card(self.sibling, 66)
        self.sign_in(self.anna)
        text = self.text_of("/my/ewallet")
        self.assertIn("$ 120.00", text)
        self.assertIn(f"Owner: {self.anna.parent_id.name}", text)
        self.assertNotIn("$ 66.00", text)
        self.assertEqual(self.get(f"/my/ewallet/{card.id}").status_code, 200)

    def test_an_expired_card_says_so_and_takes_no_funds(self):
        card = self.make_card(self.anna, 30, expiration_date=self.days(-3))
        self.sign_in(self.anna)
        self.assertIn("Expired", self.text_of("/my/ewallet"))
        self.assertNotIn(f"/my/ewallet/{card.id}/add", self.get("/my/ewallet").text)
        self.assertIn("Expired", self.text_of(f"/my/ewallet/{card.id}"))

    def test_gift_cards_and_loyalty_cards_take_no_funds(self):
        self.program.portal_topup = False
        gift, stars = (
            self.make_card(self.anna, 5, each) for each in (self.make_gift_program(), self.make_points_program())
        )
        self.sign_in(self.anna)
        for path in ("/my/ewallet", f"/my/ewallet/{gift.id}", f"/my/ewallet/{stars.id}"):
            self.assertNotIn("Add funds", self.text_of(path))

    def test_a_wallet_is_offered_to_who_has_none(self):
        self.sign_in(self.anna)
        self.assertIn(f"/my/ewallet/program/{self.program.id}/add", self.get("/my/ewallet").text)
        self.make_card(self.anna)
        self.assertNotIn(f"/my/ewallet/program/{self.program.id}/add", self.get("/my/ewallet").text)

    def test_who_has_nothing_and_is_offered_nothing_is_told_so(self):
        self.program.portal_topup = False
        self.sign_in(self.anna)
        self.assertIn("You have no eWallet", self.text_of("/my/ewallet"))

    def test_the_history_says_what_came_and_went_and_what_was_left(self):
        card = self.make_card(self.anna, 40)
        card.points = 25
        self.sign_in(self.anna)
        text = self.text_of(f"/my/ewallet/{card.id}")
        self.assertIn("+$ 40.00", text)
        self.assertIn("-$ 15.00 $ 25.00", text)
        self.assertIn("Changed by the company", text)

    def test_a_long_history_has_pages_and_bears_any_number_of_one(self):
        card = self.make_card(self.anna)
        for points in range(1, 51):
            card.points = points
        self.sign_in(self.anna)
        first, second = (self.get(f"/my/ewallet/{card.id}{page}").text for page in ("", "/page/2"))
        self.assertEqual(first.count("+$\xa01.00"), 80)
        self.assertEqual(second.count("+$\xa01.00"), 20)
        for number in ("999999", "99999999999999", "-1", "0", "abc", "²"):
            self.assertEqual(self.get(f"/my/ewallet/{card.id}/page/{number}").status_code, 200)

    def test_pages_are_in_the_customer_s_language(self):
        self.env["res.lang"]._activate_lang("de_DE")
        if "website" in self.env:
            self.env["website"].search([]).language_ids |= self.env.ref("base.lang_de")
        self.anna.lang = "de_DE"
        card = self.make_card(self.anna, 1234.5)
        self.sign_in(self.anna)
        path = "/de/my/ewallet"
        self.assertIn("1.234,50", self.text_of(path))
        self.assertIn("1.234,50", self.text_of(f"{path}/{card.id}"))

    def test_an_order_is_linked_for_who_can_read_it(self):
        card = self.make_card(self.anna)
        order = self.make_topup(self.anna, card)
        self.env["portal.loyalty.history"].sudo()._record(
            [{"kind": "topup", "card_id": card.id, "points": 25, "balance": 25, "order_id": order.id}]
        )
        self.sign_in(self.anna)
        self.assertIn(f'href="/my/orders/{order.id}"', self.get(f"/my/ewallet/{card.id}").text)
        order.message_unsubscribe(order.message_partner_ids.ids)
        page = self.get(f"/my/ewallet/{card.id}").text
        self.assertNotIn(f'href="/my/orders/{order.id}"', page)
        self.assertNotIn(order.name, page)
