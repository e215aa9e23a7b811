from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import PortalAccessCase


@tagged("post_install", "-at_install")
class TestAccessCustomized(PortalAccessCase):
    """Where another module changes what happens to one row, it has its say for many rows too."""

    def patch_line(self, name, function):
        patcher = patch.object(self.env.registry["portal.wizard.user"], name, function)
        self.addCleanup(patcher.stop)
        patcher.start()

    def override(self, name, before):
        """Override a method as another module would: do something, then go on with what was there."""
        original = getattr(self.env.registry["portal.wizard.user"], name)

        def method(line):
            before(line)
            return original(line)

        self.patch_line(name, method)

    def apply_to_all(self):
        dialog = self.open_dialog(self.partners)
        dialog.user_ids.in_portal = True
        with self.mock_mail_gateway():
            dialog.action_apply()
        return dialog

    def test_an_override_of_the_row_action_runs_for_each_row(self):
        seen = []
        self.override("action_grant_access", lambda line: seen.append(line.partner_id.id))
        dialog = self.apply_to_all()
        self.assertEqual(sorted(seen), sorted(self.partners.ids))
        self.assertEqual(
            set(dialog.user_ids.mapped("access_state")), {"granted"}, dialog.user_ids.mapped("access_reason")
        )
        self.assertEqual(len(self._mails), 3)
        self.assertEqual(len(self.users_of(self.partners)), 3)

    def test_what_happened_is_remembered_all_the_same(self):
        self.override("action_revoke_access", lambda line: None)
        self.apply_to_all()
        self.assertCountEqual(self.events_of(self.partner).mapped("kind"), ["granted", "invited"])
        self.assertEqual(set(self.invitations_of(self.partners).mapped("state")), {"sent"})
        self.assertTrue(self.partner.sudo().signup_expiration, "the stock mail's link ends too")
        self.assertIn("token=", self._mails[0]["body"])
        results = self.as_manager(self.partners).portal_access_revoke()
        self.assertEqual({result["outcome"] for result in results}, {"revoked"})
        self.assertEqual(self.events_of(self.partner)[-1].kind, "revoked")
        self.assertEqual(set(self.invitations_of(self.partners).mapped("state")), {"cancelled"})

    def test_a_row_that_fails_does_not_stop_the_others(self):
        def refuse(line):
            if line.partner_id == self.partners[1]:
                raise UserError("Not this one!")  # pylint: disable=translation-required

        self.override("_create_user", refuse)
        dialog = self.apply_to_all()
        bad = self.line_of(dialog, self.partners[1])
        self.assertEqual((bad.access_state, bad.access_reason), ("refused", "Not this one!"))
        self.assertEqual(len(self.users_of(self.partners)), 2)

    @mute_logger("odoo.addons.portal_access_ext.wizard.portal_wizard_user_hooks")
    def test_a_bug_in_an_override_is_told_and_logged(self):
        self.override("_create_user", lambda line: 1 / 0)
        dialog = self.apply_to_all()
        self.assertEqual(set(dialog.user_ids.mapped("access_state")), {"refused"})
        self.assertIn("division", dialog.user_ids[0].access_reason)

    def test_an_override_of_the_mail_replaces_it(self):
        sent = []
        self.patch_line("_send_email", lambda line: sent.append(line.partner_id.id))
        self.apply_to_all()
        self.assertEqual(sorted(sent), sorted(self.partners.ids))
        self.assertFalse(self._mails)

    def test_an_override_is_no_way_around_the_companies(self):
        user = self.grant(self.partner)
        user.write({"company_ids": [(6, 0, self.company_2.ids)], "company_id": self.company_2.id})
        self.override("action_revoke_access", lambda line: None)
        [result] = self.as_manager(self.partner).portal_access_revoke()
        self.assertEqual((result["verdict"], result["outcome"]), ("other_company", "refused"))
        self.assertTrue(user.active)

    def test_an_old_dialog_does_not_write_old_addresses_back(self):
        self.grant(self.partners[0])
        self.override("action_revoke_access", lambda line: None)
        dialog = self.open_dialog(self.partners[:2])
        lines = [self.line_of(dialog, partner) for partner in self.partners[:2]]
        for partner in self.partners[:2]:
            partner.email = f"other-{partner.email}"
        with self.mock_mail_gateway():
            lines[0].action_revoke_access()
            lines[1].action_grant_access()
        self.assertEqual(lines[1].access_state, "refused")
        self.assertFalse(self.users_of(self.partners[1]))
        self.assertEqual(
            self.partners[:2].mapped("email"), ["other-customer0@pae.example", "other-customer1@pae.example"]
        )

    @mute_logger("odoo.addons.mail.models.mail_mail")
    def test_a_mail_of_theirs_that_fails_is_not_replaced_by_ours(self):
        self.override("_create_user", lambda line: None)
        with patch.object(type(self.env["ir.mail_server"]), "connect", side_effect=ConnectionRefusedError("closed")):
            dialog = self.open_dialog(self.partner)
            dialog.user_ids.in_portal = True
            with self.mock_mail_gateway():
                dialog.action_apply()
        invitation = self.invitations_of(self.partner)
        self.assertEqual((invitation.state, invitation.next_attempt_on), ("failed", False))
        self.assertEqual(invitation._get_mails().model, "portal.wizard.user")

    def test_rpc_goes_through_the_overrides_too(self):
        seen = []
        self.override("action_grant_access", lambda line: seen.append(line.email))
        with self.mock_mail_gateway():
            results = self.as_manager(self.partners).portal_access_grant({self.partner.id: "typed@pae.example"})
        self.assertEqual({result["outcome"] for result in results}, {"granted"})
        self.assertIn("typed@pae.example", seen)
        self.assertEqual(self.partner.email, "typed@pae.example")
        self.assertTrue(all(result["user_id"] for result in results))


@tagged("post_install", "-at_install")
class TestPortalInvitationByWebsite(PortalAccessCase):
    """The real thing: OCA's `portal_invitation_by_website`."""

    def setUp(self):
        super().setUp()
        if "website_id" not in self.env["portal.wizard"]._fields:
            self.skipTest("portal_invitation_by_website is not installed (./dev test --oca)")

    def test_apply_uses_the_website_of_the_dialog(self):
        website = self.env["website"].create({"name": "Two", "domain": "https://two.pae.example"})
        dialog = self.open_dialog(self.partners)
        dialog.website_id = website
        dialog.user_ids.in_portal = True
        with self.mock_mail_gateway():
            dialog.action_apply()
        self.assertEqual(self.users_of(self.partners).website_id, website)
        self.assertEqual(set(dialog.user_ids.mapped("access_state")), {"granted"})
        self.assertEqual(len(self._mails), 3)
        self.assertIn("two.pae.example", self._mails[0]["body"])
        self.assertIn("token=", self._mails[0]["body"])
