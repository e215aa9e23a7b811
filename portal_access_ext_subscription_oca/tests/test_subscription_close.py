from contextlib import ExitStack
from datetime import date, timedelta
from unittest.mock import patch

from odoo import Command, fields
from odoo.exceptions import AccessError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from odoo.addons.mail.tests.common import mail_new_test_user

from .common import SubscriptionCase


@tagged("post_install", "-at_install")
class TestSubscriptionClose(SubscriptionCase):
    """What becomes of a customer's wish to close, as the company has set it."""

    # -------------------------------------------------------------------------
    # An activity, by default
    # -------------------------------------------------------------------------

    def test_the_salesperson_gets_an_activity(self):
        self.assertEqual(self.env.company.portal_subscription_close, "activity")
        self.assertTrue(self.ask())
        subscription = self.subscription
        self.assertEqual(subscription.portal_close_state, "asked")
        self.assertEqual(subscription.portal_close_partner_id, self.anna)
        self.assertFalse(subscription.portal_close_date)
        self.assertTrue(subscription.in_progress)
        self.assertEqual(subscription.recurring_next_date, self.next_date)
        activity = subscription.activity_ids
        self.assertEqual(activity.user_id, self.seller)
        self.assertIn("Too much tea", activity.note)
        comment = self.comments()
        self.assertEqual(comment.author_id, self.anna)
        self.assertIn("Asked to close", comment.body)
        self.assertIn(self.reason.name, comment.body)
        self.assertIn("Too much tea", comment.body)
        self.assertIn(self.seller.partner_id, comment.notified_partner_ids)

    def test_asking_twice_is_asking_once(self):
        self.assertTrue(self.ask())
        for partner in (self.anna, self.colleague):
            self.assertFalse(self.ask(partner=partner))
        self.assertEqual(len(self.subscription.activity_ids), 1)
        self.assertEqual(len(self.comments()), 1)
        self.assertEqual(len(self.queued()), 1)

    def test_it_can_be_taken_back_and_asked_again(self):
        self.ask()
        self.assertTrue(self.subscription._portal_close_withdraw(self.colleague))
        self.assertFalse(self.subscription._portal_close_withdraw(self.colleague))
        self.assertFalse(self.subscription.activity_ids)
        self.assertFalse(self.subscription.portal_close_state)
        self.assertFalse(self.subscription.portal_close_text)
        self.assertEqual(self.comments()[0].author_id, self.colleague)
        self.assertTrue(self.ask())
        self.assertEqual(len(self.subscription.activity_ids), 1)

    def test_who_has_to_see_to_it(self):
        subscription, company = self.subscription, self.env.company
        sellers = [
            mail_new_test_user(self.env, login=f"pae_s{number}", groups="sales_team.group_sale_salesman")
            for number in range(2)
        ]
        subscription.crm_team_id = self.env["crm.team"].create({"name": "Tea", "user_id": sellers[1].id})
        company.portal_subscription_user_id = sellers[0]
        responsible = subscription._portal_get_responsible
        self.assertEqual(responsible(), self.seller)
        self.seller.active = False
        self.assertEqual(responsible(), sellers[0])
        company.portal_subscription_user_id = self.employee  # may not open it
        self.assertEqual(responsible(), sellers[1])
        subscription.crm_team_id = False
        self.assertTrue(responsible().has_group("sales_team.group_sale_manager"))
        self.env.ref("sales_team.group_sale_manager").users.active = False
        self.assertFalse(responsible())
        self.assertTrue(self.ask())
        self.assertEqual((subscription.portal_close_state, len(subscription.activity_ids)), ("asked", 0))

    def test_the_salesperson_closes_it(self):
        self.ask()
        self.env["mail.mail"].search([]).unlink()
        subscription = self.subscription.with_user(self.seller)
        other_reason = self.env.ref("subscription_oca.close_reason_other")
        subscription.action_close_subscription()
        dialog = self.env["close.reason.wizard"].with_user(self.seller).create({"close_reason_id": other_reason.id})
        dialog.with_context(active_id=subscription.id).button_confirm()
        self.assertEqual(self.subscription.portal_close_state, "closed")
        self.assertEqual(self.subscription.portal_close_date, self.today)
        self.assertFalse(self.subscription.activity_ids)
        self.assertIn("is closed", self.queued().body_html)

    def test_the_salesperson_keeps_it(self):
        self.ask()
        self.env["mail.mail"].search([]).unlink()
        self.subscription.with_user(self.seller).action_portal_close_dismiss()
        self.assertFalse(self.subscription.portal_close_state)
        self.assertFalse(self.subscription.activity_ids)
        self.assertIn("goes on", self.queued().body_html)
        with self.assertRaises(AccessError):
            self.subscription.with_user(self.anna.user_ids).action_portal_close_dismiss()

    def test_the_activity_of_another_salesperson_goes_too(self):
        self.ask()
        other = mail_new_test_user(self.env, login="pae_other", groups="sales_team.group_sale_salesman")
        self.subscription.with_user(other).action_portal_close_dismiss()
        self.assertFalse(self.subscription.activity_ids)

    def test_a_subscription_that_is_opened_again_can_be_closed_again(self):
        self.set_close("now")
        self.ask()
        self.subscription.active = True
        self.subscription.action_start_subscription()
        self.assertFalse(self.subscription.portal_close_state)
        self.assertTrue(self.ask())

    def test_a_copy_was_not_asked_to_be_closed(self):
        self.ask()
        copy = self.subscription.copy()
        self.assertFalse(copy.portal_close_state)
        self.assertFalse(copy.portal_close_partner_id)

    # -------------------------------------------------------------------------
    # At once
    # -------------------------------------------------------------------------

    def test_it_is_closed_at_once(self):
        self.set_close("now")
        self.assertTrue(self.ask())
        subscription = self.subscription
        self.assertEqual(subscription.stage_id, self.stages["post"])
        self.assertFalse(subscription.active)
        self.assertFalse(subscription.in_progress)
        self.assertFalse(subscription.recurring_next_date)
        self.assertEqual(subscription.close_reason_id, self.reason)
        self.assertEqual((subscription.portal_close_state, subscription.portal_close_date), ("closed", self.today))
        self.assertEqual(len(self.queued()), 1)
        self.assertIn("is closed", self.queued().body_html)
        self.assertEqual(len(self.comments()), 1)
        self.assertFalse(self.ask())
        self.assertFalse(subscription._portal_close_withdraw(self.anna))
        self.assertEqual((len(self.queued()), len(self.comments())), (1, 1))

    def test_it_is_closed_where_there_is_no_stage_for_it(self):
        self.set_close("now")
        self.stages["post"].type = "pre"
        self.assertTrue(self.ask())
        self.assertEqual(self.subscription.portal_close_state, "closed")
        self.assertFalse(self.subscription.active)
        self.assertFalse(self.subscription.in_progress)
        self.assertEqual(len(self.queued()), 1)

    def test_one_that_has_not_started_is_closed_too(self):
        for setting in ("now", "period_end"):
            self.set_close(setting)
            subscription = self.make_subscription(self.anna, stage="pre")
            self.assertTrue(self.ask(subscription))
            self.assertEqual(subscription.portal_close_state, "closed")

    # -------------------------------------------------------------------------
    # At the end of the period
    # -------------------------------------------------------------------------

    def test_it_is_closed_at_the_end_of_the_paid_period(self):
        self.set_close("period_end")
        self.assertTrue(self.ask())
        subscription = self.subscription
        self.assertEqual((subscription.portal_close_state, subscription.portal_close_date), ("planned", self.next_date))
        self.assertTrue(subscription.in_progress)
        self.assertFalse(subscription.activity_ids)
        self.assertFalse(self.ask())
        self.assertIn("until the end of the paid period", self.queued().body_html)
        self.assertTrue(subscription._portal_close_withdraw(self.anna))
        self.assertFalse(subscription.portal_close_date)

    def test_when_the_paid_period_ends(self):
        days = lambda number: number and self.today + timedelta(days=number)  # noqa: E731
        for next_in, end_in, expected in (
            (12, False, 12),
            (12, 5, 5),
            (12, 40, 12),
            (False, 5, 5),
            (False, False, 0),
            (0, False, 0),
            (-3, False, 0),
            (-3, 40, 0),
            (False, -3, 0),
        ):
            with self.subTest(next_in=next_in, end_in=end_in):
                next_date = self.today + timedelta(days=next_in) if next_in is not False else False
                self.subscription.write({"recurring_next_date": next_date, "date": days(end_in)})
                self.assertEqual(
                    self.subscription._portal_close_get_period_end(), self.today + timedelta(days=expected)
                )

    def test_with_nothing_paid_it_is_closed_at_once(self):
        self.set_close("period_end")
        self.subscription.recurring_next_date = self.today
        self.ask()
        self.assertEqual(self.subscription.portal_close_state, "closed")
        self.assertIn("is closed", self.queued().body_html)

    def test_the_cron_closes_it_before_it_would_make_the_next_invoice(self):
        self.set_close("period_end")
        other = self.make_subscription(self.anna)
        self.ask()
        self.env.flush_all()
        Subscription = self.env["sale.subscription"]
        for days, is_closed in ((11, False), (12, True)):
            with self.as_of(self.today + timedelta(days=days)):
                Subscription.cron_subscription_management()
            self.assertEqual(self.subscription.portal_close_state == "closed", is_closed)
        self.assertFalse(self.subscription.invoice_ids)
        self.assertFalse(self.subscription.active)
        self.assertEqual(len(other.invoice_ids), 1, "the others are invoiced as before")
        self.assertEqual(len(self.queued()), 2)

    def as_of(self, day):
        """Have subscription_oca, and us, think that it is another day."""

        class Day(date):
            @classmethod
            def today(cls):
                return day

        upstream = patch("odoo.addons.subscription_oca.models.sale_subscription.date", Day)
        ours = patch.object(fields.Date, "today", lambda *_args: day)
        stack = ExitStack()
        stack.enter_context(upstream)
        stack.enter_context(ours)
        return stack

    def test_our_cron_closes_it_where_the_other_one_is_late(self):
        self.set_close("period_end")
        self.ask()
        with self.as_of(self.next_date - timedelta(days=1)):
            self.env["sale.subscription"]._cron_portal_close()
        self.assertEqual(self.subscription.portal_close_state, "planned")
        with self.as_of(self.next_date):
            self.assertFalse(self.subscription._portal_close_can_withdraw(), "it may be closed any moment")
            self.env["sale.subscription"]._cron_portal_close()
        self.assertEqual(self.subscription.portal_close_state, "closed")
        self.assertEqual(self.subscription.close_reason_id, self.reason)

    def test_the_cron_is_there(self):
        cron = self.env.ref("portal_access_ext_subscription_oca.ir_cron_portal_subscription_close")
        self.set_close("period_end")
        self.ask()
        with self.as_of(self.next_date):
            cron.method_direct_trigger()
        self.assertEqual(self.subscription.portal_close_state, "closed")

    def test_one_that_can_t_be_closed_is_not_invoiced_and_stops_no_other(self):
        self.set_close("period_end")
        other = self.make_subscription(self.anna)
        self.ask()
        self.ask(other)
        Dialog, failing = self.registry["close.reason.wizard"], self.subscription.id
        confirm = Dialog.button_confirm

        def fail(dialog):
            if dialog.env.context["active_id"] == failing:
                raise ValueError("No.")
            return confirm(dialog)

        with (
            self.as_of(self.next_date),
            patch.object(Dialog, "button_confirm", fail),
            mute_logger("odoo.addons.portal_access_ext_subscription_oca.models.sale_subscription_cron"),
        ):
            self.env["sale.subscription"].cron_subscription_management()
        self.assertEqual(self.subscription.portal_close_state, "planned")
        self.assertEqual(self.subscription.recurring_next_date, self.next_date, "and it is tried again")
        self.assertFalse(self.subscription.invoice_ids)
        self.assertEqual(other.portal_close_state, "closed")

    def test_one_that_was_changed_meanwhile_stops_neither_the_others_nor_the_invoices(self):
        self.set_close("period_end")
        second, other = (self.make_subscription(self.anna) for _number in range(2))
        self.ask()
        self.ask(second)
        lock, failing = type(self.subscription)._portal_close_lock, self.subscription.id

        def fail(subscription):
            if subscription.id == failing:
                # As PostgreSQL does where another transaction has changed the row.
                query = "DO $$ BEGIN RAISE EXCEPTION 'changed' USING ERRCODE = 'serialization_failure'; END $$"
                subscription.env.cr.execute(query, log_exceptions=False)
            return lock(subscription)

        with self.as_of(self.next_date):
            with patch.object(type(self.subscription), "_portal_close_lock", fail):
                self.env["sale.subscription"].cron_subscription_management()
            self.assertEqual(self.subscription.portal_close_state, "planned")
            self.assertFalse(self.subscription.invoice_ids)
            self.assertEqual(second.portal_close_state, "closed")
            self.assertEqual(len(other.invoice_ids), 1)
            self.env["sale.subscription"]._cron_portal_close()
        self.assertEqual(self.subscription.portal_close_state, "closed")

    def test_what_was_changed_meanwhile_is_invoiced_by_another_run(self):
        other = self.make_subscription(self.anna)
        hold, failing = type(other)._portal_close_hold, self.subscription.id
        cron = self.env.ref("subscription_oca.ir_cron_subscription_management")
        triggers = self.env["ir.cron.trigger"].search([])
        with self.as_of(self.next_date):
            with patch.object(type(other), "_portal_close_hold", lambda this: this.id != failing and hold(this)):
                self.env["sale.subscription"].cron_subscription_management()
            self.assertEqual((len(self.subscription.invoice_ids), len(other.invoice_ids)), (0, 1))
            self.assertEqual((self.env["ir.cron.trigger"].search([]) - triggers).cron_id, cron)
            self.env["sale.subscription"].cron_subscription_management()
        self.assertEqual((len(self.subscription.invoice_ids), len(other.invoice_ids)), (1, 1))

    def test_the_salesperson_of_the_order_is_the_subscription_s(self):
        plan = self.make_plan()
        self.product.write({"subscribable": True, "subscription_template_id": plan.id})
        self.anna.property_product_pricelist = self.pricelist
        for user in (self.seller, self.env["res.users"]):
            order = self.env["sale.order"].create(
                {"partner_id": self.anna.id, "order_line": [Command.create({"product_id": self.product.id})]}
            )
            order.user_id = user
            order.with_user(self.anna.user_ids).sudo().action_confirm()
            subscription = order.subscription_ids
            self.assertEqual(len(subscription), 1)
            self.assertEqual(subscription.user_id, user or self.anna.user_ids)
            self.assertEqual(subscription._portal_get_contact(), user)

    def test_a_salesperson_may_still_invoice_by_hand(self):
        self.set_close("period_end")
        self.ask()
        self.subscription.generate_invoice()
        self.assertEqual(len(self.subscription.invoice_ids), 1)

    # -------------------------------------------------------------------------
    # The setting, mails
    # -------------------------------------------------------------------------

    def test_the_setting_is_the_company_s_of_the_subscription(self):
        second = self.env["res.company"].create({"name": "Second", "portal_subscription_close": "now"})
        subscription = self.make_subscription(self.anna, company_id=second.id, user_id=False)
        self.assertEqual(subscription._portal_close_get_setting(), "now")
        self.assertEqual(self.subscription._portal_close_get_setting(), "activity")
        with Form(self.env["res.config.settings"]) as settings:
            settings.portal_subscription_close = "period_end"
            settings.portal_subscription_user_id = self.seller
        settings.save().execute()
        self.assertEqual(self.subscription._portal_close_get_setting(), "period_end")
        self.assertEqual(self.env.company.portal_subscription_user_id, self.seller)

    def test_mails_are_queued_for_each_in_their_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        template = self.env.ref("portal_access_ext_subscription_oca.mail_template_subscription_close")
        template.with_context(lang="fr_FR").subject = "Votre abonnement {{ object.name }}"
        self.colleague.lang = "fr_FR"
        self.ask(partner=self.colleague)
        mails = self.queued()
        self.assertEqual(set(mails.mapped("state")), {"outgoing"})
        cron = self.env.ref("mail.ir_cron_mail_scheduler_action")
        self.assertTrue(self.env["ir.cron.trigger"].search_count([("cron_id", "=", cron.id)]), "they wait for no hour")
        by_language = {mail.email_to: mail.subject for mail in mails}
        self.assertEqual(len(by_language), 2)
        for address, subject in by_language.items():
            self.assertEqual("Votre" in subject, "colleague" in address, subject)

    def test_what_is_wrong_with_a_mail_undoes_nothing(self):
        template = self.env.ref("portal_access_ext_subscription_oca.mail_template_subscription_close")
        template.body_html = "<p t-out='object.no_such_field'/>"
        with mute_logger("odoo.addons.portal_access_ext_subscription_oca.models.sale_subscription_mail"):
            self.assertTrue(self.ask())
        self.assertEqual(self.subscription.portal_close_state, "asked")
        self.assertFalse(self.queued())
        template.unlink()
        self.subscription._portal_close_withdraw(self.anna)
        self.assertTrue(self.ask())

    def test_a_contact_without_email_gets_none(self):
        self.anna.email = False
        self.assertTrue(self.ask())
        self.assertFalse(self.queued())

    def test_what_customers_type_is_text(self):
        self.ask(text="<script>alert(1)</script>\nsecond {{ object.company_id }}")
        self.assertNotIn("<script>", self.comments().body)
        self.assertIn("&lt;script&gt;", self.comments().body)
        self.assertNotIn("<script>", self.subscription.activity_ids.note)

    # -------------------------------------------------------------------------
    # Writing
    # -------------------------------------------------------------------------

    def test_customers_who_write_hear_of_the_answer(self):
        # As the chatter does, for who has the page's token.
        subscription = self.subscription.with_user(self.colleague.user_ids).sudo()
        subscription.message_post(body="Hello", message_type="comment", subtype_xmlid="mail.mt_comment")
        self.assertEqual(self.subscription.message_partner_ids, self.colleague + self.seller.partner_id)
        self.assertIn(self.seller.partner_id, self.comments().notified_partner_ids, "somebody hears of it")
        answer = self.subscription.with_user(self.seller).message_post(
            body="Hello yourself", message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        self.assertIn(self.colleague, answer.notified_partner_ids)

    def test_employees_and_strangers_do_not_follow_because_they_write(self):
        thread = self.subscription.with_context(mail_create_nosubscribe=True)  # as the portal's pages
        for partner in (self.ben, self.employee.partner_id):
            thread.message_post(
                body="Hello", author_id=partner.id, message_type="comment", subtype_xmlid="mail.mt_comment"
            )
            self.assertNotIn(partner, self.subscription.message_partner_ids)

    def test_the_customer_is_offered_as_recipient(self):
        recipients = self.subscription._message_get_suggested_recipients()[self.subscription.id]
        self.assertIn(self.anna.id, [recipient[0] for recipient in recipients])
