from odoo.tests import tagged
from odoo.tools import mute_logger

from .test_portal_wizard_tours import TourCase


@tagged("post_install", "-at_install")
class TestPortalStatusTours(TourCase):
    """What an administrator does without opening the dialog, by its labels."""

    def test_access_is_granted_and_revoked_on_the_contact(self):
        self.start_form_tour(self.child, "portal_access_status_form")
        users = self.users_of(self.child)
        self.assertFalse(users.active)
        self.assertEqual(
            self.events_of(self.child).mapped("kind")[-1],
            "revoked",
        )

    @mute_logger("odoo.http")  # of the error that the tour is about
    def test_a_contact_without_email_says_why_not(self):
        self.start_form_tour(self.ann, "portal_access_status_refused")
        self.assertFalse(self.users_of(self.ann))

    def test_a_company_says_how_many_contacts_have_access(self):
        self.grant(self.child)
        self.start_form_tour(self.company_contact, "portal_access_status_company")

    def test_contacts_are_filtered_grouped_and_revoked_in_bulk(self):
        ben, cleo = self.env["res.partner"].create(
            [{"name": f"Tour {name}", "email": f"{name}@tour.example"} for name in ("Ben", "Cleo")]
        )
        self.grant(ben | cleo)
        self.start_tour(
            "/web#action=portal_access_ext.res_partner_portal_access_action",
            "portal_access_status_list",
            login=self.manager.login,
        )
        self.assertEqual((self.users_of(ben) | self.users_of(cleo)).mapped("active"), [False, False])

    @mute_logger("odoo.http")  # of the error that the tour is about
    def test_ends_are_set_in_bulk_and_removed_once_confirmed(self):
        ben, cleo = contacts = self.env["res.partner"].create(
            [{"name": f"Tour {name}", "email": f"{name}@tour.example"} for name in ("Ben", "Cleo")]
        )
        self.grant(contacts)
        self.invitations_of(cleo).action_cancel()
        self.env["res.users"].search([("share", "=", True), ("partner_id", "not in", contacts.ids)]).active = False
        self.start_tour(
            "/web#action=portal_access_ext.res_partner_portal_access_action",
            "portal_access_status_end",
            login=self.manager.login,
        )
        self.assertFalse(any(contacts.mapped("portal_access_until")))
        self.assertTrue(all(self.users_of(contacts).mapped("active")))

    def test_an_archived_contact_is_not_offered_access(self):
        self.ann.active = False
        self.start_form_tour(self.ann, "portal_access_status_archived")
