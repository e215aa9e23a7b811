from odoo.tests import tagged

from .common import PortalAccessCase


@tagged("post_install", "-at_install")
class TestAccessCheck(PortalAccessCase):
    """What an administrator is told about each contact before anything happens."""

    def check(self, partners, emails=None):
        results = self.as_manager(partners).portal_access_check(emails)
        self.assertEqual([result["partner_id"] for result in results], partners.ids)
        return results

    def verdict(self, partner, email=None):
        [result] = self.check(partner, {partner.id: email} if email is not None else None)
        return result["verdict"], result["reason"]

    def test_a_contact_with_an_email_is_ready(self):
        self.assertEqual(self.verdict(self.partner)[0], "ready")

    def test_checking_changes_nothing(self):
        self.check(self.partners)
        self.assertFalse(self.users_of(self.partners))
        self.assertFalse(self.events_of(self.partners))

    def test_texts_that_are_not_one_address_are_refused_with_the_reason(self):
        for email, verdict, words in (
            ("", "no_email", "no email"),
            ("   ", "no_email", "no email"),
            ("nonsense", "invalid_email", "not a valid"),
            ("ann smith@pae.example", "invalid_email", "not a valid"),
            ("ann@pae.example, bob@pae.example", "invalid_email", "more than one"),
            ("ann@pae.example bob@pae.example", "invalid_email", "more than one"),
            ("ann@@pae.example", "invalid_email", "more than one"),
            ("<b>ann@pae.example</b>", "invalid_email", "not a valid"),
            ("<script>alert(1)</script>", "invalid_email", "not a valid"),
            ("a" * 300 + "@pae.example", "invalid_email", "too long"),
            ("ann\x00@pae.example", "invalid_email", "not a valid"),
            ("ann..b@pae.example", "invalid_email", "not a valid"),
            ("ann@.example", "invalid_email", "not a valid"),
            ("@pae.example", "invalid_email", "not a valid"),
        ):
            with self.subTest(email=email):
                code, reason = self.verdict(self.partner, email)
                self.assertEqual(code, verdict)
                self.assertIn(words, reason)

    def test_addresses_that_people_really_have_are_accepted(self):
        for email in (
            "ANN@PAE.example",
            " ann@pae.example ",
            "Ann Customer <ann@pae.example>",
            "ann@müller.example",
            "o'hara+portal@mail.pae.example",
        ):
            with self.subTest(email=email):
                self.assertEqual(self.verdict(self.partner, email)[0], "ready")

    def test_the_same_email_twice_is_told_on_both_rows_which_name_each_other(self):
        self.partners[1].email = "Customer0@PAE.example"
        first, second, third = self.check(self.partners)
        self.assertEqual((first["verdict"], second["verdict"], third["verdict"]), ("duplicate", "duplicate", "ready"))
        self.assertIn("customer 1", first["reason"])
        self.assertIn("customer 0", second["reason"])

    def test_many_rows_with_one_email_name_three_and_count_the_rest(self):
        partners = self.make_partners(6, email="same@pae.example")
        self.assertIn("2 more", self.check(partners)[0]["reason"])

    def test_an_email_that_is_somebodys_login_is_taken_whatever_the_case(self):
        other = self.make_partners(1, "other")
        user = self.grant(other)
        user.login = "Taken@PAE.example"
        code, reason = self.verdict(self.partner, "tAKEN@pae.example")
        self.assertEqual(code, "taken")
        self.assertIn("other 0", reason)

    def test_the_login_of_an_archived_user_is_taken(self):
        other = self.make_partners(1, "other")
        self.grant(other)
        self.as_manager(other).portal_access_revoke()
        code, reason = self.verdict(self.partner, "other0@pae.example")
        self.assertEqual(code, "taken")
        self.assertIn("of a revoked user already: other 0", reason)

    def test_the_name_behind_a_login_is_not_told_to_who_may_not_see_it(self):
        hidden = self.env["res.users"].create(
            {
                "name": "Secret Agent",
                "login": "hidden@pae.example",
                "company_id": self.company_2.id,
                "company_ids": [(6, 0, self.company_2.ids)],
                "groups_id": [(6, 0, self.env.ref("base.group_portal").ids)],
            }
        )
        code, reason = self.verdict(self.partner, hidden.login)
        self.assertEqual(code, "taken")
        self.assertNotIn("Secret", reason)

    def test_an_archived_contact_is_not_ready(self):
        self.partner.active = False
        self.assertEqual(self.verdict(self.partner)[0], "archived")

    def test_an_internal_user_is_named_as_such(self):
        self.assertEqual(self.verdict(self.employee.partner_id)[0], "internal")

    def test_a_contact_with_an_internal_and_a_portal_user_is_internal(self):
        user = self.grant(self.partner)
        self.env["res.users"].create({"login": "second", "partner_id": self.partner.id})
        self.assertEqual(self.verdict(self.partner)[0], "internal")
        [result] = self.as_manager(self.partner).portal_access_revoke()
        self.assertEqual(result["outcome"], "refused")
        self.assertTrue(user.active)

    def test_a_former_employee_who_is_a_customer_can_be_managed(self):
        self.employee.active = False
        partner = self.employee.partner_id
        code, reason = self.verdict(partner)
        self.assertEqual(code, "internal")
        self.assertIn("was an internal user", reason)
        self.env["res.users"].create(
            {
                "login": "former@pae.example",
                "partner_id": partner.id,
                "groups_id": [(6, 0, self.env.ref("base.group_portal").ids)],
            }
        )
        self.assertEqual(self.verdict(partner)[0], "has_access")
        self.assertEqual(self.as_manager(partner).portal_access_revoke()[0]["outcome"], "revoked")

    def test_who_works_in_a_branch_manages_the_customers_of_the_parent_company(self):
        branch = self.env["res.company"].create({"name": "Branch", "parent_id": self.manager.company_id.id})
        self.partner.company_id = self.manager.company_id
        self.manager.write({"company_ids": [(4, branch.id)], "company_id": branch.id})
        partner = self.partner.with_user(self.manager).with_context(allowed_company_ids=branch.ids)
        self.assertEqual(partner.portal_access_grant()[0]["outcome"], "granted")
        self.assertEqual(partner.portal_access_revoke()[0]["outcome"], "revoked")

    def test_two_accounts_of_before_with_one_email_can_not_both_start_again(self):
        self.grant(self.partners[:2])
        self.as_manager(self.partners[:2]).portal_access_revoke()
        self.partners[:2].email = "same@pae.example"
        self.assertEqual({result["verdict"] for result in self.check(self.partners[:2])}, {"duplicate"})

    def test_access_is_told_and_a_bad_email_does_not_hide_it(self):
        self.grant(self.partner)
        self.assertEqual(self.verdict(self.partner)[0], "has_access")
        self.assertEqual(self.verdict(self.partner, "nonsense")[0], "has_access")

    def test_access_that_was_revoked_can_be_granted_again_and_says_so(self):
        self.grant(self.partner)
        self.as_manager(self.partner).portal_access_revoke()
        code, reason = self.verdict(self.partner)
        self.assertEqual(code, "ready_again")
        self.assertIn("before", reason)

    def test_a_contact_of_another_company_can_not_be_managed(self):
        self.partner.company_id = self.company_2
        self.assertEqual(self.verdict(self.partner)[0], "other_company")

    def test_a_shared_contact_whose_user_is_of_another_company_can_not_be_managed(self):
        user = self.grant(self.partner)
        user.write({"company_ids": [(6, 0, self.company_2.ids)], "company_id": self.company_2.id})
        self.assertEqual(self.verdict(self.partner)[0], "other_company")
        [result] = self.as_manager(self.partner).portal_access_revoke()
        self.assertEqual(result["outcome"], "refused")
        self.assertTrue(user.active)

    def test_a_deleted_contact_is_told_and_the_others_are_judged(self):
        partners = self.partners
        partners[1].unlink()
        results = self.as_manager(partners).portal_access_check()
        self.assertEqual([result["verdict"] for result in results], ["ready", "missing", "ready"])


