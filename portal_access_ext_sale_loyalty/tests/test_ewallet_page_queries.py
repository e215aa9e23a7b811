from odoo.tests import tagged

from .ewallet_pages import EwalletPageCase


@tagged("post_install", "-at_install")
class TestEwalletPageQueries(EwalletPageCase):
    """What the pages cost, whatever the customer has."""

    def setUp(self):
        super().setUp()
        self.offer_payment()
        self.gifts, self.club = self.make_gift_program(), self.make_points_program()
        self.card = self.make_card(self.anna, 5)
        self.paths = ["/my/ewallet", f"/my/ewallet/{self.card.id}", f"/my/ewallet/{self.card.id}/add"]
        self.give(1)
        self.sign_in(self.anna)

    def give(self, count):
        """Give the customer more of everything that the pages list."""
        for program in (self.program, self.gifts, self.club):
            for points in range(count):
                self.make_card(self.anna, points + 1, program)
        for _number in range(count):
            order = self.env["sale.order"].create(
                {
                    "partner_id": self.anna.id,
                    "order_line": [(0, 0, {"product_id": self.products[0].id})],
                }
            )
            order.message_subscribe(self.anna.ids)
            self.env["portal.loyalty.history"].sudo()._record(
                [{"kind": "earned", "card_id": self.card.id, "points": 1, "balance": 1, "order_id": order.id}]
            )
        self.env.flush_all()

    def measure(self, work):
        """:return int: the queries of a request, but those that only some requests make (caches, visitors)"""
        counter = []
        for _attempt in range(4):
            with self.count_queries(counter):
                work()
        return min(counter)

    def measure_pages(self):
        return {path: self.measure(lambda path=path: self.get(path)) for path in self.paths}

    def test_no_page_costs_more_for_a_customer_who_has_more(self):
        few = self.measure_pages()
        self.give(20)
        many = self.measure_pages()
        for path in self.paths:
            with self.subTest(path=path):
                self.assertLessEqual(many[path], few[path])
                self.assertLessEqual(many[path], 60)

    def test_payments_under_way_cost_nothing_each(self):
        def pay(count):
            for _number in range(count):
                order = self.make_topup(self.sibling, self.sibling_card)
                self.make_payment(order, "pending")
                # Theirs from now on; nobody starts so many at once.
                self.env.cr.execute(
                    "UPDATE sale_order SET portal_topup_card_id = %s, partner_id = %s WHERE id = %s",
                    [self.card.id, self.card.partner_id.id, order.id],
                )
                self.env.cr.execute("DELETE FROM portal_access_limit")
                self.env.invalidate_all()

        self.sibling_card = self.make_card(self.sibling)
        pay(1)
        few = self.measure(lambda: self.get("/my/ewallet"))
        pay(7)
        self.assertIn("Payments under way", self.get("/my/ewallet").text)
        self.assertLessEqual(self.measure(lambda: self.get("/my/ewallet")), few)

    def test_the_dashboard_costs_the_same_for_one_card_and_for_many(self):
        names = ("portal_access_ewallet_count", "portal_access_ewallet_text")
        few = self.measure(lambda: self.count(*names))
        self.give(20)
        self.assertLessEqual(self.measure(lambda: self.count(*names)), few)
