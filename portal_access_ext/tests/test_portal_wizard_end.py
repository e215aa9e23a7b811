from datetime import date
from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.tests import Form, tagged

from .common import PortalAccessCase


@tagged("post_install", "-at_install")
@freeze_time("2030-05-10 12:00:00")
class TestPortalWizardEnd(PortalAccessCase):
    """Access until, in the dialog."""

    def until_of(self, partners):
        return partners.mapped("portal_access_until")

    def open_with(self, tick=(), until=(), **values):
        """Open the dialog, tick rows, and type ends of access by contact."""
        dialog = self.open_dialog(self.partners)
        dialog.write(values)
        for partner in tick:
            self.line_of(dialog, partner).in_portal = True
        for partner, day in dict(until).items():
            self.line_of(dialog, partner).access_until = day
        return dialog

    def test_the_dialog_shows_the_end_that_a_contact_has(self):
        self.partner.portal_access_until = "2030-12-31"
        dialog = self.open_with()
        self.assertEqual(self.line_of(dialog, self.partner).access_until, date(2030, 12, 31))
        self.assertFalse(dialog.has_pending)
        self.assertEqual(dialog.pending_summary, "Nothing to apply")

    def test_those_who_are_granted_access_get_the_end_of_the_dialog_or_their_own(self):
        self.as_manager(self.partners[2]).portal_access_set_until("2030-07-31")
        before = self.partners.message_ids
        dialog = self.open_with(self.partners, {self.partners[1]: "2030-06-30"}, access_until="2030-12-31")
        self.assertEqual(dialog.pending_summary, "Grant: 3, set end dates: 2")
        dialog.action_apply()
        self.assertEqual(self.until_of(self.partners), [date(2030, 12, 31), date(2030, 6, 30), date(2030, 7, 31)])
        self.assertEqual(dialog.result_summary, "Granted: 3, End date set: 2")
        self.assertEqual(dialog.user_ids.mapped("access_until"), dialog.user_ids.mapped("seen_until"))
        self.assertFalse(dialog.has_pending)
        notes = self.partners.message_ids - before
        self.assertEqual(len(notes), 3, "one for each")
        self.assertIn("Portal Access Granted until 12/31/2030 (customer0@pae.example)", str(notes.mapped("body")))

    def test_an_end_is_set_changed_and_removed_without_touching_access(self):
        self.grant(self.partners[:2])
        self.as_manager(self.partners[1]).portal_access_set_until("2030-06-30")
        dialog = self.open_with((), {self.partners[0]: "2030-12-31", self.partners[1]: False})
        self.assertTrue(dialog.has_pending, "closing asks")
        self.assertEqual(dialog.pending_summary, "Set end dates: 2")
        dialog.action_apply()
        self.assertEqual(self.until_of(self.partners), [date(2030, 12, 31), False, False])
        self.assertEqual(dialog.result_summary, "End date set: 2")
        line = self.line_of(dialog, self.partners[0])
        self.assertEqual(line.access_state, "until_set")
        self.assertIn("12/31/2030", line.access_reason)
        self.assertEqual(self.users_of(self.partners).mapped("active"), [True, True])

    def test_a_contact_without_access_gets_its_end_beforehand(self):
        dialog = self.open_with((), {self.partner: "2030-12-31"})
        dialog.action_apply()
        self.assertEqual(self.until_of(self.partner), [date(2030, 12, 31)])
        self.assertFalse(self.users_of(self.partner))

    def test_email_and_end_are_saved_together(self):
        dialog = self.open_with((), {self.partner: "2030-12-31"})
        line = self.line_of(dialog, self.partner)
        line.email = "typed@pae.example"
        self.assertEqual(dialog.pending_summary, "Set end dates: 1, save emails: 1")
        dialog.action_apply()
        self.assertEqual((self.partner.email, *self.until_of(self.partner)), ("typed@pae.example", date(2030, 12, 31)))
        self.assertEqual(dialog.result_summary, "Email saved: 1, End date set: 1")
        self.assertIn("saved. Access ends", line.access_reason)

    def test_a_past_end_is_told_before_and_refused(self):
        self.grant(self.partners[0])
        dialog = self.open_with([self.partners[1]], dict.fromkeys(self.partners[:2], "2030-05-08"))
        self.assertEqual(dialog.pending_summary, "Can't be granted: 1, end dates that can't be set: 1")
        dialog.action_apply()
        self.assertEqual(dialog.result_summary, "Failed: 2")
        self.assertFalse(self.users_of(self.partners[1]), "nobody gets access for longer than was asked for")
        self.assertEqual(self.until_of(self.partners), [False] * 3)
        for line in dialog.user_ids.filtered(lambda line: line.partner_id in self.partners[:2]):
            self.assertEqual((line.outcome, line.access_until), ("refused", date(2030, 5, 8)))
            self.assertIn("in the past", line.access_reason)
        with self.assertRaises(UserError) as refusal:
            self.line_of(dialog, self.partners[1]).action_grant_access()
        self.assertIn("in the past", str(refusal.exception))

    def test_the_dialogs_own_end_can_not_be_past_either(self):
        dialog = self.open_with(self.partners[:2], {self.partners[1]: "2030-06-30"}, access_until="2030-05-08")
        self.assertEqual(dialog.pending_summary, "Grant: 1, set end dates: 1, can't be granted: 1")
        dialog.action_apply()
        self.assertEqual(self.users_of(self.partners).partner_id, self.partners[1])

    def test_a_revoked_row_forgets_its_end(self):
        self.grant(self.partner)
        dialog = self.open_with((), {self.partner: "2030-12-31"})
        self.line_of(dialog, self.partner).in_portal = False
        self.assertEqual(dialog.pending_summary, "Revoke: 1")
        dialog.action_apply()
        self.assertEqual(self.until_of(self.partner), [False])
        self.assertFalse(self.line_of(dialog, self.partner).access_until)
        self.assertFalse(dialog.has_pending)

    def test_the_row_buttons_save_it(self):
        dialog = self.open_with((), {self.partners[0]: "2030-12-31"}, access_until="2030-11-30")
        with self.mock_mail_gateway():
            self.line_of(dialog, self.partners[0]).action_grant_access()
            line = self.line_of(dialog, self.partners[1])
            line.action_grant_access()
            self.assertEqual(self.until_of(self.partners), [date(2030, 12, 31), date(2030, 11, 30), False])
            line.access_until = "2030-10-31"
            line.action_invite_again()
        self.assertEqual(self.until_of(self.partners[1]), [date(2030, 10, 31)])
        line.access_until = "2030-05-01"
        with self.assertRaises(UserError):
            line.action_invite_again()

    def test_what_somebody_else_set_meanwhile_is_not_written_over(self):
        dialog = self.open_with(self.partners[:2], access_until="2030-12-31")
        self.as_manager(self.partner).portal_access_set_until("2030-06-30")
        dialog.action_apply()
        self.assertEqual(self.until_of(self.partners), [date(2030, 6, 30), date(2030, 12, 31), False])
        self.assertEqual(self.line_of(dialog, self.partner).access_until, date(2030, 6, 30))

    def test_an_end_that_went_by_before_access_began_is_forgotten(self):
        with freeze_time("2030-05-01"):
            self.partners[:2].write({"portal_access_until": "2030-05-05"})
        self.grant(self.partners[0])
        self.assertEqual(self.until_of(self.partners[0]), [False])
        self.open_with([self.partners[1]], access_until="2030-12-31").action_apply()
        self.assertEqual(self.until_of(self.partners[1]), [date(2030, 12, 31)])

    def test_granting_again_what_is_granted_does_not_prolong_it(self):
        self.grant(self.partner)
        self.as_manager(self.partner).portal_access_set_until("2030-05-11")
        dialog = self.open_with()
        line = self.line_of(dialog, self.partner)
        with freeze_time("2030-05-13"):  # the nightly run is late
            with self.assertRaises(UserError):
                line.action_grant_access()
            self.as_manager(self.partner).portal_access_grant()
        self.assertEqual(self.until_of(self.partner), [date(2030, 5, 11)])

    def test_the_form_of_the_dialog_takes_dates(self):
        dialog = self.open_with()
        with Form(dialog) as form:
            form.access_until = "2030-12-31"
            index = dialog.user_ids.ids.index(self.line_of(dialog, self.partner).id)
            with form.user_ids.edit(index) as line:
                line.in_portal = True
            self.assertEqual(form.pending_summary, "Grant: 1, set end dates: 1")
            with form.user_ids.edit(index) as line:
                line.access_until = "2030-06-30"
        self.assertEqual(dialog.pending_summary, "Grant: 1, set end dates: 1")
        dialog.action_apply()
        self.assertEqual(self.until_of(self.partner), [date(2030, 6, 30)])

    def test_another_modules_override_changes_nothing_about_it(self):
        Line = self.env.registry["portal.wizard.user"]
        original = Line.action_grant_access
        dialog = self.open_with(self.partners, {self.partners[1]: "2030-06-30"}, access_until="2030-12-31")
        self.partners[2].portal_access_until = "2030-07-31"
        self.line_of(dialog, self.partners[0]).access_until = "2030-05-01"
        with (
            patch.object(Line, "action_grant_access", lambda line: original(line)),
            patch.object(Line, "action_invite_again", Line.action_invite_again),
            self.mock_mail_gateway(),
        ):
            self.assertTrue(dialog.user_ids._is_customized())
            dialog.action_apply()
            self.line_of(dialog, self.partners[1]).access_until = "2030-08-31"
            self.line_of(dialog, self.partners[1]).action_invite_again()
        self.assertEqual(self.users_of(self.partners).partner_id, self.partners[1:])
        self.assertEqual(self.until_of(self.partners), [False, date(2030, 8, 31), date(2030, 7, 31)])
