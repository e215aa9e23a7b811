from unittest import SkipTest
from unittest.mock import patch

from odoo.exceptions import AccessDenied, AccessError, UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import SQL, mute_logger

from odoo.addons.mail.tests.common import mail_new_test_user

from ..models.portal_access_login_key import WHITE_SPACE, login_key
from .common import PortalAccessCase


class LoginCase(PortalAccessCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Users = cls.env["res.users"].with_context(no_reset_password=True)
        cls.user = cls.make_user("Ann.Mixed@Pae.example")

    @classmethod
    def make_user(cls, login, **values):
        group = cls.env.ref("base.group_portal")
        values = {"name": f"User {login}", "groups_id": [(6, 0, group.ids)], **values}
        return cls.Users.create({"login": login, "email": "ann@pae.example", **values})

    def force_login(self, user, login):
        """Give a user a login as an older database may have it."""
        self.env.flush_all()
        self.env.cr.execute("UPDATE res_users SET login = %s WHERE id = %s", [login, user.id])
        self.env.invalidate_all()

    def make_old_pair(self, **values):
        first, second = self.make_user("pair@pae.example"), self.make_user("other@pae.example", **values)
        self.force_login(second, "Pair@pae.example")
        return first, second

    def find(self, login):
        return self.Users.search(self.Users._get_login_domain(login), order=self.Users._get_login_order())


@tagged("post_install", "-at_install")
class TestLoginRules(LoginCase):
    """A login is the same whatever its case, typed or set."""

    # Typed

    def test_a_login_is_found_whatever_its_case_and_surrounding_space(self):
        for typed in (
            "Ann.Mixed@Pae.example",
            "ann.mixed@pae.example",
            "ANN.MIXED@PAE.EXAMPLE",
            " ann.mixed@pae.example ",
        ):
            with self.subTest(typed=typed):
                self.assertEqual(self.find(typed), self.user)

    def test_nothing_in_a_login_is_a_wildcard(self):
        for typed in ("ann_mixed@pae.example", "%", "ann%", "ann.mixed@pae.exampl_", "\\", "", " "):
            with self.subTest(typed=typed):
                self.assertFalse(self.find(typed))

    def test_what_can_not_be_a_login_finds_nobody(self):
        for typed in ("ann\x00@pae.example", "\x00", "\ud800", False, None):
            with self.subTest(typed=typed):
                self.assertFalse(self.find(typed))
                self.assertFalse(typed and self.Users.search(self.Users._get_email_domain(typed)))

    def test_a_login_with_any_white_space_around_it_is_the_same(self):
        self.assertEqual(set(WHITE_SPACE), {chr(code) for code in range(0x110000) if chr(code).isspace()})
        for space in (*WHITE_SPACE, " \t "):
            self.force_login(self.user, f"{space}Ann.Mixed@Pae.example{space}")
            with self.subTest(space=space):
                self.assertEqual(self.find("ann.mixed@pae.example"), self.user)
                self.assertEqual(self.user.portal_login_key, "ann.mixed@pae.example")
                self.assertIn(self.user, self.Users.search([("portal_login_key", "=", "ann.mixed@pae.example")]))
                with self.assertRaises(ValidationError):
                    self.make_user("ann.mixed@pae.example")

    def test_an_exact_match_comes_first(self):
        first, second = self.make_old_pair()
        self.assertEqual(self.find("pair@pae.example"), first)
        self.assertEqual(self.find("Pair@pae.example"), second)

    def test_of_several_that_differ_in_case_only_none_is_guessed(self):
        self.make_old_pair()
        self.assertFalse(self.find("PAIR@pae.example"))

    def test_an_archived_user_does_not_stand_in_the_way_of_an_active_one(self):
        first, second = self.make_old_pair()
        first.active = False
        self.assertEqual(self.find("pair@pae.example"), second)
        self.assertEqual(self.find("PAIR@pae.example"), second)

    def test_a_password_is_reset_whatever_the_case_of_the_login(self):
        with patch.object(type(self.Users), "action_reset_password", autospec=True) as reset:
            self.Users.reset_password("ann.mixed@PAE.example")
        self.assertEqual(reset.call_args.args[0], self.user)

    def test_signing_in_asks_for_the_password_of_the_user_it_found(self):
        self.user.password = "a fine password"
        self.env.flush_all()
        self.env.registry.enter_test_mode(self.env.cr)
        self.addCleanup(self.env.registry.leave_test_mode)
        login = type(self.Users)._login
        uid = login(self.env.cr.dbname, "ANN.mixed@pae.example", "a fine password", {"interactive": True})
        self.assertEqual(uid, self.user.id)
        with self.assertRaises(AccessDenied), mute_logger("odoo.addons.base.models.res_users"):
            login(self.env.cr.dbname, "ANN.mixed@pae.example", "another password", {"interactive": True})

    def test_a_typed_login_is_looked_up_by_an_index(self):
        query = SQL("SELECT DISTINCT login FROM res_users WHERE %s = lower(%s)", login_key("login"), "a")
        self.assert_uses_index("res_users_login_trimmed_index", query)

    def test_signing_in_costs_one_query_more_than_stock(self):
        counts = []
        self.find("ann.mixed@pae.example")
        with self.count_queries(counts):
            Users = self.Users.with_context(portal_access_exact_login=True)
            Users.search(Users._get_login_domain("Ann.Mixed@Pae.example"), order=Users._get_login_order())
        with self.count_queries(counts):
            self.find("Ann.Mixed@Pae.example")
        self.assertLessEqual(counts[1], counts[0] + 1)

    # Set

    def test_surrounding_space_is_trimmed(self):
        user = self.make_user("  spaced@pae.example\t")
        self.assertEqual(user.login, "spaced@pae.example")
        user.login = "\n spaced2@pae.example "
        self.assertEqual(user.login, "spaced2@pae.example")
        self.assertEqual(
            self.Users.with_context(default_login="x@pae.example").create({"name": "X"}).login, "x@pae.example"
        )

    def test_a_login_that_differs_in_case_only_is_refused_with_the_name_of_its_user(self):
        other = self.make_user("other@pae.example")
        for login in ("ann.mixed@pae.example", "ANN.MIXED@PAE.EXAMPLE ", "Ann.Mixed@Pae.example"):
            with self.subTest(login=login):
                with self.assertRaisesRegex(ValidationError, "that of User Ann.Mixed"):
                    self.make_user(login)
                with self.assertRaisesRegex(ValidationError, "that of User Ann.Mixed"):
                    other.login = login
        self.assertEqual(other.login, "other@pae.example")

    def test_an_archived_user_keeps_the_login(self):
        self.user.active = False
        with self.assertRaises(ValidationError):
            self.make_user("ann.mixed@pae.example")

    def test_two_in_one_list_are_refused_too(self):
        values = {"name": "Twin", "groups_id": [(6, 0, self.env.ref("base.group_portal").ids)]}
        with self.assertRaisesRegex(ValidationError, "twice"):
            self.Users.create([{**values, "login": "twin@pae.example"}, {**values, "login": "Twin@pae.example"}])

    def test_an_import_tells_which_row_clashes(self):
        result = self.Users.load(["name", "login"], [["New", "new@pae.example"], ["Clash", "ann.mixed@PAE.example"]])
        self.assertFalse(result["ids"])
        told = {message["rows"]["from"]: message["message"] for message in result["messages"]}
        self.assertEqual(told[1], "The login ann.mixed@PAE.example is that of User Ann.Mixed@Pae.example already.")

    def test_the_name_is_told_to_who_may_see_the_user_only(self):
        foreign = mail_new_test_user(
            self.env,
            login="pae_foreign_admin",
            groups="base.group_user,base.group_erp_manager",
            company_id=self.company_2.id,
            company_ids=[(6, 0, self.company_2.ids)],
        )
        Users = self.Users.with_user(foreign).with_context(allowed_company_ids=self.company_2.ids)
        values = {"name": "X", "login": "ANN.mixed@pae.example", "company_id": self.company_2.id}
        with self.assertRaisesRegex(ValidationError, "another user"):
            Users.create({**values, "company_ids": [(6, 0, self.company_2.ids)]})

    def test_old_pairs_may_be_edited_and_even_keep_their_logins(self):
        first, second = self.make_old_pair()
        for user in (first, second):
            user.write({"name": "Edited", "login": user.login, "active": False})
            user.write({"active": True})
        second.login = "moved@pae.example"
        with self.assertRaises(ValidationError):
            second.login = "PAIR@pae.example"

    def test_a_login_may_change_its_own_case(self):
        self.user.login = "ann.mixed@pae.example"
        self.assertEqual(self.user.login, "ann.mixed@pae.example")

    def test_a_login_that_can_not_be_stored_is_refused_in_words(self):
        for login in ("ann\x00@pae.example", "\ud800@pae.example"):
            with self.assertRaisesRegex(ValidationError, "can't be stored"):
                self.make_user(login)

    def test_a_visitor_who_signs_up_with_a_login_in_another_case_is_told_so_without_a_name(self):
        self.env["ir.config_parameter"].set_param("auth_signup.invitation_scope", "b2c")
        Users = self.env["res.users"].with_user(self.env.ref("base.public_user")).sudo()
        with self.assertRaisesRegex(UserError, "Another user is already registered") as caught:
            Users.signup({"login": "ANN.mixed@pae.example", "name": "Visitor", "password": "a fine password"})
        self.assertNotIn("Ann", str(caught.exception))

    def test_the_settings_form_changes_only_the_login_of_a_portal_user(self):
        with Form(self.user, "base.view_users_form") as form:
            form.login = "moved@pae.example"
        self.assertEqual((self.user.login, self.user.email), ("moved@pae.example", "ann@pae.example"))

    def test_the_settings_form_changes_the_email_of_an_internal_and_of_a_new_user_as_in_stock(self):
        with Form(self.employee, "base.view_users_form") as form:
            form.login = "emil2@pae.example"
        self.assertEqual(self.employee.email, "emil2@pae.example")
        with Form(self.Users, "base.view_users_form") as form:
            form.name = "New"
            form.login = "new@pae.example"
            self.assertEqual(form.email, "new@pae.example")

    def test_making_a_thousand_users_costs_no_query_for_each_login(self):
        counts = []
        for size in (5, 65):
            wanted = [(f"many{size}-{number}@pae.example", None) for number in range(size)]
            with self.count_queries(counts):
                self.Users._portal_access_claim_logins(wanted)
        self.assertEqual(counts[0], counts[1])

    def test_keys_of_logins_are_vacuumed(self):
        Keys = self.env["portal.access.login.key"]
        self.assertTrue(Keys.search([("key", "=", "ann.mixed@pae.example")]))
        Keys._gc_keys()
        self.assertTrue(Keys.search([("key", "=", "ann.mixed@pae.example")]))
        self.env.cr.execute("UPDATE portal_access_login_key SET claimed_on = claimed_on - interval '2 days'")
        Keys._gc_keys()
        self.assertFalse(Keys.search([]))


@tagged("post_install", "-at_install")
class TestLoginsOfWebsites(LoginCase):
    """With `website`, a login belongs to one website, or to all of them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if "website" not in cls.env:
            raise SkipTest("website is not installed")
        cls.website, cls.other_website = cls.env["website"].create([{"name": "Shop"}, {"name": "Other Shop"}])

    def find_on(self, website, login):
        Users = self.Users.with_context(website_id=website.id)
        return Users.search(Users._get_login_domain(login), order=Users._get_login_order(), limit=1)

    def test_each_website_has_its_own_user_of_a_login(self):
        here = self.make_user("Shop@pae.example", website_id=self.website.id)
        there = self.make_user("shop@pae.example", website_id=self.other_website.id)
        for login in ("shop@pae.example", "Shop@pae.example", "SHOP@pae.example"):
            with self.subTest(login=login):
                self.assertEqual(self.find_on(self.website, login), here)
                self.assertEqual(self.find_on(self.other_website, login), there)

    def test_the_website_s_own_user_comes_before_the_one_of_all_websites(self):
        here = self.make_user("Shop@pae.example", website_id=self.website.id)
        everywhere = self.make_user("shop@pae.example")
        self.assertEqual(self.find_on(self.website, "SHOP@pae.example"), here)
        self.assertEqual(self.find_on(self.other_website, "SHOP@pae.example"), everywhere)

    def test_logins_that_differ_in_case_are_refused_on_one_website(self):
        self.make_user("shop@pae.example", website_id=self.website.id)
        with self.assertRaises(ValidationError):
            self.make_user("Shop@pae.example", website_id=self.website.id)
        partner = self.env["res.partner"].create({"name": "Shopper", "website_id": self.website.id})
        with self.assertRaises(ValidationError):
            self.make_user("Shop@pae.example", partner_id=partner.id)
        other = self.make_user("Shop@pae.example", website_id=self.other_website.id)
        with self.assertRaises(ValidationError):
            other.write({"login": "SHOP@pae.example", "website_id": self.website.id})

    def test_moving_a_contact_to_a_website_makes_no_pair(self):
        self.make_user("shop@pae.example", website_id=self.website.id)
        other = self.make_user("Shop@pae.example", website_id=self.other_website.id)
        self.make_user("SHOP@pae.example")
        for website in (self.website, self.env["website"]):
            for record in (other, other.partner_id):
                with self.subTest(website=website.name, model=record._name), self.assertRaises(ValidationError):
                    record.website_id = website
        other.partner_id.website_id = self.other_website
        third = self.env["website"].create({"name": "Third Shop"})
        other.partner_id.website_id = third
        self.assertEqual(other.website_id, third)
        with self.assertRaises(AccessError):
            other.partner_id.with_user(self.employee).website_id = self.website

    def test_moving_two_contacts_to_a_website_makes_no_pair(self):
        users = self.make_user("Shop@pae.example", website_id=self.website.id)
        users |= self.make_user("shop@pae.example", website_id=self.other_website.id)
        third = self.env["website"].create({"name": "Third Shop"})
        with self.assertRaises(ValidationError):
            users.partner_id.website_id = third
