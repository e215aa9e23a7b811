from odoo import Command, fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import TopupCase

NOTICE_LOGGER = "odoo.addons.portal_access_ext_sale_loyalty.models.sale_order_topup_notice"


@tagged("post_install", "-at_install")
class TestTopupCard(TopupCase):
    """Which card is credited, whatever happened to it meanwhile, and what is mailed about it."""

    def search_topups(self, user):
        cards = self.as_customer(user.partner_id, user)._portal_loyalty_get_cards()
        return self.env["sale.order"]._portal_topup_search(cards, user.partner_id, [])

    def test_a_card_that_changes_hands_takes_no_orders_and_no_money_along(self):
        card = self.make_card()
        order = self.start(card=card)
        card.partner_id = self.ben.partner_id
        self.assertFalse(self.search_topups(self.ben))
        self.assertEqual(self.search_topups(self.anna), order)
        self.settle(self.make_tx(order))
        self.assertEqual(card.points, 0)
        self.assertEqual(self.card_of().points, 50)
        self.assertEqual(order.portal_topup_card_id, self.card_of())
        self.refund(order.transaction_ids)
        self.assertEqual((card.points, self.card_of().points), (0, 0))

    def test_what_is_credited_stays_on_its_card(self):
        order = self.top_up()
        card = self.card_of()
        card.partner_id = self.ben.partner_id
        self.assertFalse(self.search_topups(self.ben))
        self.refund(order.transaction_ids, 20)
        self.assertEqual(card.points, 30)
        self.assertFalse(self.card_of())

    def test_colleagues_see_what_is_paid_into_their_company_s_card(self):
        self.company.portal_ewallet_of_company = True
        card = self.make_card(self.firm)
        order = self.start(card=card)
        self.assertEqual(self.search_topups(self.sibling), order)
        self.assertFalse(self.search_topups(self.ben))
        self.settle(self.make_tx(order))
        self.assertEqual(card.points, 50)
        card.partner_id = self.other_firm
        self.assertFalse(self.search_topups(self.ben))

    def test_a_card_that_expires_until_it_is_paid_is_not_credited(self):
        card = self.make_card(points=5)
        order = self.start(card=card)
        card.expiration_date = fields.Date.subtract(fields.Date.today(), days=1)
        self.settle(self.make_tx(order))
        self.assertEqual(card.points, 5)
        self.assertEqual((self.card_of() - card).points, 50)

    def test_a_mail_that_cant_be_made_doesnt_stop_the_credit(self):
        template = self.env["mail.template"].create(
            {"name": "Broken", "model_id": self.env["ir.model"]._get_id("loyalty.card"), "subject": "{{ 1 / 0 }}"}
        )
        self.program.communication_plan_ids = [
            Command.create({"trigger": "create", "mail_template_id": template.id}),
            Command.create({"trigger": "points_reach", "points": 40, "mail_template_id": template.id}),
        ]
        with mute_logger(NOTICE_LOGGER, "odoo.addons.mail.models.mail_render_mixin"):
            order = self.top_up()
        self.assertEqual((order.state, order.invoice_ids.amount_residual), ("sale", 0))
        self.assertEqual(self.lines_of(self.card_of()), [("topup", 50, 50)])
        self.assertEqual(order.transaction_ids.payment_id.state, "posted")

    def test_mails_of_the_program_are_sent_once_each(self):
        created, reached = self.env["mail.template"].create(
            [
                {"name": name, "model_id": self.env["ir.model"]._get_id("loyalty.card"), "subject": name}
                for name in ("Opened", "Forty")
            ]
        )
        self.program.communication_plan_ids = [
            Command.create({"trigger": "create", "mail_template_id": created.id}),
            Command.create({"trigger": "points_reach", "points": 40, "mail_template_id": reached.id}),
        ]
        self.top_up()
        mails = self.env["mail.mail"].search([("model", "=", "loyalty.card"), ("res_id", "=", self.card_of().id)])
        self.assertEqual(sorted(mails.mapped("subject")), ["Forty", "Opened"])
