from datetime import timedelta

from odoo import fields
from odoo.tests import HttpCase, tagged

from .test_invitation_life import InvitationCase


@tagged("post_install", "-at_install")
class TestInvitationTours(InvitationCase, HttpCase):
    def setUp(self):
        super().setUp()
        self.access_admin.password = self.access_admin.login
        names = ("Ann", "Ben", "Cleo")
        self.tour_partners = self.env["res.partner"].create(
            [{"name": f"Tour {name}", "email": f"{name.lower()}@tour.example"} for name in names]
        )
        self.ann, self.ben, self.cleo = self.tour_partners

    def test_invitations_are_sent_again_cancelled_and_copied(self):
        invitations = self.invite(self.tour_partners)
        invitations[0]._mark_sent()
        invitations[1]._fail({invitations[1].id: "550 no such user here"})
        token = self.token_of(self.cleo)
        self.env["res.users"].signup({"password": "a fine password"}, token)
        self.start_tour(
            "/web#action=contacts.action_contacts", "portal_access_invitations", login=self.access_admin.login
        )
        self.assertEqual(self.invitations_of(self.ann).mapped("status"), ["cancelled", "cancelled"])
        self.assertEqual(self.invitations_of(self.ben).mapped("status"), ["cancelled", "queued"])
        self.assertEqual(self.invitations_of(self.cleo).status, "accepted")
        kinds = self.events_of(self.tour_partners).mapped("kind")
        self.assertEqual((kinds.count("link_copied"), kinds.count("invitation_cancelled")), (1, 1))

    def test_an_expired_link_asks_for_a_new_one_and_the_new_one_works(self):
        invitation = self.invite(self.ann)
        self.env["portal.access.invitation"].flush_model()
        link = self.ann.sudo()._get_signup_url_for_action()[self.ann.id]
        past = fields.Datetime.now() - timedelta(days=1)
        invitation.valid_until = self.ann.sudo().signup_expiration = past
        self.env.flush_all()
        self.start_tour(link, "portal_access_new_invitation", login=None)
        self.env.invalidate_all()
        self.assertEqual(self.invitations_of(self.ann).mapped("status"), ["cancelled", "queued"])
        link = self.ann.sudo()._get_signup_url_for_action()[self.ann.id]
        self.start_tour(link, "portal_access_sign_up", login=None)
        self.assertEqual(self.invitations_of(self.ann)[-1].status, "accepted")
