from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .test_login_change import LoginChangeCase


@tagged("post_install", "-at_install")
class TestLoginTours(LoginChangeCase, HttpCase):
    """S8 and the customer's own login in a real browser, by the labels."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.company.email = "help@tour.example"
        cls.access_admin.password = cls.access_admin.login
        cls.old, cls.new = "ann@tour.example", "ann.new@tour.example"
        cls.user.write({"login": cls.old, "password": cls.old})  # as tours sign in
        cls.partner.write({"name": "Tour Ann", "email": "contact@tour.example"})
        cls.Changes.search([]).unlink()
        cls.env["mail.mail"].search([]).unlink()

    def start_form_tour(self, tour):
        url = f"/web#id={self.partner.id}&model=res.partner&view_type=form&action=contacts.action_contacts"
        self.start_tour(url, tour, login=self.access_admin.login)
        self.env.invalidate_all()

    def start_link_tour(self, tour, address, purpose):
        self.start_tour(self.link(self.mails()[address], purpose), tour, login=None)
        self.env.invalidate_all()

    def check_changed_in_settings(self):
        self.env.invalidate_all()
        self.assertEqual((self.user.login, self.partner.email), (self.new, "contact@tour.example"))
        self.assertEqual(set(self.mails()), {self.old, self.new})

    def test_settings_users_portal_users_email_address_changes_only_the_login(self):
        self.start_tour("/web", "portal_access_login_settings", login="admin")
        self.check_changed_in_settings()

    def test_a_custom_filter_on_groups_finds_portal_users_too(self):
        self.start_tour("/web", "portal_access_login_custom_filter", login="admin")
        self.check_changed_in_settings()

    @mute_logger("odoo.http")  # of the error that the tour is about
    def test_the_contact_s_action_asks_the_customer_to_confirm_and_may_be_undone(self):
        self.start_form_tour("portal_access_login_wizard")
        self.assertEqual(self.user.login, self.old)
        self.start_link_tour("portal_access_login_confirm", self.new, "confirm")
        self.assertEqual((self.user.login, self.partner.email), (self.new, "contact@tour.example"))
        self.start_link_tour("portal_access_login_undo", self.old, "undo")
        self.assertEqual(self.user.login, self.old)

    def test_the_row_of_the_dialog_changes_login_and_email_at_once(self):
        self.start_form_tour("portal_access_login_row")
        self.assertEqual((self.user.login, self.partner.email), (self.new, self.new))

    def test_the_customer_s_page_says_whom_to_contact(self):
        self.start_tour("/my/security", "portal_access_login_contact", login=self.old)

    def test_the_customer_asks_for_another_login(self):
        self.env["ir.config_parameter"].set_param("portal_access_ext.login_change_by_customer", "True")
        self.start_tour("/my/security", "portal_access_login_request", login=self.old)
        self.assertTrue(self.link(self.mails()[self.new], "confirm"))
