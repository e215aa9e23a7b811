from lxml import html

from odoo import Command, fields, http
from odoo.tools import mute_logger

from odoo.addons.portal_access_ext.tests.test_portal_home import PortalHomeCase

LOGGERS = ("odoo.http", "odoo.addons.http_routing.models.ir_http", "odoo.addons.base.models.res_users")


class EwalletPageCase(PortalHomeCase):
    """Two customers of different companies, a colleague of the first, and one eWallet program."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["loyalty.program"].search([("program_type", "=", "ewallet")]).active = False
        cls.sibling = cls.make_partners(1, "sibling", parent_id=cls.anna.parent_id.id)
        cls.as_manager(cls, cls.sibling).portal_access_grant()
        cls.sibling.user_ids.password = cls.sibling.user_ids.login
        cls.currency = cls.env.company.currency_id
        cls.products = cls.env["product.product"].create(
            [
                {"name": f"Top-up {price}", "type": "service", "list_price": price, "taxes_id": False}
                for price in (25, 50)
            ]
        )
        cls.program = cls.make_program("Shop wallet", cls.products)
        cls.env.flush_all()

    @classmethod
    def make_program(cls, name, products, **values):
        rule = {"reward_point_mode": "money", "reward_point_amount": 1, "product_ids": [Command.set(products.ids)]}
        reward = {
            "reward_type": "discount",
            "discount_mode": "per_point",
            "discount": 1,
            "discount_applicability": "order",
            "required_points": 1,
        }
        return cls.env["loyalty.program"].create(
            {
                "name": name,
                "program_type": "ewallet",
                "applies_on": "future",
                "trigger": "auto",
                "rule_ids": [Command.clear(), Command.create(rule)],
                "reward_ids": [Command.clear(), Command.create(reward)],
                **values,
            }
        )

    @classmethod
    def make_gift_program(cls):
        return cls.make_program("Gifts", cls.products, program_type="gift_card")

    @classmethod
    def make_points_program(cls):
        return cls.make_program(
            "Club", cls.products, program_type="loyalty", applies_on="both", portal_point_name="stars"
        )

    @classmethod
    def make_card(cls, partner, points=0, program=None, **values):
        program = program or cls.program
        return cls.env["loyalty.card"].create(
            {"program_id": program.id, "partner_id": partner.id, "points": points, **values}
        )

    def allow_any_amount(self, minimum=10, maximum=500):
        self.program.write(
            {"portal_topup_free": True, "portal_topup_minimum": minimum, "portal_topup_maximum": maximum}
        )

    def make_topup(self, partner, card=None, product=None):
        """The order of a customer who has chosen an amount."""
        self.env.flush_all()
        program = self.program.with_user(partner.user_ids).sudo()
        order = program._portal_topup_create_order(
            program.env.user.partner_id, card=card and card.with_env(program.env), product=product or self.products[0]
        )
        order._portal_ensure_token()
        return order.with_env(self.env)

    def make_payment(self, order, state, **values):
        """A payment that has got so far, without what follows from it."""
        provider = self.env["payment.provider"].search([("name", "=", "Dashboard")]) or self.offer_payment()
        payment = self.env["payment.transaction"].create(
            {
                "provider_id": provider.id,
                "payment_method_id": provider.payment_method_ids.id,
                "reference": f"{order.name}-{len(order.transaction_ids)}",
                "amount": order.amount_total,
                "currency_id": order.currency_id.id,
                "partner_id": order.partner_id.id,
                "sale_order_ids": [Command.set(order.ids)],
                # The provider can't authorize only; what matters is what the page makes of it.
                "state": "pending" if state == "authorized" else state,
                **values,
            }
        )
        if state == "authorized":
            self.env.flush_all()
            self.env.cr.execute("UPDATE payment_transaction SET state = %s WHERE id = %s", [state, payment.id])
            self.env.invalidate_all()
        return payment

    def post(self, path, with_csrf=True, **values):
        self.env.flush_all()
        token = {"csrf_token": http.Request.csrf_token(self)} if with_csrf else {}
        with mute_logger(*LOGGERS):
            response = self.url_open(path, {**values, **token}, allow_redirects=False)
        self.env.invalidate_all()
        return response

    def get(self, path):
        self.env.flush_all()
        return self.url_open(path, allow_redirects=False)

    def topups_of(self, partner):
        return self.env["sale.order"].search(
            [("partner_id", "=", partner.id), ("portal_topup_program_id", "!=", False)]
        )

    def text_of(self, path):
        """:return str: the words of a page's own part, each space alike"""
        response = self.get(path)
        self.assertEqual(response.status_code, 200)
        [wrap] = html.fromstring(response.text).xpath("//div[@id='wrap']")
        return " ".join(wrap.text_content().split())

    def days(self, count):
        return fields.Date.add(fields.Date.context_today(self.program), days=count)
