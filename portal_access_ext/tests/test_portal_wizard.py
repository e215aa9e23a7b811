from odoo.exceptions import UserError
from odoo.tests import Form, tagged

from .common import PortalAccessCase


@tagged("post_install", "-at_install")
class TestPortalWizard(PortalAccessCase):
    """The dialog: many rows, one call, and the truth about each."""

    def test_opening_says_what_is_the_matter_with_each_contact(self):
        self.grant(self.partners[0])
        self.partners[1].email = "nonsense"
        dialog = self.open_dialog(self.partners)
        states = {line.partner_id: line.access_state for line in dialog.user_ids}
        self.assertEqual(list(map(states.get, self.partners)), ["has_access", "invalid_email", "ready"])
        dialog.invalidate_recordset()
        self.assertEqual(dialog.user_ids[0].partner_id, self.partners[1], "what needs attention comes first")
        self.assertFalse(dialog.has_pending)
        self.assertEqual(self.line_of(dialog, self.partners[0]).in_portal, True)

    def test_a_company_brings_its_contacts(self):
        company = self.env["res.partner"].create({"name": "Company", "is_company": True, "email": "c@pae.example"})
        self.partners[0].write({"parent_id": company.id, "type": "contact"})
        self.partners[1].write({"parent_id": company.id, "type": "other"})
        self.partners[2].write({"parent_id": company.id, "type": "invoice"})
        dialog = self.open_dialog(company)
        self.assertEqual(dialog.user_ids.partner_id, company | self.partners[:2])

    def test_apply_grants_and_revokes_at_once_and_says_so_before(self):
        self.grant(self.partners[0])
        dialog = self.open_dialog(self.partners)
        self.line_of(dialog, self.partners[0]).in_portal = False
        (dialog.user_ids - self.line_of(dialog, self.partners[0])).in_portal = True
        self.assertEqual(dialog.pending_summary, "Grant: 2, revoke: 1")
        action = dialog.action_apply()
        self.assertEqual((action["res_model"], action["res_id"], action["target"]), ("portal.wizard", dialog.id, "new"))
        self.assertEqual(self.users_of(self.partners).mapped("active"), [False, True, True])
        outcomes = {line.partner_id: line.access_state for line in dialog.user_ids}
        self.assertEqual(list(map(outcomes.get, self.partners)), ["revoked", "granted", "granted"])
        self.assertFalse(dialog.has_pending)

    def test_ready_rows_succeed_even_when_others_can_not(self):
        self.partners[1].email = "nonsense"
        dialog = self.open_dialog(self.partners)
        dialog.user_ids.in_portal = True
        self.assertIn("can't be granted: 1", dialog.pending_summary)
        dialog.action_apply()
        bad = self.line_of(dialog, self.partners[1])
        self.assertEqual((bad.access_state, bad.in_portal, bad.has_problem), ("invalid_email", True, True))
        self.assertEqual(len(self.users_of(self.partners)), 2)
        # Mended and applied again, it works.
        bad.email = "mended@pae.example"
        dialog.action_apply()
        self.assertEqual(bad.access_state, "granted")
        self.assertEqual(self.partners[1].email, "mended@pae.example")

    def test_of_two_rows_with_one_email_one_can_be_granted_alone(self):
        self.partners[1].email = self.partners[0].email
        dialog = self.open_dialog(self.partners)
        line = self.line_of(dialog, self.partners[0])
        self.assertEqual(line.access_state, "duplicate")
        self.assertEqual(line.email_state, "ok")
        line.action_grant_access()
        self.assertEqual(self.line_of(dialog, self.partners[1]).access_state, "taken")

    def test_of_two_rows_with_one_email_the_ticked_one_is_announced_and_granted(self):
        self.partners[1].email = self.partners[0].email
        dialog = self.open_dialog(self.partners[:2])
        self.line_of(dialog, self.partners[0]).in_portal = True
        self.assertEqual(dialog.pending_summary, "Grant: 1")
        dialog.user_ids.in_portal = True
        self.assertEqual(dialog.pending_summary, "Can't be granted: 2")
        self.line_of(dialog, self.partners[1]).in_portal = False
        dialog.action_apply()
        self.assertEqual(len(self.users_of(self.partners)), 1)

    def test_an_address_that_nobody_saw_is_not_granted(self):
        dialog = self.open_dialog(self.partners)
        line = self.line_of(dialog, self.partner)
        line.in_portal = True
        self.partner.email = "other@pae.example"
        dialog.action_apply()
        self.assertFalse(self.users_of(self.partner))
        self.assertIn("changed meanwhile to other@pae.example", line.access_reason)
        self.assertEqual((line.email, line.in_portal), ("other@pae.example", True))
        dialog.action_apply()
        self.assertEqual(self.users_of(self.partner).login, "other@pae.example")

    def test_an_address_that_nobody_saw_is_not_invited(self):
        self.grant(self.partner)
        line = self.open_dialog(self.partner).user_ids
        self.partner.email = "other@pae.example"
        line.action_invite_again()
        self.assertEqual(len(self.invitations_of(self.partner)), 1)
        self.assertEqual((line.access_state, line.email), ("refused", "other@pae.example"))

    def test_a_contact_that_went_to_another_company_does_not_stop_the_others(self):
        dialog = self.open_dialog(self.partners)
        lines = dialog.user_ids
        lines.in_portal = True
        self.env.flush_all()
        self.partners[1].company_id = self.company_2
        self.env.flush_all()
        self.env.invalidate_all()
        results = lines._grant_access()
        outcomes = {line.partner_id.id: outcome for line, (outcome, _reason) in results.items()}
        self.assertEqual([outcomes[partner.id] for partner in self.partners], ["granted", "refused", "granted"])

    def test_grant_to_all_ready_takes_ready_rows_only(self):
        self.grant(self.partners[0])
        self.partners[1].email = False
        dialog = self.open_dialog(self.partners)
        self.assertEqual(dialog.ready_count, 1)
        dialog.action_grant_all_ready()
        self.assertEqual(len(self.users_of(self.partners)), 2)
        with self.assertRaises(UserError):
            dialog.action_grant_all_ready()

    def test_apply_with_nothing_to_do_says_so(self):
        with self.assertRaises(UserError):
            self.open_dialog(self.partners).action_apply()

    def test_the_message_goes_into_each_invitation(self):
        dialog = self.open_dialog(self.partners)
        dialog.welcome_message = "Hello"
        dialog.user_ids.in_portal = True
        dialog.action_apply()
        self.assertEqual(set(self.invitations_of(self.partners).mapped("message")), {"Hello"})

    def test_typed_emails_are_saved_whichever_button_is_used(self):
        self.grant(self.partners[:2])
        dialog = self.open_dialog(self.partners)
        lines = [self.line_of(dialog, partner) for partner in self.partners]
        for line in lines:
            line.email = f"typed-{line.email}"
        lines[0].action_revoke_access()
        with self.mock_mail_gateway():
            lines[1].action_invite_again()
        self.assertTrue(dialog.has_pending, "the third is typed, and not applied")
        self.assertEqual(dialog.pending_summary, "Save emails: 1")
        dialog.action_apply()
        self.assertEqual(self.partners.mapped("email"), [f"typed-customer{number}@pae.example" for number in range(3)])
        self.assertEqual(lines[2].access_state, "saved")

    def test_a_bad_typed_email_is_not_saved_and_says_why(self):
        dialog = self.open_dialog(self.partners)
        line = self.line_of(dialog, self.partner)
        line.email = "two@pae.example, addresses@pae.example"
        dialog.action_apply()
        self.assertEqual(self.partner.email, "customer0@pae.example")
        self.assertIn("more than one", line.access_reason)

    def test_what_others_did_meanwhile_is_told_and_not_undone(self):
        dialog = self.open_dialog(self.partners)
        granted, revoked, ticked = (self.line_of(dialog, partner) for partner in self.partners)
        self.grant(self.partners[0])
        dialog.invalidate_recordset()
        (granted | ticked).in_portal = True
        dialog.action_apply()
        self.assertEqual(granted.access_state, "has_access", "what was wanted is so: that is no failure")
        self.assertIn("already", granted.access_reason)
        self.assertEqual(ticked.access_state, "granted")
        self.assertEqual(len(self.users_of(self.partners[0])), 1)
        self.assertFalse(self.users_of(self.partners[1]), "an untouched row is not touched")

    def test_an_untouched_row_granted_by_somebody_else_is_not_revoked(self):
        dialog = self.open_dialog(self.partners)
        self.grant(self.partners[0])
        self.line_of(dialog, self.partners[1]).in_portal = True
        dialog.action_apply()
        self.assertTrue(self.users_of(self.partners[0]).active)

    def test_a_deleted_contact_is_told_and_the_others_go_on(self):
        dialog = self.open_dialog(self.partners)
        dialog.user_ids.in_portal = True
        self.partners[1].unlink()
        dialog.invalidate_recordset()
        dialog.action_apply()
        self.assertEqual(len(self.users_of(self.partners)), 2)
        [gone] = dialog.user_ids.filtered(lambda line: not line.partner_id)
        self.assertEqual(gone.access_state, "missing")
        with self.assertRaises(UserError):
            gone.action_grant_access()

    def test_the_row_buttons_send_at_once(self):
        dialog = self.open_dialog(self.partners)
        line = self.line_of(dialog, self.partner)
        with self.mock_mail_gateway():
            line.action_grant_access()
        self.assertSentEmail(self.manager.partner_id, [self.partner])
        self.assertEqual(self.invitations_of(self.partner).state, "sent")
        self.assertEqual((line.access_state, line.in_portal, line.is_portal), ("granted", True, True))
        with self.mock_mail_gateway():
            line.action_invite_again()
        self.assertEqual(len(self._mails), 1)
        line.action_revoke_access()
        self.assertEqual((line.access_state, line.in_portal, line.is_portal), ("revoked", False, False))
        with self.assertRaises(UserError):
            line.action_revoke_access()

    def test_changing_a_row_again_clears_its_old_result(self):
        dialog = self.open_dialog(self.partners)
        with self.mock_mail_gateway():
            self.line_of(dialog, self.partner).action_grant_access()
        with Form(dialog) as form:
            index = dialog.user_ids.ids.index(self.line_of(dialog, self.partner).id)
            with form.user_ids.edit(index) as line:
                self.assertEqual(line.access_state, "granted")
                line.in_portal = False
                self.assertEqual(line.access_state, "has_access")
        self.assertEqual(dialog.pending_summary, "Revoke: 1")

    def test_typing_judges_the_other_rows_too(self):
        dialog = self.open_dialog(self.partners)
        with Form(dialog) as form:
            ids = dialog.user_ids.ids
            with form.user_ids.edit(ids.index(self.line_of(dialog, self.partners[0]).id)) as line:
                line.email = self.partners[1].email
                self.assertEqual(line.access_state, "duplicate")
            with form.user_ids.edit(ids.index(self.line_of(dialog, self.partners[1]).id)) as line:
                self.assertEqual(line.access_state, "duplicate")
                self.assertIn("customer 0", line.access_reason)
