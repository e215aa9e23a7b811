from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from odoo.addons.mail.tests.common import mail_new_test_user

from .test_invitation_life import InvitationCase


@tagged("post_install", "-at_install")
class TestInvitationRights(InvitationCase):
    """Who may do what with invitations."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.portal_user = mail_new_test_user(cls.env, login="pae_portal", groups="base.group_portal")
        cls.foreign_admin = mail_new_test_user(
            cls.env,
            login="pae_foreign_admin",
            groups="base.group_user,base.group_partner_manager,base.group_erp_manager",
            company_id=cls.company_2.id,
            company_ids=[(6, 0, cls.company_2.ids)],
        )

    def setUp(self):
        super().setUp()
        self.invitation = self.invite(self.partner)
        self.customer = self.users_of(self.partner)

    def test_only_contact_managers_invite_again_and_cancel(self):
        for user in (self.employee, self.portal_user, self.customer, self.env.ref("base.public_user")):
            for action in ("action_reinvite", "action_cancel", "action_copy_link", "action_open_mail"):
                with self.subTest(user=user.login, action=action), self.assertRaises(AccessError):
                    getattr(self.invitation.with_user(user), action)()
        self.assertEqual(self.invitations_of(self.partner).status, "queued")

    def test_only_access_administrators_copy_links(self):
        with self.assertRaises(AccessError):
            self.as_manager(self.invitation).action_copy_link()
        self.assertNotIn("link_copied", self.events_of(self.partner).mapped("kind"))
        no_manager = mail_new_test_user(
            self.env, login="pae_rights_only", groups="base.group_user,base.group_erp_manager"
        )
        no_manager.groups_id -= self.env.ref("base.group_partner_manager")
        with self.assertRaises(AccessError):
            self.invitation.with_user(no_manager).action_copy_link()

    def test_nobody_reads_a_link_without_a_record(self):
        for user in (self.manager, self.access_admin, self.env.ref("base.user_admin")):
            invitation = self.invitation.with_user(user)
            self.env.invalidate_all()
            with self.subTest(user=user.login):
                with self.assertRaises(AccessError):
                    invitation.read(["link"])
                with self.assertRaises(AccessError):
                    invitation.web_read({"link": {}})
                self.assertNotIn("link", invitation.fields_get())
                self.assertEqual(invitation.mapped("link"), [False])
        self.assertNotIn("link_copied", self.events_of(self.partner).mapped("kind"))

    def test_another_company_reaches_nothing(self):
        self.invitation.sudo().company_id = self.manager.company_id
        invitation = self.invitation.with_user(self.foreign_admin)
        for action in ("action_reinvite", "action_cancel"):
            with self.subTest(action=action), self.assertRaises(UserError):
                getattr(invitation, action)()
        with self.assertRaises(AccessError):
            invitation.action_copy_link()
        self.assertEqual(self.invitations_of(self.partner).status, "queued")

    def test_a_contact_that_went_to_another_company_is_refused_and_others_are_not(self):
        other = self.invite(self.partners[1])
        # Odoo refuses that by itself; imports and other modules may have managed.
        self.env.cr.execute(
            "UPDATE res_partner SET company_id = %s WHERE id = %s", [self.company_2.id, self.partner.id]
        )
        self.env.invalidate_all()
        message = self.message_of(self.as_manager(self.invitation | other).action_cancel())
        self.assertIn("Cancelled: 1\nNot changed: 1", message)
        self.assertEqual(self.invitation.status, "queued")
        self.assertEqual(other.status, "cancelled")

    def test_a_mail_is_opened_by_whom_odoo_lets_only(self):
        self.env["portal.access.invitation"]._cron_send()
        action = self.as_manager(self.invitation).action_open_mail()
        with self.assertRaises(AccessError):
            self.env["mail.mail"].with_user(self.manager).browse(action["res_id"]).read(["body_html"])

    def test_the_menu_is_for_contact_managers(self):
        menu = self.env.ref("portal_access_ext.menu_portal_access_invitation")
        for user, sees in ((self.manager, True), (self.employee, False)):
            self.assertEqual(menu.id in self.env["ir.ui.menu"].with_user(user)._visible_menu_ids(), sees, user.login)


@tagged("post_install", "-at_install")
class TestInvitationQueries(InvitationCase):
    """What a bulk action costs may grow with the invitations only as far as it must."""

    def per_invitation(self, action, small=5, large=65):
        counts = []
        for size in (3, small, large):
            invitations = self.as_manager(self.invite(self.make_partners(size, f"{action}{size}-")))
            with self.count_queries(counts):
                getattr(invitations, action)()
        return (counts[2] - counts[1]) / (large - small), counts[2]

    def test_cancelling_costs_no_query_per_invitation(self):
        each, total = self.per_invitation("action_cancel")
        self.assertLessEqual(each, 0.1)
        self.assertLessEqual(total, 60)

    def test_inviting_again_costs_at_most_half_a_query_per_invitation(self):
        each, total = self.per_invitation("action_reinvite")
        self.assertLessEqual(each, 0.5)
        self.assertLessEqual(total, 80)

    def test_the_list_costs_the_same_for_few_and_many(self):
        names = ("partner_id", "email", "login", "status", "login_date", "inviter_id", "valid_until")
        specification = {name: {} for name in names}
        specification.update(partner_id={"fields": {"display_name": {}}}, inviter_id={"fields": {"display_name": {}}})
        counts = []
        for size in (5, 65):
            invitations = self.as_manager(self.invite(self.make_partners(size, f"list{size}-")))
            with self.count_queries(counts):
                invitations.web_search_read([("id", "in", invitations.ids)], specification, limit=80)
        self.assertLessEqual(counts[1], counts[0] + 1)
