from odoo.tests import tagged

from odoo.addons.mail.tests.common import mail_new_test_user

from .common import TopupCase


@tagged("post_install", "-at_install")
class TestTopupNotice(TopupCase):
    """What the staff is told of, and who of them."""

    def test_a_payment_too_much_is_told_once_and_as_long_as_it_is_there(self):
        order = self.start()
        first, second, third = (self.make_tx(order) for _number in range(3))
        self.settle(first)
        self.settle(second)
        self.settle(third)
        third._finalize_post_processing()
        self.assertEqual(order.activity_ids.mapped("summary"), ["A payment too much"])
        self.assertIn("100.00", order.activity_ids.note)
        self.refund(second)
        self.assertIn("50.00", order.activity_ids.note)
        self.refund(third)
        self.assertFalse(order.activity_ids)
        self.assertEqual(self.card_of().points, 50)

    def test_what_came_for_a_cancelled_order_is_told_until_it_is_refunded(self):
        order = self.start()
        tx = self.make_tx(order)
        order._action_cancel()
        self.settle(tx)
        self.assertTrue(order.activity_ids)
        self.refund(tx)
        self.assertFalse(order.activity_ids)

    def test_the_same_thing_is_told_once_in_whatever_language(self):
        for lang in ("de_DE", "fr_FR"):
            self.env["res.lang"]._activate_lang(lang)
        order = self.start()
        order.user_id = self.salesman
        first = order._portal_topup_warn("overdrawn", amount=1, balance=-1)
        self.assertEqual((first.user_id, first.summary), (self.salesman, "The eWallet is overdrawn"))
        self.salesman.lang = "de_DE"
        self.assertEqual(order._portal_topup_warn("overdrawn", amount=2, balance=-2), first)
        self.assertNotEqual(first.summary, "The eWallet is overdrawn")
        self.assertIn("2,00", first.note)
        self.accountant.lang = "fr_FR"
        self.accountant.groups_id |= self.env.ref("sales_team.group_sale_salesman_all_leads")
        order.user_id = self.accountant
        self.assertEqual(order._portal_topup_warn("overdrawn", amount=3, balance=-3), first)
        self.assertEqual(first.user_id, self.salesman)
        other = order._portal_topup_warn("not_invoiced", error="Why")
        self.assertEqual(other.user_id, self.accountant)
        self.assertEqual(order.activity_ids, first | other)

    def test_who_is_told_is_there_and_may_read_the_order(self):
        self.env.ref("base.user_admin").company_ids |= self.company
        order = self.start()
        order.user_id = self.salesman
        self.assertEqual(order._portal_topup_get_responsible(), self.salesman)
        self.salesman.active = False
        leader = mail_new_test_user(self.env, login="ws_leader", groups="base.group_user", company_id=self.company.id)
        order.team_id = self.env["crm.team"].create({"name": "Team", "user_id": leader.id})
        self.assertEqual(order._portal_topup_get_responsible(), self.env.ref("base.user_admin"), "no right to orders")
        self.accountant.groups_id |= self.env.ref("sales_team.group_sale_salesman_all_leads")
        order.team_id.user_id = self.accountant
        self.assertEqual(order._portal_topup_get_responsible(), self.accountant)
        self.accountant.active = False
        self.assertEqual(order._portal_topup_get_responsible(), self.env.ref("base.user_admin"))
