from odoo.tests import tagged

from odoo.addons.base.tests.common import HttpCaseWithUserPortal
from odoo.addons.website.tools import MockRequest


@tagged("post_install", "-at_install")
class TestCartAddresses(HttpCaseWithUserPortal):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.website = cls.env.ref("website.default_website")
        cls.customer = cls.user_portal.partner_id
        cls.before, cls.chosen = cls.env["res.partner"].create(
            [
                {"name": name, "type": "delivery", "parent_id": cls.customer.id, "street": f"{name} 1"}
                for name in ("A Street", "The Chosen Street")
            ]
        )
        cls.env["sale.order"].create(
            {
                "partner_id": cls.customer.id,
                "partner_shipping_id": cls.before.id,
                "website_id": cls.website.id,
                "state": "sale",
            }
        )

    def open_cart(self):
        website = self.website.with_user(self.user_portal)
        with MockRequest(website.env, website=website):
            return website.sale_get_order(force_create=True)

    def test_a_new_cart_takes_the_default_address_not_the_last_orders(self):
        self.customer.portal_default_delivery_id = self.chosen
        self.assertEqual(self.open_cart().partner_shipping_id, self.chosen)

    def test_without_a_default_a_new_cart_is_as_odoo_makes_it(self):
        self.assertEqual(self.open_cart().partner_shipping_id, self.before)

    def test_a_default_that_cannot_be_used_any_more_is_ignored(self):
        self.customer.portal_default_delivery_id = self.chosen
        self.env.flush_all()
        self.env.cr.execute("UPDATE res_partner SET active = FALSE WHERE id = %s", [self.chosen.id])
        self.env.invalidate_all()
        self.assertEqual(self.open_cart().partner_shipping_id, self.before)
