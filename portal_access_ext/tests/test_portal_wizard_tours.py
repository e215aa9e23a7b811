from odoo.tests import HttpCase, tagged

from .common import PortalAccessCase


class TourCase(PortalAccessCase, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager.password = cls.manager.login
        Partner = cls.env["res.partner"]
        cls.ann = Partner.create({"name": "Tour Ann"})
        cls.company_contact = Partner.create({"name": "Tour Company", "is_company": True, "email": "info@tour.example"})
        cls.child, cls.other, _delivery = Partner.create(
            [
                {"name": f"Tour {name}", "parent_id": cls.company_contact.id, "type": kind, "email": email}
                for name, kind, email in (
                    ("Child", "contact", "child@tour.example"),
                    ("Other", "other", "other@tour.example"),
                    ("Delivery", "delivery", "delivery@tour.example"),
                )
            ]
        )

    def start_form_tour(self, partner, tour):
        url = f"/web#id={partner.id}&model=res.partner&view_type=form&action=contacts.action_contacts"
        self.start_tour(url, tour, login=self.manager.login)

    def start_list_tour(self, tour):
        self.start_tour("/web#action=contacts.action_contacts&view_type=list", tour, login=self.manager.login)


@tagged("post_install", "-at_install")
class TestPortalWizardSmoke(TourCase):
    """The main job, on any database: one contact, and its invitation."""

    def test_a_contact_is_granted_access_and_signs_up(self):
        self.start_form_tour(self.ann, "portal_access_contact")
        self.assertEqual(self.ann.email, "ann@tour.example")
        user = self.users_of(self.ann)
        self.assertTrue(user.has_group("base.group_portal"))

        link = self.ann.sudo()._get_signup_url_for_action()[self.ann.id]
        self.start_tour(link, "portal_access_sign_up", login=None)
        self.assertEqual(self.invitations_of(self.ann)[-1].state, "accepted")
        self.assertTrue(user.login_date)


@tagged("post_install", "-at_install")
class TestPortalWizardTours(TourCase):
    def test_ticks_in_a_list_are_applied_at_once(self):
        ben, cleo, dora = self.env["res.partner"].create(
            [{"name": f"Tour {name}", "email": f"{name}@tour.example"} for name in ("Ben", "Cleo", "Dora")]
        )
        self.grant(dora)
        self.start_list_tour("portal_access_list")
        self.assertEqual((self.users_of(ben) | self.users_of(cleo)).mapped("active"), [True, True])
        self.assertFalse(self.users_of(dora).active)
        self.assertFalse(self.users_of(self.ann))
        self.assertEqual(self.invitations_of(ben).message, "Welcome <b>aboard</b>")

    def test_a_company_lists_its_contacts_and_grants_to_all_ready(self):
        self.start_form_tour(self.company_contact, "portal_access_company")
        users = self.users_of(self.company_contact | self.company_contact.child_ids)
        self.assertEqual(users.partner_id, self.company_contact | self.child | self.other)

    def test_an_email_typed_twice_is_told_in_both_rows(self):
        self.start_form_tour(self.company_contact, "portal_access_duplicates")

    def test_closing_with_changes_asks_first(self):
        self.start_form_tour(self.company_contact, "portal_access_close")
        self.assertFalse(self.users_of(self.child))

    def test_access_until_a_date_is_set_in_the_dialog_and_in_a_row(self):
        self.start_form_tour(self.company_contact, "portal_access_until")
        self.assertEqual(str(self.other.portal_access_until), "2040-06-30")
        self.assertFalse(self.child.portal_access_until)

    def test_access_is_revoked_by_button_and_by_unticking(self):
        users = self.grant(self.child | self.other)
        self.start_form_tour(self.company_contact, "portal_access_revoke")
        users.invalidate_recordset()
        self.assertEqual(users.mapped("active"), [False, False])

    def test_rows_beyond_the_page_count_too(self):
        many = self.env["res.partner"].create(
            [{"name": f"Many {number:02}", "email": f"many{number}@tour.example"} for number in range(45)]
        )
        self.start_list_tour("portal_access_all")
        users = self.users_of(many)
        self.assertEqual(len(users), 44)
        self.assertEqual(users.filtered(lambda user: not user.active).partner_id, many[44])
