import uuid
from contextlib import suppress

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import SubscriptionCase

HIDDEN_FIELDS = {
    "color",
    "sequence",
    "description",
    "tag_ids",
    "journal_id",
    "fiscal_position_id",
    "crm_team_id",
    "image",
    "activity_ids",
    "message_follower_ids",
    "portal_close_activity_id",
}
PUBLIC_METHODS = (
    "action_close_subscription",
    "action_portal_close_dismiss",
    "action_start_subscription",
    "create_invoice",
    "create_sale_order",
    "cron_subscription_management",
    "generate_invoice",
    "manual_invoice",
)


@tagged("post_install", "-at_install")
class TestSubscriptionRights(SubscriptionCase):
    """What portal users reach over RPC."""

    def as_user(self, partner, records=None):
        return (self.env["sale.subscription"] if records is None else records).with_user(partner.user_ids)

    def test_customers_read_those_of_their_commercial_entity_and_no_others(self):
        of_colleague = self.make_subscription(self.colleague)
        of_company = self.make_subscription(self.anna.parent_id)
        own = self.subscription + of_colleague + of_company
        for partner in (self.anna, self.colleague):
            self.assertEqual(self.as_user(partner).search([]), own)
            self.assertEqual(
                self.as_user(partner, self.env["sale.subscription.line"]).search([]), own.sale_subscription_line_ids
            )
        self.assertEqual(self.as_user(self.ben).search([]), self.foreign)
        for records in (own, own.sale_subscription_line_ids):
            with self.assertRaises(AccessError):
                self.as_user(self.ben, records).read(["display_name"])

    def test_a_subsidiary_that_is_a_customer_of_its_own_is_another_one(self):
        self.ben.parent_id.parent_id = self.anna.parent_id
        self.assertEqual(self.as_user(self.anna).search([]), self.subscription)

    def test_archived_contacts_keep_their_subscriptions_for_their_colleagues(self):
        of_gone = self.make_subscription(self.make_partners(1, "gone", parent_id=self.anna.parent_id.id))
        of_gone.partner_id.active = False
        self.assertIn(of_gone, self.as_user(self.anna).search([]))

    def test_those_of_a_company_that_the_user_does_not_work_with_are_hidden_like_other_documents(self):
        company = self.env["res.company"].create({"name": "Second"})
        other = self.make_subscription(self.anna, company_id=company.id, user_id=False)
        self.assertNotIn(other, self.as_user(self.anna).search([]))
        self.assertFalse(
            self.as_user(self.anna, self.env["sale.subscription.line"]).search_count(
                [("sale_subscription_id", "=", other.id)]
            )
        )
        user = self.anna.user_ids
        user.company_ids += company
        found = self.as_user(self.anna).with_context(allowed_company_ids=user.company_ids.ids).search([])
        self.assertIn(other, found)

    def test_visitors_and_plain_employees_read_none(self):
        for user in (self.env.ref("base.public_user"), self.employee):
            for model in ("sale.subscription", "sale.subscription.line"):
                with self.assertRaises(AccessError):
                    self.env[model].with_user(user).search([])

    def test_customers_read_no_stages_templates_reasons_and_tags(self):
        for model in ("stage", "template", "close.reason", "tag"):
            with self.assertRaises(AccessError):
                self.env[f"sale.subscription.{model}"].with_user(self.anna.user_ids).search([])

    def test_what_the_company_notes_for_itself_is_hidden(self):
        subscription = self.as_user(self.anna, self.subscription)
        self.assertFalse(HIDDEN_FIELDS & set(subscription.fields_get()))
        for name in HIDDEN_FIELDS:
            with self.assertRaises(AccessError):
                subscription.read([name])
        # All the others at once, as it is possible over RPC.
        values = subscription.read()[0]
        self.assertEqual(values["terms"], "Tea is not returned.")
        self.assertNotIn("Pays late", str(values))
        self.assertTrue(subscription.sale_subscription_line_ids.read()[0]["name"])

    def test_employees_who_sell_nothing_open_contacts_all_the_same(self):
        for user, is_shown in ((self.employee, False), (self.seller, True)):
            arch = self.env["res.partner"].with_user(user).get_view(self.env.ref("base.view_partner_form").id)["arch"]
            self.assertEqual("subscription_ids" in arch, is_shown)

    def test_sellers_still_read_and_write_everything(self):
        subscription = self.subscription.with_user(self.seller)
        self.assertEqual(subscription.description, "Pays late")
        subscription.write({"description": "Pays", "journal_id": False, "tag_ids": [Command.create({"name": "Good"})]})
        self.assertEqual(self.subscription.tag_ids.name, "Good")

    def test_customers_change_nothing(self):
        records = self.as_user(self.anna, self.subscription)
        line = records.sale_subscription_line_ids
        values = {"partner_id": self.anna.id, "template_id": self.plan.id, "pricelist_id": self.pricelist.id}
        for change in (
            lambda: records.write({"recurring_next_date": False}),
            lambda: records.write({"portal_close_state": "closed"}),
            lambda: records.create(values),
            records.copy,
            records.unlink,
            lambda: line.write({"price_unit": 1}),
            lambda: line.create({"sale_subscription_id": records.id, "name": "Free"}),
            line.unlink,
        ):
            with self.assertRaises(AccessError):
                change()

    @mute_logger("odoo.addons.subscription_oca.models.sale_subscription")
    def test_the_methods_of_the_model_do_nothing_for_customers(self):
        for mode in ("draft", "invoice", "sale_and_invoice"):
            self.plan.invoicing_mode = mode
            self.subscription.recurring_next_date = self.today
            self.env.flush_all()
            for name in PUBLIC_METHODS:
                with self.subTest(mode=mode, method=name):
                    before = self.snapshot()
                    records = self.as_user(self.anna, self.subscription)
                    # In one mode it looks for the order that it may not make.
                    with suppress(AccessError, ValueError), self.env.cr.savepoint():
                        getattr(records, name)()
                    self.env.invalidate_all()
                    self.assertEqual(self.snapshot(), before)
        with self.assertRaises(AccessError):
            self.as_user(self.anna).cron_subscription_management()

    def snapshot(self):
        self.env.flush_all()
        rows = []
        for table in ("sale_subscription", "account_move", "sale_order", "mail_message", "mail_activity"):
            self.env.cr.execute(f"SELECT to_jsonb(t) FROM {table} t ORDER BY id")
            rows.append(self.env.cr.fetchall())
        return rows

    def test_the_private_methods_are_private(self):
        names = [name for name in dir(self.subscription) if "portal_close" in name or "portal_get" in name]
        public = {name for name in names if not name.startswith("_") and name not in self.subscription._fields}
        self.assertEqual(public, {"action_portal_close_dismiss"})

    def test_customers_write_by_the_page_only_and_over_rpc_in_nobody_s_name(self):
        forged = {"email_from": "boss@company.example", "partner_ids": self.ben.ids}
        for partner, values in ((self.anna, {}), (self.anna, forged), (self.ben, forged)):
            with self.assertRaises(AccessError):
                self.as_user(partner, self.subscription).message_post(
                    body="Hello", subtype_xmlid="mail.mt_comment", **values
                )

    def test_customers_do_not_read_notes(self):
        note = self.subscription.message_post(body="Difficult", subtype_xmlid="mail.mt_note")
        answer = self.subscription.message_post(body="Answer", subtype_xmlid="mail.mt_comment")
        found = (
            self.env["mail.message"]
            .with_user(self.anna.user_ids)
            .search([("model", "=", "sale.subscription"), ("res_id", "=", self.subscription.id)])
        )
        self.assertIn(answer.id, found.ids)
        self.assertNotIn(note.id, found.ids)

    def test_a_token_is_no_right_over_rpc(self):
        self.subscription.access_token = str(uuid.uuid4())
        self.env.flush_all()
        with self.assertRaises(AccessError):
            self.as_user(self.ben, self.subscription).get_portal_url()
