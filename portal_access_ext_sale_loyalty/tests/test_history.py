from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..hooks import post_init_hook, uninstall_hook
from .common import TopupCase


@tagged("post_install", "-at_install")
class TestHistory(TopupCase):
    """The statement of a card: every change has a line, with the document behind it."""

    def spend(self, card, price=30.0):
        """:return: a confirmed order that is paid with a card"""
        product = self.env["product.product"].create({"name": "Thing", "type": "service", "taxes_id": False})
        order = self.sell(product, price)
        order._update_programs_and_rewards()
        self.assertFalse(order._apply_program_reward(card.program_id.reward_ids, card).get("error"))
        order.action_confirm()
        return order

    def test_what_the_staff_changes_is_named_so(self):
        card = self.make_card(points=20)
        card.with_user(self.salesman).points = 15
        card.points = 15
        self.assertEqual(self.lines_of(card), [("company", 20, 20), ("company", -5, 15)])
        self.assertEqual(card.portal_history_ids[0].user_id, self.salesman)

    def test_orders_are_named_with_what_they_spend_and_give_back(self):
        card = self.make_card(points=100)
        order = self.spend(card)
        self.assertEqual(self.lines_of(card)[1:], [("spent", -30, 70)])
        order._action_cancel()
        self.assertEqual(self.lines_of(card)[2:], [("undone", 30, 100)])
        self.assertEqual(card.portal_history_ids[:2].order_id, order)

    def test_changes_of_a_confirmed_order_are_named(self):
        card = self.make_card(points=100)
        order = self.spend(card)
        line = order.order_line.filtered("coupon_id")
        line.points_cost = 20
        self.assertEqual(self.lines_of(card)[2:], [("adjusted", 10, 80)])
        self.assertEqual(card.portal_history_ids[0].order_id, order)
        order._add_points_for_coupon({card: 5})
        self.assertEqual(self.lines_of(card)[3:], [("adjusted", 5, 85)])

    def test_orders_that_are_confirmed_together_have_a_line_each(self):
        card = self.make_card(points=100)
        product = self.env["product.product"].create({"name": "Thing", "type": "service", "taxes_id": False})
        orders = self.env["sale.order"]
        for price in (30.0, 20.0):
            order = self.sell(product, price)
            order._update_programs_and_rewards()
            order._apply_program_reward(self.program.reward_ids, card)
            orders |= order
        orders.action_confirm()
        self.assertEqual(card.points, 50)
        lines = card.portal_history_ids.filtered("order_id").sorted("id")
        self.assertEqual(lines.order_id, orders)
        self.assertEqual(sorted(lines.mapped("points")), [-30, -20])
        self.assertEqual(lines[-1].balance, 50)

    def test_a_reason_that_comes_over_rpc_is_none(self):
        card = self.make_card(points=20)
        for why in ("topup", {"kind": "topup"}, [[self.start().id, None]]):
            card.with_user(self.salesman).with_context(portal_loyalty_why=why).points += 1
        self.assertEqual({line[0] for line in self.lines_of(card)}, {"company"})

    def test_nobody_writes_history(self):
        card = self.make_card(points=20)
        line = card.portal_history_ids
        for action in (
            lambda: line.sudo().write({"points": 5}),
            lambda: line.sudo().unlink(),
            lambda: line.sudo().create({"kind": "topup", "card_id": card.id, "points": 5, "balance": 5}),
            lambda: card.sudo().write({"portal_history_ids": [(5,)]}),
            lambda: card.sudo().write({"portal_history_ids": [(1, line.id, {"points": 5})]}),
        ):
            with self.assertRaises(UserError):
                action()

    def test_it_goes_with_its_card(self):
        card = self.make_card(points=20)
        line = card.portal_history_ids
        card.sudo().unlink()
        self.assertFalse(line.exists())

    def test_cards_from_before_have_an_opening_line(self):
        cards = self.make_card(points=20) | self.make_card(points=0)
        self.env.cr.execute("DELETE FROM portal_loyalty_history WHERE card_id IN %s", [tuple(cards.ids)])
        self.env.invalidate_all()
        for _number in range(2):
            post_init_hook(self.env)
        self.assertEqual([self.lines_of(card) for card in cards], [[("opening", 20, 20)], []])

    def test_customers_see_only_the_names_of_documents_they_can_open(self):
        order = self.top_up()
        card = self.card_of()
        shared = self.spend(card, 10)
        foreign = self.top_up(user=self.ben)
        self.env.cr.execute(
            "UPDATE portal_loyalty_history SET order_id = %s WHERE card_id = %s AND order_id = %s",
            [foreign.id, card.id, shared.id],
        )
        self.env.invalidate_all()
        rows, total = (
            self.as_customer(self.env["loyalty.card"])._portal_loyalty_get(card.id)._portal_loyalty_get_history(0, 10)
        )
        self.assertEqual(total, 2)
        self.assertEqual([(row["points"], row["balance"]) for row in rows], [(-10, 40), (50, 50)])
        self.assertEqual([row["name"] for row in rows], [None, order.name])
        self.assertEqual([row["url"] for row in rows], [None, order.access_url])
        self.assertEqual(rows[1]["description"], "Funds added")
        rows, total = card._portal_loyalty_get_history(1, 1)
        self.assertEqual((len(rows), rows[0]["points"], total), (1, 50, 2))

    def test_as_many_queries_for_many_lines_as_for_few(self):
        counts = []
        for count in (2, 20):
            for _number in range(count):
                self.top_up()
                self.attempts.clear()
            self.as_customer(self.card_of().sudo())._portal_loyalty_get_history(0, 80)
            card = self.as_customer(self.env["loyalty.card"])._portal_loyalty_get(self.card_of().id)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            card._portal_loyalty_get_history(0, 80)
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0])
        self.assertLessEqual(counts[1], 12)

    def test_many_cards_are_recorded_at_once(self):
        counts = []
        for count in (2, 30):
            values = [{"program_id": self.program.id, "points": 5} for _number in range(count)]
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            self.env["loyalty.card"].with_context(tracking_disable=True).create(values).flush_recordset()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0] + 2)

    def test_after_uninstalling_odoo_takes_back_what_a_cancelled_top_up_gave(self):
        order, refunded = self.top_up(), self.top_up()
        self.refund(refunded.transaction_ids, 20)
        uninstall_hook(self.env)
        self.assertEqual(order.coupon_point_ids.mapped("points"), [50])
        self.assertEqual(refunded.coupon_point_ids.mapped("points"), [30])
        self.env.cr.execute("UPDATE sale_order SET portal_topup_program_id = NULL")
        self.env.invalidate_all()
        order._action_cancel()
        self.assertEqual(self.card_of().points, 30)

    # Whose cards

    def test_one_sees_ones_own_cards_and_nobody_elses(self):
        own = self.make_card(points=5)
        loyalty = self.env["loyalty.program"].create(
            {"name": "Points", "program_type": "loyalty", **self.program._program_type_default_values()["loyalty"]}
        )
        points = self.make_card(points=7, program_id=loyalty.id)
        foreign = {
            "sibling": self.make_card(self.sibling.partner_id, 10),
            "firm": self.make_card(self.firm, 20),
            "other": self.make_card(self.ben.partner_id, 30),
            "nobody": self.env["loyalty.card"].create({"program_id": self.program.id, "points": 50}),
            "archived": self.make_card(points=10, program_id=self.make_program(active=False).id),
        }
        other_company = self.env["res.company"].create({"name": "Elsewhere"})
        foreign["company"] = self.make_card(points=10, program_id=self.make_program(company_id=other_company.id).id)
        me = self.as_customer(self.customer)
        self.assertEqual(me._portal_loyalty_get_cards(), own | points)
        Card = self.as_customer(self.env["loyalty.card"])
        self.assertEqual(Card._portal_loyalty_get(own.id), own)
        for name, card in foreign.items():
            with self.subTest(card=name):
                self.assertFalse(Card._portal_loyalty_get(card.id))
        for value in (0, -1, 2**31, 10**30, True, 1.5, "1", None, [own.id], str(own.id)):
            with self.subTest(value=value):
                self.assertFalse(Card._portal_loyalty_get(value))
        self.company.portal_ewallet_of_company = True
        self.assertEqual(me._portal_loyalty_get_cards(), own | points | foreign["firm"])
        self.assertFalse(Card._portal_loyalty_get(foreign["sibling"].id))

    def test_the_companys_wallet_is_funded_where_the_company_says_so(self):
        card = self.make_card(self.firm, 20)
        with self.assertRaises(UserError):
            self.start(card=card)
        self.company.portal_ewallet_of_company = True
        order = self.start(card=card)
        self.assertEqual(order.partner_id, self.customer)
        self.settle(self.make_tx(order))
        self.assertEqual(card.points, 70)
        self.assertFalse(self.card_of())
        self.start()  # one's own first one

    def test_an_expired_card_is_shown_and_not_funded(self):
        card = self.make_card(points=5, expiration_date=fields.Date.to_date("2020-01-01"))
        self.assertTrue(card._portal_loyalty_is_expired())
        self.assertEqual(self.as_customer(self.customer)._portal_loyalty_get_cards(), card)
        [offer] = self.as_customer(self.customer)._portal_topup_get_offers()
        self.assertFalse(offer["card"])
        self.top_up()
        self.assertEqual(card.points, 5)
        self.assertEqual((self.card_of() - card).points, 50)

    def count_offer_queries(self):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        offers = self.as_customer(self.customer)._portal_topup_get_offers()
        return self.env.cr.sql_log_count - before, len(offers), len(offers[0]["products"])

    def test_offers_take_as_many_queries_for_many_cards_and_products(self):
        self.make_card()
        self.count_offer_queries()
        few = self.count_offer_queries()
        products = self.product
        for number in range(5):
            self.make_card()
            products |= self.product.create(
                {"name": str(number), "detailed_type": "service", "list_price": 5, "taxes_id": False}
            )
        self.program.trigger_product_ids = products
        self.count_offer_queries()
        many = self.count_offer_queries()
        self.assertEqual((few[1:], many[1:]), ((1, 1), (6, 6)))
        self.assertLessEqual(many[0], few[0])

    # Over RPC

    def test_customers_reach_nothing_of_it_over_rpc(self):
        order = self.top_up()
        self.assertFalse([name for name in self.as_customer(order).fields_get() if name.startswith("portal_topup")])
        for user in (self.anna, self.sibling, self.ben, self.env.ref("base.public_user")):
            for model in (
                *("portal.loyalty.history", "portal.topup.received", "loyalty.card", "loyalty.program"),
                *("sale.order.coupon.points", "loyalty.rule", "loyalty.reward"),
            ):
                for operation in ("read", "write", "create", "unlink"):
                    allowed = self.env[model].with_user(user).check_access_rights(operation, raise_exception=False)
                    self.assertFalse(allowed, (user.sudo().login, model, operation))
        with self.assertRaises(AccessError):
            self.as_customer(order).read(["portal_topup_card_id"])
        with self.assertRaises(AccessError):
            self.as_customer(order).write({"portal_topup_points": 1000})
        for name in ("portal_topup_card_id", "portal_topup_points"):
            with self.subTest(name=name), self.assertRaises(AccessError):
                self.as_customer(self.env["sale.order"]).search([(name, "!=", False)])

    def test_salespeople_read_the_history_of_their_companies(self):
        self.top_up()
        lines = self.env["portal.loyalty.history"].with_user(self.salesman).search([])
        self.assertIn(self.card_of().portal_history_ids, lines)
        other = self.env["res.company"].create({"name": "Elsewhere"})
        card = self.make_card(points=10, program_id=self.make_program(company_id=other.id).id)
        self.assertNotIn(
            card.portal_history_ids, self.env["portal.loyalty.history"].with_user(self.salesman).search([])
        )

    def test_somebody_elses_code_is_as_good_as_none(self):
        card = self.make_card(self.ben.partner_id, 100)
        shared = self.make_card(self.firm, 100)
        product = self.env["product.product"].create({"name": "Thing", "type": "service"})
        order = self.sell(product)
        cart = self.as_customer(order).sudo()
        invalid = cart._try_apply_code("nonsense")
        for code in (card.code, shared.code):
            self.assertEqual(cart._try_apply_code(code), {**invalid, "error": f"This code is invalid ({code})."})
        self.assertFalse(order.applied_coupon_ids)
        self.company.portal_ewallet_of_company = True
        self.assertNotIn("error", cart._try_apply_code(shared.code))
        own = self.make_card(points=10)
        self.assertNotIn("error", cart._try_apply_code(own.code))
        self.assertNotIn("error", order.with_user(self.salesman)._try_apply_code(card.code), "as in stock")
