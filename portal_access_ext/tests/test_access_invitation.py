from datetime import timedelta
from smtplib import SMTPServerDisconnected
from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import PortalAccessCase


@tagged("post_install", "-at_install")
class TestAccessInvitation(PortalAccessCase):
    """What becomes of an invitation's mail."""

    def invite(self, partners=None, **kwargs):
        partners = partners or self.partner
        self.grant(partners, **kwargs)
        return self.invitations_of(partners)

    def send_all(self):
        """Run the crons, with a mail server that takes everything."""
        with self.mock_mail_gateway(mail_unlink_sent=True):
            self.run_crons()

    def run_crons(self):
        self.env["portal.access.invitation"]._cron_send()
        # Only ours: demo data has other mails in the queue.
        mails = self.env["mail.mail"].search([("model", "=", "portal.access.invitation"), ("state", "=", "outgoing")])
        if mails:
            self.env["mail.mail"].process_email_queue(mails.ids)

    def run_crons_with_the_server_down(self):
        refused = ConnectionRefusedError("nobody listens")
        with self.mock_mail_gateway(), patch.object(type(self.env["ir.mail_server"]), "connect", side_effect=refused):
            self.run_crons()

    def test_a_grant_queues_and_the_crons_send(self):
        invitations = self.invite(self.partners)
        self.assertEqual(set(invitations.mapped("state")), {"queued"})
        self.send_all()
        self.assertEqual(set(invitations.mapped("state")), {"sent"})
        self.assertEqual(len(self._mails), 3)
        self.assertTrue(all(invitations.mapped("sent_on")))
        self.assertFalse(self.env["mail.mail"].search([("model", "=", invitations._name)]), "sent mails are not kept")

    def test_the_mail_carries_message_login_link_and_end(self):
        invitation = self.invite(message="Welcome aboard!\n<b>No HTML</b>")
        link = invitation.link
        self.send_all()
        [mail] = self._mails
        self.assertEqual(mail["email_from"], self.manager.email_formatted)
        self.assertEqual(mail["email_to"], [self.partner.email_formatted])
        self.assertIn("Welcome aboard!", mail["body"])
        self.assertIn("&lt;b&gt;No HTML&lt;/b&gt;", mail["body"])
        self.assertIn("customer0@pae.example</strong>", mail["body"])
        self.assertIn(link.replace("&", "&amp;"), mail["body"])
        self.assertIn("/web/signup?", link)
        self.assertIn("This link works until", mail["body"])

    def test_the_mail_is_in_the_customers_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        template = self.env.ref("portal_access_ext.mail_template_portal_invitation")
        template.with_context(lang="fr_FR").subject = "Votre compte chez {{ object.company_id.name }}"
        self.partners[0].lang = "fr_FR"
        self.invite(self.partners[:2])
        self.send_all()
        subjects = {mail["email_to"][0]: mail["subject"] for mail in self._mails}
        self.assertIn("Votre compte", subjects[self.partners[0].email_formatted])
        self.assertIn("Your account", subjects[self.partners[1].email_formatted])

    def test_the_link_ends_after_the_validity_of_the_settings(self):
        self.env["ir.config_parameter"].set_param("portal_access_ext.invitation_validity_days", "3")
        invitation = self.invite()
        in_three_days = fields.Datetime.now() + timedelta(days=3)
        self.assertAlmostEqual(invitation.valid_until, in_three_days, delta=timedelta(minutes=1))
        self.assertEqual(self.partner.sudo().signup_expiration, invitation.valid_until)

    def test_a_senseless_validity_falls_back_to_a_week(self):
        for value in ("", "0", "-1", "soon", "1.5", "²"):
            self.env["ir.config_parameter"].set_param("portal_access_ext.invitation_validity_days", value)
            self.assertEqual(self.env["portal.access.invitation"]._get_validity_days(), 7, value)

    def test_the_settings_take_a_sensible_validity_only(self):
        for days in (0, -1, 366):
            with self.assertRaises(ValidationError):
                self.env["res.config.settings"].create({"portal_invitation_validity_days": days})
        self.env["res.config.settings"].create({"portal_invitation_validity_days": 30}).execute()
        self.assertEqual(self.env["portal.access.invitation"]._get_validity_days(), 30)

    @mute_logger("odoo.addons.mail.models.mail_mail")
    def test_with_the_mail_server_down_access_is_granted_and_the_mail_is_sent_later(self):
        invitation = self.invite()
        self.run_crons_with_the_server_down()
        self.assertEqual(invitation.state, "failed")
        self.assertIn("nobody listens", invitation.failure_reason)
        self.assertTrue(self.users_of(self.partner).active)
        self.assertIn("invitation_failed", self.events_of(self.partner).mapped("kind"))
        self.send_all()
        self.assertEqual(invitation.state, "failed", "not before it is due")
        with freeze_time(invitation.next_attempt_on + timedelta(seconds=1)):
            self.send_all()
        self.assertEqual(invitation.state, "sent")
        self.assertEqual(len(self._mails), 1)
        self.assertEqual(invitation.attempt_count, 2)
        self.assertFalse(invitation.failure_reason)

    @mute_logger("odoo.addons.mail.models.mail_mail")
    def test_a_failed_mail_that_an_administrator_sends_again_is_sent(self):
        invitation = self.invite()
        self.run_crons_with_the_server_down()
        self.assertEqual(invitation.state, "failed")
        invitation._get_mails().mark_outgoing()
        self.send_all()
        self.assertEqual(len(self._mails), 1)
        self.assertEqual(invitation.state, "sent")

    @mute_logger("odoo.addons.mail.models.mail_mail")
    def test_a_server_that_hangs_up_is_found_out(self):
        invitation = self.invite()
        with (
            self.mock_mail_gateway(),
            patch.object(type(self.env["ir.mail_server"]), "send_email", side_effect=SMTPServerDisconnected("bye")),
        ):
            self.run_crons()
        self.assertEqual(invitation.state, "queued")
        self.env["portal.access.invitation"]._cron_send()
        self.assertEqual(invitation.state, "failed")
        self.assertTrue(invitation.next_attempt_on)

    def test_a_deleted_cron_or_template_loses_no_grant(self):
        self.env.ref("portal_access_ext.ir_cron_send_invitations").unlink()
        with self.assertLogs("odoo.addons.portal_access_ext.models.portal_access_invitation_mail", "WARNING"):
            invitation = self.invite()
        self.assertEqual(invitation.state, "queued")
        self.env.ref("portal_access_ext.mail_template_portal_invitation").unlink()
        with self.assertLogs("odoo.addons.portal_access_ext.models.portal_access_invitation_mail", "WARNING"):
            self.send_all()
        self.assertEqual(invitation.state, "failed")
        self.assertIn("template", invitation.failure_reason)

    def test_what_an_administrator_stops_is_not_sent(self):
        invitations = self.invite(self.partners[:2])
        self.env["portal.access.invitation"]._cron_send()
        invitations[0]._get_mails().cancel()
        invitations[1]._get_mails().unlink()
        self.send_all()
        self.send_all()
        self.assertFalse(self._mails)
        self.assertEqual(set(invitations.mapped("state")), {"failed"})
        self.assertFalse(any(invitations.mapped("next_attempt_on")))

    def test_an_archived_users_invitation_is_not_sent(self):
        self.invite()
        self.users_of(self.partner).active = False
        self.send_all()
        self.assertFalse(self._mails)

    def test_a_password_reset_meanwhile_leaves_the_invitation_true(self):
        invitation = self.invite()
        expiration = fields.Datetime.now() + timedelta(days=1)
        self.partner.sudo().signup_prepare(signup_type="reset", expiration=expiration)
        self.send_all()
        self.assertFalse(self._mails, "it would end the link that the customer asked for")
        with freeze_time(expiration):
            self.send_all()
        self.partner.invalidate_recordset()
        self.assertIn(f"/web/signup?db={self.env.cr.dbname}&amp;token=", self._mails[0]["body"])
        self.assertEqual(self.partner.sudo().signup_expiration, invitation.valid_until)
        self.partner.sudo().signup_prepare(signup_type="reset", expiration=fields.Datetime.now() + timedelta(days=1))
        self.env["res.users"].signup({"password": "a fine password"}, self.partner.sudo().signup_token)
        self.assertEqual(invitation.state, "accepted")

    def test_only_access_administrators_change_the_text(self):
        template = self.env.ref("portal_access_ext.mail_template_portal_invitation")
        self.manager.groups_id |= self.env.ref("mail.group_mail_template_editor")
        with self.assertRaises(AccessError):
            template.with_user(self.manager).write({"email_cc": "spy@pae.example"})
        with self.assertRaises(AccessError):
            template.with_user(self.manager).update_field_translations("body_html", {"en_US": {"Dear": "Hey"}})
        self.manager.groups_id |= self.env.ref("base.group_erp_manager")
        template.with_user(self.manager).subject = "Hello"

    def test_it_is_not_tried_beyond_its_end(self):
        invitation = self.invite()
        for attempts, hours_left, is_tried in ((0, 1, True), (0, 0.1, False), (5, 3, False), (1000, 48, True)):
            invitation.attempt_count = attempts
            invitation.valid_until = fields.Datetime.now() + timedelta(hours=hours_left)
            invitation._fail({invitation.id: "no"})
            self.assertEqual(bool(invitation.next_attempt_on), is_tried, (attempts, hours_left))

    @mute_logger("odoo.addons.portal_access_ext.models.portal_access_invitation_mail")
    def test_one_that_can_not_be_rendered_does_not_stop_the_others(self):
        template = self.env.ref("portal_access_ext.mail_template_portal_invitation")
        template.subject = "{{ 1 / (object.partner_id.name != 'customer 1') }}"
        invitations = self.invite(self.partners)
        self.send_all()
        self.assertEqual(invitations.mapped("state"), ["sent", "failed", "sent"])
        self.assertTrue(invitations[1].failure_reason)

    def test_a_revoked_contacts_queued_mail_is_not_sent(self):
        invitation = self.invite()
        self.env["portal.access.invitation"]._cron_send()
        self.assertEqual(invitation._get_mails().state, "outgoing")
        self.as_manager(self.partner).portal_access_revoke()
        self.send_all()
        self.assertFalse(self._mails)
        self.assertEqual(invitation.state, "cancelled")

    def test_an_inviter_who_left_is_replaced(self):
        self.invite()
        self.manager.active = False
        self.send_all()
        self.assertEqual(len(self._mails), 1)

    def test_a_sign_up_accepts_the_invitation(self):
        invitation = self.invite()
        user = self.users_of(self.partner)
        self.env["res.users"].signup({"password": "a fine password"}, self.partner.sudo().signup_token)
        self.assertEqual(invitation.state, "accepted")
        self.assertTrue(invitation.accepted_on)
        event = self.events_of(self.partner)[-1]
        self.assertEqual((event.kind, event.actor_id, event.user_id), ("accepted", user, user))

    def test_only_the_hash_of_the_token_is_kept(self):
        invitation = self.invite()
        values = invitation.read()[0]
        token = self.partner.sudo().signup_token
        self.env.cr.execute("SELECT to_jsonb(i)::text FROM portal_access_invitation i WHERE id = %s", invitation.ids)
        self.assertNotIn(token, self.env.cr.fetchone()[0])
        self.assertNotEqual(values["token_hash"], token)

    def test_tokens_of_other_code_get_an_end_and_valid_ones_are_kept(self):
        self.partner.sudo().signup_prepare()
        token = self.partner.sudo().signup_token
        self.assertTrue(self.partner.sudo().signup_expiration)
        self.partner.sudo().signup_prepare()
        self.assertEqual(self.partner.sudo().signup_token, token)
        explicit = fields.Datetime.now() + timedelta(hours=5)
        self.partner.sudo().signup_prepare(expiration=explicit)
        self.assertNotEqual(self.partner.sudo().signup_token, token)
        self.assertEqual(self.partner.sudo().signup_expiration, explicit)

    def test_links_that_are_shared_with_others_end_too(self):
        """Portal share, notifications and payment links of contacts without an account, with free sign-up."""
        self.env["ir.config_parameter"].set_param("auth_signup.invitation_scope", "b2c")
        self.env["ir.config_parameter"].set_param("portal_access_ext.invitation_validity_days", "3")
        ends = fields.Datetime.now() + timedelta(days=3)
        shared, asked = self.partners[:2]
        self.as_manager(shared).signup_get_auth_param()
        asked.with_context(signup_valid=True)._get_signup_url_for_action()
        for partner in (shared, asked):
            self.assertAlmostEqual(partner.sudo().signup_expiration, ends, delta=timedelta(minutes=1))
