from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from .common import TopupCase


@tagged("post_install", "-at_install")
class TestTopup(TopupCase):
    """Starting a top-up, and what a paid one leaves behind."""

    def test_a_paid_top_up_credits_the_wallet_and_is_invoiced_to_the_cent(self):
        order = self.start()
        self.assertEqual(order.amount_total, 50)
        self.assertEqual(order._portal_topup_get_state(), "open")
        self.assertFalse(self.card_of())
        tx = self.make_tx(order)
        self.settle(tx)
        self.assertEqual(order.state, "sale")
        self.assertEqual(order._portal_topup_get_state(), "done")
        card = self.card_of()
        self.assertEqual(self.lines_of(card), [("topup", 50, 50)])
        line = card.portal_history_ids
        self.assertEqual((line.order_id, line.transaction_id), (order, tx))
        invoice = order.invoice_ids
        self.assertEqual((invoice.state, invoice.amount_total, invoice.amount_residual), ("posted", 50, 0))
        self.assertIn(invoice.payment_state, ("paid", "in_payment"))
        self.assertEqual(tx.invoice_ids, invoice)
        self.assertEqual(tx.payment_id.amount, 50)

    def test_the_customer_sees_order_and_invoice(self):
        order = self.top_up()
        self.assertEqual(self.as_customer(order).name, order.name)
        self.assertEqual(self.as_customer(order.invoice_ids).amount_total, 50)

    def test_with_automatic_invoices_there_is_one_invoice_too(self):
        self.env["ir.config_parameter"].set_param("sale.automatic_invoice", "True")
        order = self.top_up()
        self.assertEqual(len(order.invoice_ids), 1)
        self.assertEqual(order.transaction_ids.invoice_ids, order.invoice_ids)
        self.assertEqual(order.invoice_ids.amount_residual, 0)

    def test_a_second_top_up_goes_to_the_same_card(self):
        self.top_up()
        self.top_up(card=self.card_of())
        self.top_up()
        self.assertEqual(self.lines_of(self.card_of()), [("topup", 50, 50), ("topup", 50, 100), ("topup", 50, 150)])

    def test_two_first_top_ups_open_one_card(self):
        first = self.start()
        tx = self.make_tx(first)
        second = self.start()
        self.assertNotEqual(first, second, "the first one is being paid")
        self.settle(self.make_tx(second))
        self.settle(tx)
        self.assertEqual(self.card_of().points, 100)

    def test_starting_again_reuses_what_is_not_paid(self):
        order = self.start()
        self.assertEqual(self.start(), order)
        self.program.portal_topup_free = True
        other = self.start(amount=20)
        self.assertEqual(order.state, "cancel")
        self.assertEqual(other.amount_total, 20)

    def test_an_order_whose_payment_is_under_way_is_left_alone(self):
        self.allow_capture()
        for state in (None, "pending", "authorized"):
            with self.subTest(state=state):
                order = self.start()
                tx = self.make_tx(order)
                if state:
                    self.settle(tx, state)
                other = self.start()
                self.assertNotEqual(order, other)
                self.assertNotEqual(order.state, "cancel")
                self.settle(self.make_tx(other))

    def test_an_amount_of_ones_own(self):
        self.program.write({"portal_topup_free": True, "portal_topup_minimum": 5, "portal_topup_maximum": 100})
        for amount in (5, 12.34, 100):
            order = self.start(amount=amount)
            self.assertEqual((order.amount_total, order.portal_topup_points), (amount, amount))
        self.settle(self.make_tx(order))
        self.assertEqual(self.card_of().points, 100)

    def test_amounts_that_are_none(self):
        self.program.write({"portal_topup_free": True, "portal_topup_minimum": 5, "portal_topup_maximum": 100})
        before = self.env["sale.order"].search_count([])
        for amount in (
            *(0, -5, 4.99, 100.01, 5.001, 1e308, -1e308, float("nan"), float("inf"), float("-inf"), 10**400),
            *(True, None, "12", "", [10], {}, b"5", 5j),
        ):
            with self.subTest(amount=amount), self.assertRaises(ValidationError):
                self.start(amount=amount)
        self.assertEqual(self.env["sale.order"].search_count([]), before)

    def test_amounts_are_taken_only_where_the_program_says_so(self):
        with self.assertRaisesRegex(UserError, "choose one"):
            self.start(amount=20)

    def test_a_price_by_piece_is_no_rate_for_amounts(self):
        self.program.rule_ids.write({"reward_point_mode": "unit", "reward_point_amount": 60})
        self.program.portal_topup_free = True
        with self.assertRaisesRegex(UserError, "choose one"):
            self.start(amount=20)
        self.top_up()
        self.assertEqual(self.card_of().points, 60, "as the shop credits it")

    def test_an_amount_that_credits_nothing_is_refused(self):
        self.program.portal_topup_free = True
        self.program.write(
            {
                "rule_ids": [
                    (0, 0, {"product_ids": self.product.ids, "reward_point_mode": "order", "minimum_amount": 100})
                ]
            }
        )
        self.assertEqual(self.start(amount=99).portal_topup_points, 99)
        with self.assertRaisesRegex(ValidationError, "Nothing would be credited"):
            self.start(amount=100)

    def test_a_bonus_is_credited_as_in_the_shop(self):
        self.program.rule_ids.reward_point_amount = 1.1
        self.top_up()
        self.assertEqual(self.card_of().points, 55)

    def test_taxes_are_part_of_what_is_credited(self):
        self.program.portal_topup_free = True
        for included in (False, True):
            self.product.taxes_id = self.env["account.tax"].create(
                {"name": f"21% {included}", "amount": 21, "price_include": included, "company_id": self.company.id}
            )
            with self.subTest(included=included):
                order = self.start()
                price = 50 if included else 60.5
                self.assertEqual((order.amount_total, order.portal_topup_points), (price, price))
                order = self.start(amount=50)
                self.assertEqual((order.amount_total, order.portal_topup_points), (50, 50))
                self.assertAlmostEqual(order.amount_tax, 8.68)

    def test_an_amount_that_taxes_make_impossible_is_refused(self):
        self.program.portal_topup_free = True
        self.product.taxes_id = self.env["account.tax"].create(
            {"name": "21%", "amount": 21, "company_id": self.company.id}
        )
        outcomes = set()
        for cents in range(2000, 2012):
            try:
                order = self.start(amount=cents / 100)
            except ValidationError as error:
                outcomes.add("refused")
                self.assertIn(self.currency.format((cents - 1) / 100), str(error))
                self.assertIn(self.currency.format((cents + 1) / 100), str(error))
            else:
                outcomes.add("made")
                self.assertEqual((order.amount_total, order.portal_topup_points), (cents / 100, cents / 100))
        self.assertEqual(outcomes, {"made", "refused"})

    def test_the_program_says_that_taxes_make_amounts_impossible(self):
        self.assertFalse(self.program.portal_topup_adds_tax)
        taxes = self.env["account.tax"].create(
            [
                {"name": name, "amount": amount, "price_include": is_in, "company_id": self.company.id}
                for name, amount, is_in in (("21%", 21, False), ("21% in", 21, True), ("None", 0, False))
            ]
        )
        for tax, expected in zip(taxes, (True, False, False), strict=True):
            self.product.taxes_id = tax
            self.assertEqual(self.program.portal_topup_adds_tax, expected)

    def test_discounts_of_pricelists_change_neither_price_nor_credit(self):
        self.env.user.groups_id += self.env.ref("product.group_product_pricelist")
        self.customer.property_product_pricelist = self.env["product.pricelist"].create(
            {
                "name": "Half",
                "currency_id": self.currency.id,
                "item_ids": [(0, 0, {"compute_price": "percentage", "percent_price": 50})],
            }
        )
        order = self.start()
        self.assertEqual((order.amount_total, order.portal_topup_points), (50, 50))

    def test_a_program_in_another_currency(self):
        currency = (self.currency_euro | self.currency_usd) - self.currency
        currency = currency[:1]
        self.env["res.currency.rate"].search([("currency_id", "=", currency.id)]).unlink()
        self.env["res.currency.rate"].create(
            {"currency_id": currency.id, "rate": 2.0, "company_id": self.company.id, "name": "2020-01-01"}
        )
        pricelists = self.env["product.pricelist"].search([("currency_id", "=", currency.id)])
        pricelists.active = False
        self.program.write({"currency_id": currency.id})
        with self.assertRaises(UserError):
            self.start()
        self.env["product.pricelist"].create({"name": "Other", "currency_id": currency.id})
        order = self.start()
        self.assertEqual((order.currency_id, order.amount_total), (currency, 100))
        self.settle(self.make_tx(order))
        self.assertEqual(self.card_of().points, 100)
        self.assertEqual(order.invoice_ids.amount_residual, 0)

    def test_only_what_is_offered_can_be_bought(self):
        other = self.product.copy()
        foreign = self.make_card(self.ben.partner_id)
        expired = self.make_card(expiration_date="2020-01-01")
        for values in ({"product": other}, {"card": foreign}, {"card": expired}):
            with self.subTest(values=values), self.assertRaises(UserError):
                self.start(**values)
        with self.assertRaisesRegex(UserError, "by the customer only"):
            self.as_customer(self.program, self.ben)._portal_topup_create_order(self.customer, product=self.product)
        for values in ({"active": False}, {"portal_topup": False}, {"sale_ok": False}, {"date_to": "2020-01-01"}):
            program = self.make_program(**values)
            with self.subTest(values=values), self.assertRaises(UserError):
                self.start(program=program)

    def test_a_program_without_products_is_not_offered(self):
        self.program.trigger_product_ids = False
        self.program.portal_topup_free = True
        self.assertEqual(self.as_customer(self.customer)._portal_topup_get_offers(), [])

    def test_who_starts_top_ups_without_end_is_stopped(self):
        with self.assertRaisesRegex(UserError, "too often"):
            for _number in range(100):
                self.start()

    def test_limits_of_a_program_make_sense(self):
        for minimum, maximum in ((0, 10), (-1, 10), (20, 10), (1, 1e12)):
            with self.subTest(minimum=minimum, maximum=maximum), self.assertRaises(ValidationError):
                self.program.write(
                    {
                        "portal_topup_free": True,
                        "portal_topup_minimum": minimum,
                        "portal_topup_maximum": maximum,
                    }
                )

    def test_the_amount_of_a_top_up_stays(self):
        order = self.start()
        line = order.order_line
        for values in ({"price_unit": 1}, {"product_uom_qty": 2}, {"discount": 50}):
            with self.subTest(values=values), self.assertRaisesRegex(UserError, "can't be changed"):
                line.write(values)
        with self.assertRaisesRegex(UserError, "can't be changed"):
            line.unlink()
        with self.assertRaisesRegex(UserError, "can't be changed"):
            order.write({"order_line": [(0, 0, {"product_id": self.product.id})]})
        with self.assertRaisesRegex(UserError, "can't be changed"):
            line.copy({"order_id": order.id})
        with self.assertRaisesRegex(UserError, "stays with"):
            order.partner_id = self.ben.partner_id

    def test_a_copy_is_no_top_up_of_the_portal(self):
        copy = self.top_up().copy()
        self.assertFalse(copy.portal_topup_program_id)
        self.assertFalse(copy.portal_topup_points)
        copy.order_line.price_unit = 10
