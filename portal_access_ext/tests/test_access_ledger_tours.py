from odoo.tests import tagged

from .test_portal_wizard_tours import TourCase


@tagged("post_install", "-at_install")
class TestAccessLedgerTours(TourCase):
    def test_an_administrator_reads_the_ledger(self):
        self.ann.email = "ann@tour.example"
        self.grant(self.ann)
        self.as_manager(self.ann).portal_access_revoke()
        self.start_list_tour("portal_access_ledger")
        for view in ("graph", "pivot"):
            url = f"/web#action=portal_access_ext.portal_access_event_action&view_type={view}"
            self.start_tour(url, f"portal_access_ledger_{view}", login=self.manager.login)

    def test_merging_contacts_asks_which_login_stays(self):
        twins = self.env["res.partner"].create(
            [
                {"name": "Tour Twin A", "email": "twin.a@tour.example"},
                {"name": "Tour Twin B", "email": "twin.b@tour.example"},
            ]
        )
        user_a, user_b = self.grant(twins[0]), self.grant(twins[1])
        self.start_tour("/web#action=contacts.action_contacts&view_type=list", "portal_access_merge", login="admin")
        self.assertEqual((user_a.active, user_b.active), (False, True))
        self.assertEqual(user_a.partner_id, user_b.partner_id)
        self.assertEqual(len(twins.exists()), 1)
