from datetime import timedelta

from odoo import Command, fields

from odoo.addons.mail.tests.common import mail_new_test_user
from odoo.addons.portal_access_ext.tests.test_portal_home import PortalHomeCase


class SubscriptionCase(PortalHomeCase):
    """Two customers who have nothing to do with one another, a colleague of the first, and their subscriptions."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.colleague = cls.make_partners(1, "colleague", parent_id=cls.anna.parent_id.id)
        cls.as_manager(cls, cls.colleague).portal_access_grant()
        cls.colleague.user_ids.password = cls.colleague.user_ids.login
        cls.seller = mail_new_test_user(
            cls.env,
            login="pae_seller",
            name="Sven Seller",
            email="sven@company.example",
            groups="base.group_user,sales_team.group_sale_salesman",
        )
        cls.employee.password = cls.employee.login
        cls.seller.password = cls.seller.login
        Stage = cls.env["sale.subscription.stage"]
        cls.stages = {kind: Stage.search([("type", "=", kind)], limit=1) for kind in ("pre", "in_progress", "post")}
        cls.pricelist = cls.env["product.pricelist"].create(
            {"name": "Subscriptions", "currency_id": cls.env.company.currency_id.id}
        )
        cls.product = cls.env["product.product"].create({"name": "Box of tea", "type": "service", "taxes_id": False})
        cls.plan = cls.make_plan()
        cls.reason = cls.env.ref("subscription_oca.close_reason_expensive")
        cls.today = fields.Date.today()
        cls.next_date = cls.today + timedelta(days=12)
        cls.subscription = cls.make_subscription(cls.anna)
        cls.foreign = cls.make_subscription(cls.ben)
        cls.env["mail.mail"].search([]).unlink()
        cls.env.flush_all()

    @classmethod
    def make_plan(cls, **values):
        return cls.env["sale.subscription.template"].create(
            {
                "name": "Tea every month",
                "code": "TEA",
                "recurring_rule_type": "months",
                "recurring_interval": 1,
                "invoicing_mode": "draft",
                "description": "Tea is not returned.",
                **values,
            }
        )

    @classmethod
    def make_subscription(cls, partner, stage="in_progress", lines=1, **values):
        """Make a subscription whose next invoice is due in some days, if it has started."""
        line = {"product_id": cls.product.id, "name": "Green tea", "product_uom_qty": 2, "price_unit": 12.5}
        subscription = cls.env["sale.subscription"].create(
            {
                "partner_id": partner.id,
                "template_id": cls.plan.id,
                "pricelist_id": cls.pricelist.id,
                "user_id": cls.seller.id,
                "description": "Pays late",
                "sale_subscription_line_ids": [Command.create(line)] * lines,
                **values,
            }
        )
        subscription.stage_id = cls.stages[stage]
        subscription.recurring_next_date = cls.next_date if stage == "in_progress" else False
        return subscription

    def make_invoice(self, subscription, **values):
        invoice = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": subscription.partner_id.id,
                "subscription_id": subscription.id,
                "invoice_date": "2024-05-01",
                "invoice_line_ids": [Command.create({"name": "Tea", "price_unit": 10, "tax_ids": False})],
                **values,
            }
        )
        invoice.action_post()
        return invoice

    def set_close(self, setting):
        self.env.company.portal_subscription_close = setting

    def ask(self, subscription=None, partner=None, text="Too much tea"):
        """Ask to close a subscription, as the page does."""
        subscription = subscription or self.subscription
        return subscription.sudo()._portal_close_ask((partner or self.anna).sudo(), self.reason, text)

    def queued(self):
        return self.env["mail.mail"].search(
            [("model", "=", "sale.subscription"), ("mail_message_id.message_type", "=", "email_outgoing")]
        )

    def comments(self, subscription=None):
        comment = self.env.ref("mail.mt_comment")
        return (subscription or self.subscription).message_ids.filtered(lambda message: message.subtype_id == comment)

    def url(self, subscription=None, suffix=""):
        return f"/my/subscriptions/{(subscription or self.subscription).id}{suffix}"
