from datetime import timedelta
from smtplib import SMTPServerDisconnected
from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools import format_datetime, mute_logger

from ..models.portal_access_invitation_mail import REMINDER_RETRY_DELAY
from .test_invitation_life import InvitationCase

MINUTE = timedelta(minutes=1)
REFUSED = ConnectionRefusedError("nobody listens")


@tagged("post_install", "-at_install")
class TestInvitationReminder(InvitationCase):
    """Customers who did not follow their invitation are reminded once before it ends."""

    def setUp(self):
        super().setUp()
        self.remind_before(2)
        self.invitation = self.invite(self.partner)
        self.invitation._mark_sent()
        self.due = self.invitation.valid_until - timedelta(days=2)

    def remind_before(self, days):
        self.env["ir.config_parameter"].set_param("portal_access_ext.invitation_reminder_days", str(days))

    def run_crons(self, when):
        """:return: the addresses that were mailed"""
        self.env.flush_all()
        with freeze_time(when), self.mock_mail_gateway():
            self.env["portal.access.invitation"]._cron_send()
            self.send_queue()
        return [address for mail in self._mails for address in mail["email_to"]]

    def send_queue(self):
        mails = self.env["mail.mail"].search([("model", "=", "portal.access.invitation"), ("state", "=", "outgoing")])
        if mails:
            self.env["mail.mail"].process_email_queue(mails.ids)

    def run_crons_with_the_server_down(self, when, error=REFUSED, method="connect"):
        self.env.flush_all()
        Server = type(self.env["ir.mail_server"])
        with freeze_time(when), self.mock_mail_gateway(), patch.object(Server, method, side_effect=error):
            self.env["portal.access.invitation"]._cron_send()
            self.send_queue()

    def kinds(self):
        return self.events_of(self.partner).mapped("kind")

    def test_a_reminder_is_sent_once_when_it_is_due(self):
        self.assertFalse(self.run_crons(self.due - MINUTE))
        self.assertFalse(self.invitation.reminded_on)
        self.assertEqual(self.run_crons(self.due), [self.partner.email_formatted])
        self.assertTrue(self.invitation.reminded_on)
        self.assertEqual(self.invitation.status, "sent")
        self.assertEqual(self.kinds().count("reminded"), 1)
        self.assertFalse(self.run_crons(self.due + MINUTE))
        self.assertFalse(self.run_crons(self.due + timedelta(days=1)))
        self.assertFalse(self.run_crons(self.invitation.valid_until + MINUTE))
        self.assertEqual(self.kinds().count("reminded"), 1)

    def test_it_carries_the_same_link_the_login_and_the_end_in_the_customers_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        template = self.env.ref("portal_access_ext.mail_template_portal_invitation_reminder")
        template.with_context(lang="fr_FR").subject = "Rappel de {{ object.company_id.name }}"
        self.partner.lang = "fr_FR"
        token = self.token_of(self.partner)
        self.run_crons(self.due)
        [mail] = self._mails
        self.assertEqual(self.token_of(self.partner), token)
        self.assertIn(token, mail["body"])
        self.assertIn(self.partner.email + "</strong>", mail["body"])
        end = format_datetime(self.env, self.invitation.valid_until, dt_format="short", lang_code="fr_FR")
        self.assertIn(end.split()[0], mail["body"])
        self.assertIn("Rappel de", mail["subject"])
        self.assertEqual(mail["email_from"], self.manager.email_formatted)

    def test_late_is_better_than_never_but_not_after_the_end(self):
        self.assertFalse(self.run_crons(self.invitation.valid_until))
        self.assertTrue(self.run_crons(self.invitation.valid_until - MINUTE))

    def test_nobody_is_reminded_when_it_is_off(self):
        for value in ("0", "", "-1", "soon", "7", "100", "²"):
            self.remind_before(value)
            self.assertEqual(self.env["portal.access.invitation"]._get_reminder_days(), 0, value)
            self.assertFalse(self.run_crons(self.due), value)

    def test_who_came_was_cancelled_or_revoked_is_not_reminded(self):
        partners = self.make_partners(6, "over")
        accepted, cancelled, revoked, connected, failed, queued = self.invite(partners)
        (accepted | cancelled | revoked | connected)._mark_sent()
        self.env["res.users"].signup({"password": "a fine password"}, self.token_of(accepted.partner_id))
        self.as_manager(cancelled).action_cancel()
        self.as_manager(revoked.partner_id).portal_access_revoke()
        self.connect(connected.partner_id)
        failed._fail({failed.id: "no"}, retry=False)
        queued.rendered_on = fields.Datetime.now()
        queued.mail_mail_id_int = self.env["mail.mail"].create({"state": "outgoing", "scheduled_date": "2099-01-01"}).id
        self.assertEqual(self.run_crons(self.due + MINUTE), [self.partner.email_formatted])

    def test_a_reminder_waits_while_the_link_of_a_password_reset_works(self):
        self.partner.sudo().signup_prepare(signup_type="reset", expiration=self.due + timedelta(days=1))
        token = self.token_of(self.partner)
        self.assertFalse(self.run_crons(self.due + MINUTE))
        self.assertEqual(self.token_of(self.partner), token)
        self.assertEqual(self.run_crons(self.due + timedelta(days=1)), [self.partner.email_formatted])

    def test_a_reminder_that_waits_is_not_sent_when_the_invitation_is_over(self):
        partners = self.make_partners(5, "wait")
        invitations = self.invite(partners)
        invitations._mark_sent()
        accepted, cancelled, replaced, connected, expired = invitations
        with freeze_time(self.due + MINUTE):
            self.env["portal.access.invitation"]._cron_send()
        mails = invitations._get_mails("reminder")
        self.assertEqual(len(mails), 5)
        self.env["res.users"].signup({"password": "a fine password"}, self.token_of(accepted.partner_id))
        self.as_manager(cancelled).action_cancel()
        self.as_manager(replaced.partner_id).portal_access_invite()
        self.connect(connected.partner_id)
        expired.valid_until = fields.Datetime.now() - MINUTE
        with self.mock_mail_gateway():
            mails.send()
        self.assertFalse(self._mails)
        self.assertNotIn("reminded", self.events_of(partners).mapped("kind"))
        # Nor does anybody worry about the lost mail.
        self.env["portal.access.invitation"]._recover_lost_mails()
        self.assertFalse(any(invitations.mapped("reminder_failure")))

    @mute_logger("odoo.addons.mail.models.mail_mail")
    def test_a_failed_reminder_leaves_the_invitation_sent_shows_why_and_is_tried_again(self):
        self.run_crons_with_the_server_down(self.due)
        self.assertEqual(self.invitation.status, "sent")
        self.assertIn("nobody listens", self.invitation.reminder_failure)
        self.assertNotIn("reminded", self.kinds())
        self.assertNotIn("invitation_failed", self.kinds())
        self.assertFalse(self.run_crons(self.due + MINUTE), "not at once")
        self.assertEqual(len(self.run_crons(self.due + REMINDER_RETRY_DELAY + MINUTE)), 1)
        self.assertFalse(self.invitation.reminder_failure)
        self.assertEqual(self.kinds().count("reminded"), 1)
        self.assertFalse(self.run_crons(self.due + 3 * REMINDER_RETRY_DELAY))

    @mute_logger("odoo.addons.mail.models.mail_mail")
    def test_a_server_that_hangs_up_on_a_reminder_is_found_out(self):
        self.run_crons_with_the_server_down(self.due, SMTPServerDisconnected("bye"), "send_email")
        self.assertFalse(self.run_crons(self.due + MINUTE))
        self.assertTrue(self.invitation.reminder_failure)
        self.assertEqual(len(self.run_crons(self.due + REMINDER_RETRY_DELAY + MINUTE)), 1)
        self.assertEqual(self.invitation.status, "sent")

    def test_a_reminder_that_an_administrator_stops_is_not_tried_again(self):
        with freeze_time(self.due):
            self.env["portal.access.invitation"]._cron_send()
        self.invitation._get_mails("reminder").cancel()
        self.assertFalse(self.run_crons(self.due + MINUTE))
        self.assertTrue(self.invitation.reminder_failure)
        self.assertFalse(self.run_crons(self.due + 2 * REMINDER_RETRY_DELAY))

    @mute_logger("odoo.addons.portal_access_ext.models.portal_access_invitation_mail")
    def test_one_that_can_not_be_rendered_does_not_stop_the_others(self):
        template = self.env.ref("portal_access_ext.mail_template_portal_invitation_reminder")
        template.subject = "{{ 1 / (object.partner_id.name != 'customer 1') }}"
        others = self.invite(self.partners[1:])
        others._mark_sent()
        self.assertEqual(len(self.run_crons(self.due + MINUTE)), 2)
        self.assertTrue(others[0].reminder_failure)
        self.assertEqual(others[0].status, "sent")
        self.assertFalse(self.run_crons(self.due + 2 * REMINDER_RETRY_DELAY))
        template.unlink()
        more = self.invite(self.make_partners(1, "more"))
        more._mark_sent()
        self.run_crons(self.due + MINUTE)
        self.assertIn("template", more.reminder_failure)

    def test_reminding_costs_few_queries_each(self):
        counts = []
        for size in (3, 5, 65):
            invitations = self.invite(self.make_partners(size, f"remind{size}-"))
            invitations._mark_sent()
            with self.count_queries(counts):
                invitations._create_mails("reminder")
        self.assertLessEqual((counts[2] - counts[1]) / 60, 2)

    def test_the_settings_take_a_reminder_within_the_validity_only(self):
        Settings = self.env["res.config.settings"]
        for reminder, validity in ((-1, 7), (7, 7), (8, 7), (1, 1)):
            with self.subTest(reminder=reminder, validity=validity), self.assertRaises(ValidationError):
                Settings.create(
                    {"portal_invitation_reminder_days": reminder, "portal_invitation_validity_days": validity}
                )
        Settings.create({"portal_invitation_reminder_days": 3, "portal_invitation_validity_days": 10}).execute()
        self.assertEqual(self.env["portal.access.invitation"]._get_reminder_days(), 3)
        Settings.create({"portal_invitation_reminder_days": 0}).execute()
        self.assertEqual(self.env["portal.access.invitation"]._get_reminder_days(), 0)

    def test_only_access_administrators_change_its_text(self):
        template = self.env.ref("portal_access_ext.mail_template_portal_invitation_reminder")
        self.manager.groups_id |= self.env.ref("mail.group_mail_template_editor")
        with self.assertRaisesRegex(Exception, "allowed|access"):
            template.with_user(self.manager).write({"email_cc": "spy@pae.example"})