@tagged("post_install", "-at_install")
class TestAccessCheckWebsite(PortalAccessCase):
    """With `website`, a login may belong to one website."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if "website" not in cls.env:
            return
        cls.websites = cls.env["website"].create([{"name": "One"}, {"name": "Two"}])

    def setUp(self):
        super().setUp()
        if "website" not in self.env:
            self.skipTest("website is not installed")

    def verdicts(self, partners):
        return [result["verdict"] for result in self.as_manager(partners).portal_access_check()]

    def test_two_contacts_of_two_websites_may_have_one_email(self):
        self.partners.email = "same@pae.example"
        self.partners[0].website_id, self.partners[1].website_id = self.websites
        self.assertEqual(self.verdicts(self.partners[:2]), ["ready", "ready"])

    def test_two_contacts_of_one_website_may_not_have_one_email(self):
        self.partners.email = "same@pae.example"
        self.partners[:2].website_id = self.websites[0]
        self.assertEqual(self.verdicts(self.partners[:2]), ["duplicate", "duplicate"])

    def test_a_login_of_another_website_is_free(self):
        self.partners.email = "same@pae.example"
        self.partners[0].website_id, self.partners[1].website_id = self.websites
        self.grant(self.partners[0])
        self.assertEqual(self.verdicts(self.partners[1]), ["ready"])
        self.partners[1].website_id = self.websites[0]
        self.assertEqual(self.verdicts(self.partners[1]), ["taken"])
        self.grant(self.partners[1].copy({"email": "same@pae.example", "website_id": self.websites[1].id}))
