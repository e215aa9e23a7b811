from datetime import date, timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import PortalAccessCase


@tagged("post_install", "-at_install")
class TestAccessBulk(PortalAccessCase):
    """Revoking, inviting and dating the access of contacts ticked in a list."""

    def open_bulk(self, operation, partners, user=None):
        Bulk = self.as_manager(self.env["portal.access.bulk"]).with_user(user or self.manager)
        action = Bulk.with_context(active_ids=partners.ids)._open(operation)
        return Bulk.browse(action["res_id"])

    def test_it_says_beforehand_whom_it_concerns(self):
        self.grant(self.partners[:2])
        contacts = self.partners | self.manager.partner_id
        bulk = self.open_bulk("revoke", contacts)
        self.assertEqual(
            bulk.summary,
            "2 of 4 contacts have access and will lose it. Without access: 1, internal users: 1.",
        )
        self.assertEqual(bulk.concerned_count, 2)
        self.assertEqual(len(self.users_of(self.partners).filtered("active")), 2, "nothing happened yet")
        self.assertEqual(
            self.open_bulk("invite", self.partners[:2]).summary,
            "2 of 2 contacts have access and will be invited again.",
        )

    def test_revoking_tells_what_was_done_and_what_not(self):
        self.grant(self.partners[:2])
        bulk = self.open_bulk("revoke", self.partners)
        action = bulk.action_apply()
        self.assertEqual((action["res_id"], action["target"]), (bulk.id, "new"))
        self.assertTrue(bulk.is_done)
        self.assertEqual(bulk.result_summary, "Access revoked: 2. Not concerned: 1.")
        self.assertFalse(bulk.refusal_ids, "what was said beforehand is no news")
        self.assertFalse(self.users_of(self.partners).filtered("active"))

    def test_inviting_again_carries_the_message(self):
        self.grant(self.partners[:2])
        self.partners[1].email = False
        bulk = self.open_bulk("invite", self.partners)
        bulk.message = "Welcome back"
        bulk.action_apply()
        self.assertEqual(bulk.result_summary, "Invitations on their way: 1. Not done: 1. Not concerned: 1.")
        self.assertEqual(self.invitations_of(self.partners[0])[-1].message, "Welcome back")
        self.assertEqual(bulk.refusal_ids.partner_id, self.partners[1])
        self.assertIn("no email", bulk.refusal_ids.reason)

    def test_it_is_done_once(self):
        self.grant(self.partners)
        bulk = self.open_bulk("invite", self.partners)
        bulk.action_apply()
        with self.assertRaisesRegex(UserError, "done already"):
            bulk.action_apply()
        self.assertEqual(len(self.invitations_of(self.partner)), 2)

    def test_a_contact_that_was_deleted_meanwhile_stops_nothing(self):
        self.grant(self.partners[:2])
        deleted = self.make_partners(1, "deleted")
        bulk_contacts = self.partners | deleted
        deleted.unlink()
        bulk = self.open_bulk("revoke", bulk_contacts)
        self.assertIn("2 of 3 contacts", bulk.summary)
        self.partners[1].user_ids.unlink()
        self.partners[1].unlink()
        bulk.invalidate_recordset()
        bulk.action_apply()
        self.assertEqual(bulk.result_summary, "Access revoked: 1. Not concerned: 1.")

    def test_a_dialog_that_is_just_being_made_says_nothing(self):
        Bulk = self.as_manager(self.env["portal.access.bulk"])
        spec = {"operation": {}, "partner_ids": {}, "summary": {}, "concerned_count": {}}
        values = Bulk.onchange({}, [], spec)["value"]
        self.assertFalse(values["summary"])
        self.grant(self.partner)
        changes = {"operation": "revoke", "partner_ids": [Command.set(self.partners.ids)]}
        values = Bulk.onchange(changes, ["partner_ids"], spec)["value"]
        self.assertEqual(values["concerned_count"], 1)

    def test_an_end_is_set_for_those_who_have_access(self):
        self.grant(self.partners[:2])
        contacts = self.partners | self.manager.partner_id
        until = fields.Date.today() + timedelta(days=40)
        bulk = self.open_bulk("until", contacts)
        self.assertEqual((bulk.concerned_count, bulk.end_count), (2, 0))
        with self.assertRaisesRegex(UserError, "last day"):
            bulk.action_apply()
        bulk.until = until
        bulk.action_apply()
        self.assertEqual(self.partners.mapped("portal_access_until"), [until, until, False])
        self.assertEqual(bulk.result_summary, "End of access set: 2. Not concerned: 2.")
        self.assertFalse(bulk.refusal_ids)

    def test_an_end_is_removed_where_there_is_one(self):
        self.grant(self.partners[:2])
        self.partners[0].portal_access_until = self.partners[2].portal_access_until = "2090-01-01"
        notes = self.partners[1].message_ids
        bulk = self.open_bulk("until", self.partners)
        self.assertEqual((bulk.concerned_count, bulk.end_count), (2, 1))
        bulk.action_remove_end()
        self.assertEqual(bulk.result_summary, "End of access removed: 1. Not concerned: 2.")
        self.assertEqual(self.partners.mapped("portal_access_until"), [False, False, date(2090, 1, 1)])
        self.assertEqual(self.partners[1].message_ids, notes)
        with self.assertRaisesRegex(UserError, "done already"):
            bulk.action_remove_end()

    def test_a_past_end_is_refused_for_each(self):
        self.grant(self.partners)
        bulk = self.open_bulk("until", self.partners)
        bulk.until = fields.Date.today() - timedelta(days=2)
        bulk.action_apply()
        self.assertEqual(len(bulk.refusal_ids), 3)
        self.assertFalse(any(self.partners.mapped("portal_access_until")))

    def test_contacts_out_of_reach_are_refused_and_do_not_stop_the_others(self):
        self.grant(self.partners[1:])
        self.partners[0].company_id = self.company_2
        bulk = self.open_bulk("revoke", self.partners)
        self.assertIn("of a company that you have not selected: 1", bulk.summary.lower())
        bulk.action_apply()
        self.assertEqual(bulk.result_summary, "Access revoked: 2. Not concerned: 1.")

    def test_an_archived_contact_is_among_them(self):
        self.partner.active = False
        bulk = self.open_bulk("revoke", self.partners)
        self.assertIn("of 3 contacts", bulk.summary)

    def test_many_contacts_cost_few_queries(self):
        def operation(size):
            partners = self.make_partners(size, f"bulk{size}-")
            self.grant(partners[::2])
            counts = []
            with self.count_queries(counts):
                bulk = self.open_bulk("revoke", partners)
                bulk.read(["summary"])
            with self.count_queries(counts):
                bulk.action_apply()
            return counts

        operation(3)
        small, large = operation(6), operation(66)
        self.assertLessEqual(large[0] - small[0], 6)
        self.assertLessEqual((large[1] - small[1]) / 60, 1)

    def test_rights_only_contact_managers_may_and_each_their_own(self):
        portal = self.grant(self.partner)
        for user in (self.employee, portal, self.env.ref("base.public_user")):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self.open_bulk("revoke", self.partner, user)
        bulk = self.open_bulk("revoke", self.partner)
        self.env.flush_all()
        self.env.invalidate_all()
        for user in (self.employee, portal, self.env.ref("base.user_admin")):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                bulk.with_user(user).action_apply()
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                bulk.with_user(user).action_remove_end()
        self.assertTrue(portal.active)
