from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools.safe_eval import safe_eval

from odoo.addons.mail.tests.common import mail_new_test_user

from .common import PortalAccessCase

STATUSES = ("queued", "sent", "failed", "expired", "accepted", "cancelled")
SECOND = timedelta(seconds=1)


class InvitationCase(PortalAccessCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.access_admin = mail_new_test_user(
            cls.env, login="pae_admin", groups="base.group_user,base.group_partner_manager,base.group_erp_manager"
        )

    def invite(self, partners):
        self.grant(partners)
        return self.invitations_of(partners)

    def make_all_statuses(self):
        """:return dict: an invitation by status"""
        invitations = dict(zip(STATUSES, self.invite(self.make_partners(6, "status")), strict=True))
        invitations["sent"]._mark_sent()
        invitations["failed"]._fail({invitations["failed"].id: "550 no such user"})
        invitations["expired"].write({"state": "sent", "valid_until": fields.Datetime.now() - SECOND})
        invitations["expired"].partner_id.sudo().signup_expiration = invitations["expired"].valid_until
        token = invitations["accepted"].partner_id.sudo().signup_token
        self.env["res.users"].signup({"password": "a fine password"}, token)
        self.as_manager(invitations["cancelled"]).action_cancel()
        return invitations

    def token_of(self, partner):
        self.env.cr.execute("SELECT signup_token FROM res_partner WHERE id = %s", partner.ids)
        return self.env.cr.fetchone()[0]

    def connect(self, partner):
        self.env["res.users.log"].with_user(self.users_of(partner)).sudo().create({})

    def message_of(self, action):
        self.assertEqual(action["tag"], "display_notification")
        return action["params"]["message"]


@tagged("post_install", "-at_install")
class TestInvitationStatus(InvitationCase):
    def test_each_status_is_read_found_and_counted(self):
        invitations = self.make_all_statuses()
        Invitation = self.as_manager(self.env["portal.access.invitation"])
        ours = [("id", "in", [invitation.id for invitation in invitations.values()])]
        for status, invitation in invitations.items():
            with self.subTest(status=status):
                self.assertEqual(invitation.status, status)
                self.assertEqual(Invitation.search([*ours, ("status", "=", status)]).ids, invitation.ids)
                others = Invitation.search([*ours, ("status", "!=", status)])
                self.assertEqual(len(others), 5)
                self.assertNotIn(invitation, others)
        self.assertEqual(len(Invitation.search([*ours, ("status", "in", ["failed", "expired"])])), 2)
        self.assertEqual(len(Invitation.search([*ours, ("status", "not in", ["failed", "expired"])])), 4)
        self.assertEqual(len(Invitation.search([*ours, ("status", "!=", False)])), 6)
        self.assertFalse(Invitation.search([*ours, ("status", "=", False)]))
        groups = Invitation.read_group(ours, ["__count"], ["status"])
        self.assertEqual({group["status"]: group["status_count"] for group in groups}, dict.fromkeys(STATUSES, 1))
        for group in groups:
            self.assertEqual(Invitation.search_count(group["__domain"]), 1)
        groups = Invitation.web_read_group(ours, ["__count"], ["status"])
        self.assertEqual(groups["length"], 6)

    def test_an_invitation_expires_without_anybody_writing_it_down(self):
        invitation = self.invite(self.partner)
        for state in ("queued", "sent", "failed"):
            invitation.state = state
            self.env.flush_all()
            for moment, status in ((-SECOND, state), (timedelta(0), "expired"), (SECOND, "expired")):
                with self.subTest(state=state, moment=moment), freeze_time(invitation.valid_until + moment):
                    self.env.invalidate_all()
                    self.assertEqual(invitation.status, status)
                    self.assertTrue(invitation.search([("id", "=", invitation.id), ("status", "=", status)]))
                    [group] = invitation.read_group([("id", "=", invitation.id)], ["__count"], ["status"])
                    self.assertEqual(group["status"], status)

    def test_filters_find_what_needs_attention_and_who_never_came(self):
        invitations = self.make_all_statuses()
        ours = [("id", "in", [invitation.id for invitation in invitations.values()])]
        Invitation = self.as_manager(self.env["portal.access.invitation"])
        view = self.env.ref("portal_access_ext.portal_access_invitation_view_search")
        arch = self.env["ir.ui.view"].with_user(self.manager).browse(view.id).sudo()._get_combined_arch()

        def find(name):
            [node] = arch.xpath(f"//filter[@name='{name}']")
            domain = safe_eval(node.get("domain"), {"uid": self.manager.id})
            return Invitation.search([*ours, *domain]).sudo()

        self.assertEqual(find("needs_attention"), invitations["failed"] | invitations["expired"])
        self.assertEqual(len(find("mine")), 6)
        for status in STATUSES:
            self.assertEqual(find(status), invitations[status])
        self.connect(invitations["accepted"].partner_id)
        self.connect(invitations["expired"].partner_id)
        self.env.invalidate_all()
        self.assertEqual(find("needs_attention"), invitations["failed"])
        self.assertEqual(
            find("not_connected"),
            Invitation.sudo()
            .browse([invitations[s].id for s in STATUSES])
            .filtered(lambda i: i.status not in ("accepted", "expired")),
        )
        self.assertTrue(invitations["accepted"].is_connected)
        self.assertFalse(invitations["sent"].is_connected)
        self.as_manager(invitations["sent"].partner_id).portal_access_invite()
        self.assertNotIn(invitations["sent"], find("not_replaced"))

    def test_a_replaced_an_ended_and_a_cancelled_invitation_say_why(self):
        replaced, ended, by_hand = self.invite(self.partners)
        self.as_manager(replaced.partner_id).portal_access_invite()
        self.as_manager(ended.partner_id).portal_access_revoke()
        self.as_manager(by_hand).action_cancel()
        reasons = (replaced | ended | by_hand).mapped("cancel_reason")
        self.assertEqual(reasons, ["replaced", "ended", "by_hand"])

    def test_the_link_of_an_expired_invitation_is_not_revived_by_a_new_one(self):
        invitation = self.invite(self.partner)
        old = self.token_of(self.partner)
        with freeze_time(invitation.valid_until + SECOND):
            self.as_manager(self.partner).portal_access_invite()
        self.assertNotEqual(self.token_of(self.partner), old)
        new = self.token_of(self.partner)
        self.as_manager(self.partner).portal_access_invite()
        self.assertEqual(self.token_of(self.partner), new, "one that works is kept")


@tagged("post_install", "-at_install")
class TestInvitationActions(InvitationCase):
    def test_many_are_invited_again_and_the_others_say_why_not(self):
        partners = self.make_partners(4, "again")
        invitations = self.invite(partners)
        partners[1].email = "nonsense"
        self.as_manager(partners[2]).portal_access_revoke()
        token = self.token_of(partners[3])
        self.env["res.users"].signup({"password": "a fine password"}, token)
        message = self.message_of(self.as_manager(invitations).action_reinvite())
        self.assertIn("Invited again: 1", message)
        self.assertIn("Not changed: 3", message)
        self.assertIn("again 1: This is not a valid email address.", message)
        self.assertIn("again 2: This contact has no portal access.", message)
        self.assertIn("again 3: Has chosen a password already", message)
        self.assertEqual(self.invitations_of(partners[0]).mapped("state"), ["cancelled", "queued"])
        self.assertEqual(self.invitations_of(partners[3]).mapped("state"), ["accepted"])

    def test_a_contact_that_is_there_twice_is_invited_once(self):
        self.invite(self.partner)
        self.as_manager(self.partner).portal_access_invite()
        self.assertIn("Invited again: 1", self.message_of(self.invitations_of(self.partner).action_reinvite()))
        self.assertEqual(len(self.invitations_of(self.partner)), 3)

    def test_one_that_an_account_in_use_waits_for_is_sent_again(self):
        self.invite(self.partner)
        self.env["res.users"].signup({"password": "a fine password"}, self.token_of(self.partner))
        self.as_manager(self.partner).portal_access_invite()
        invitation = self.invitations_of(self.partner)[-1]
        self.assertIn("Invited again: 1", self.message_of(self.as_manager(invitation).action_reinvite()))

    def test_inviting_nobody_again_is_an_error_with_the_reasons(self):
        invitations = self.invite(self.partners)
        self.partners.email = False
        with self.assertRaisesRegex(UserError, "customer 0; customer 1; customer 2: This contact has no email"):
            self.as_manager(invitations).action_reinvite()

    def test_only_some_of_many_contacts_are_named(self):
        partners = self.make_partners(7, "many")
        invitations = self.invite(partners)
        partners.email = False
        with self.assertRaisesRegex(UserError, "; 2 more: "):
            invitations.action_reinvite()

    def test_cancelling_kills_the_link_and_the_mail_and_keeps_the_access(self):
        invitation = self.invite(self.partner)
        self.env["portal.access.invitation"]._cron_send()
        token, notes = self.token_of(self.partner), len(self.partner.message_ids)
        self.assertIn("Cancelled: 1", self.message_of(self.as_manager(invitation).action_cancel()))
        self.assertEqual(invitation.status, "cancelled")
        self.assertFalse(self.token_of(self.partner))
        self.assertFalse(self.env["res.partner"].sudo()._signup_retrieve_partner(token))
        with self.assertRaises(UserError):
            self.env["res.users"].signup({"password": "a fine password"}, token)
        with self.mock_mail_gateway():
            invitation._get_mails().send()
        self.assertFalse(self._mails)
        self.assertTrue(self.users_of(self.partner).active)
        event = self.events_of(self.partner)[-1]
        self.assertEqual(
            (event.kind, event.actor_id, event.details), ("invitation_cancelled", self.manager, self.partner.email)
        )
        self.assertEqual(len(self.partner.message_ids), notes + 1)
        self.assertIn("Portal Invitation Cancelled", self.partner.message_ids[0].body)
        self.assertEqual(self.partner.message_ids[0].author_id, self.manager.partner_id)

    def test_cancelling_leaves_a_password_reset_alone(self):
        invitation = self.invite(self.partner)
        self.partner.sudo().signup_prepare(signup_type="reset", expiration=fields.Datetime.now() + timedelta(days=1))
        token = self.token_of(self.partner)
        self.as_manager(invitation).action_cancel()
        self.assertEqual(self.token_of(self.partner), token)

    def test_what_is_over_is_not_cancelled(self):
        accepted, cancelled, still_open = self.invite(self.partners)
        self.env["res.users"].signup({"password": "a fine password"}, self.token_of(accepted.partner_id))
        self.as_manager(cancelled).action_cancel()
        for invitation, reason in ((accepted, "Accepted already"), (cancelled, "Cancelled already")):
            with self.assertRaisesRegex(UserError, reason):
                self.as_manager(invitation).action_cancel()
        message = self.message_of(self.as_manager(accepted | cancelled | still_open).action_cancel())
        self.assertIn("Cancelled: 1\nNot changed: 2", message)
        self.assertEqual(accepted.status, "accepted")
        self.assertEqual(self.events_of(self.partners).mapped("kind").count("invitation_cancelled"), 2)

    def test_an_older_invitation_of_the_same_contact_is_no_news(self):
        self.invite(self.partner)
        self.as_manager(self.partner).portal_access_invite()
        message = self.message_of(self.as_manager(self.invitations_of(self.partner)).action_cancel())
        self.assertEqual(message, "Cancelled: 1")

    def test_an_expired_one_can_be_cancelled(self):
        invitation = self.invite(self.partner)
        with freeze_time(invitation.valid_until + SECOND):
            self.as_manager(invitation).action_cancel()
            self.assertEqual(invitation.status, "cancelled")

    def test_deleted_invitations_and_none_at_all_get_a_clear_error(self):
        invitation = self.invite(self.partner)
        gone = self.as_manager(invitation)
        invitation.sudo().unlink()
        for records in (gone, gone.browse()):
            for action in ("action_reinvite", "action_cancel"):
                with self.assertRaises(UserError):
                    getattr(records, action)()

    def test_a_copied_link_is_the_one_of_the_mail_and_is_recorded(self):
        invitation = self.invite(self.partner)
        action = invitation.with_user(self.access_admin).action_copy_link()
        self.assertIn(self.token_of(self.partner), action["params"]["link"])
        self.assertIn("/web/signup?", action["params"]["link"])
        event = self.events_of(self.partner)[-1]
        self.assertEqual((event.kind, event.actor_id), ("link_copied", self.access_admin))
        invitation.with_user(self.access_admin).action_copy_link()
        self.assertEqual(self.events_of(self.partner).mapped("kind").count("link_copied"), 2)

    def test_copying_a_link_leaves_that_of_a_password_reset_alone_while_it_works(self):
        invitation = self.invite(self.partner)
        expiration = fields.Datetime.now() + timedelta(days=1)
        self.partner.sudo().signup_prepare(signup_type="reset", expiration=expiration)
        token = self.token_of(self.partner)
        params = invitation.with_user(self.access_admin).action_copy_link()["params"]
        self.assertIn("/web/reset_password?", params["link"])
        self.assertIn(token, params["link"])
        self.assertEqual(params["valid_until"], fields.Datetime.to_string(expiration))
        self.assertEqual(self.token_of(self.partner), token)
        self.env.invalidate_all()
        with freeze_time(expiration + SECOND):
            params = invitation.with_user(self.access_admin).action_copy_link()["params"]
            self.assertIn("/web/signup?", params["link"])
            self.assertEqual(params["valid_until"], fields.Datetime.to_string(invitation.valid_until))
            self.assertEqual(self.partner.sudo().signup_expiration, invitation.valid_until)

    def test_a_retry_waits_while_the_link_of_a_password_reset_works(self):
        invitation = self.invite(self.partner)
        invitation._fail({invitation.id: "no"})
        expiration = fields.Datetime.now() + timedelta(days=1)
        self.partner.sudo().signup_prepare(signup_type="reset", expiration=expiration)
        token = self.token_of(self.partner)
        for when, mails in ((expiration - SECOND, 0), (expiration + SECOND, 1)):
            with freeze_time(when), self.mock_mail_gateway():
                invitation._cron_send()
            self.assertEqual(len(self._new_mails), mails)
            self.assertEqual(self.token_of(self.partner) == token, not mails)
        self.assertEqual(invitation.state, "queued")

    def test_an_invitation_that_is_over_has_no_link(self):
        for status, invitation in self.make_all_statuses().items():
            invitation = invitation.with_user(self.access_admin)
            has_link = status in ("queued", "sent", "failed")
            self.assertEqual(bool(invitation.sudo().link), has_link, status)
            if has_link:
                self.assertTrue(invitation.action_copy_link())
            else:
                with self.subTest(status=status), self.assertRaises(UserError):
                    invitation.action_copy_link()

    def test_the_mail_is_shown_while_it_exists(self):
        invitation = self.invite(self.partner)
        self.assertFalse(invitation.has_mail)
        with self.assertRaises(UserError):
            invitation.action_open_mail()
        self.env["portal.access.invitation"]._cron_send()
        self.env.invalidate_all()
        self.assertTrue(self.as_manager(invitation).has_mail)
        self.assertEqual(invitation.action_open_mail()["res_id"], invitation._get_mails().id)
