from datetime import timedelta

from freezegun import freeze_time

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..models.res_partner_status import PORTAL_STATUSES
from .common import PortalAccessCase

STATUSES = [status for status, _label in PORTAL_STATUSES]


class StatusCase(PortalAccessCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.group_portal = cls.env.ref("base.group_portal")
        cls.group_user = cls.env.ref("base.group_user")
        cls.group_public = cls.env.ref("base.group_public")

    def make_user(self, partner, group=None, login=None, active=True, password=None, signed_in=None):
        """Make a user of a contact, as whichever door made it, and return it."""
        user = (
            self.env["res.users"]
            .with_context(no_reset_password=True)
            .create(
                {
                    "login": login or f"status{partner.id}-{len(partner.with_context(active_test=False).user_ids)}",
                    "partner_id": partner.id,
                    "groups_id": [Command.set((group or self.group_portal).ids)],
                }
            )
        )
        if password:
            self.env.cr.execute("UPDATE res_users SET password = %s WHERE id = %s", [password, user.id])
        if signed_in:
            self.env.cr.execute(
                "INSERT INTO res_users_log (create_uid, create_date) VALUES (%s, %s)", [user.id, signed_in]
            )
        if not active:
            self.env.flush_all()
            self.env.cr.execute("UPDATE res_users SET active = FALSE WHERE id = %s", [user.id])
        self.env.invalidate_all()
        return user

    def make_old(self, user):
        """Let a user have been granted access long ago."""
        self.env.flush_all()
        self.env.cr.execute("UPDATE res_users SET create_date = '2020-01-01' WHERE id = %s", [user.id])
        self.env.cr.execute("UPDATE portal_access_event SET create_date = '2020-01-01' WHERE user_id = %s", [user.id])
        self.env.invalidate_all()

    def set_token(self, partner, days=None, token="token"):
        """Give a contact a sign-up token that ends in so many days, or never."""
        self.env.flush_all()
        end = fields.Datetime.now() + timedelta(days=days) if days is not None else None
        self.env.cr.execute(
            "UPDATE res_partner SET signup_token = %s, signup_type = 'signup', signup_expiration = %s WHERE id = %s",
            [token and f"{token}{partner.id}", end, partner.id],
        )
        self.env.invalidate_all()

    def status_of(self, partner):
        partner.invalidate_recordset()
        return partner.portal_status

    def search(self, *domain):
        return self.env["res.partner"].search([("id", "in", self.everybody.ids), *domain])


@tagged("post_install", "-at_install")
class TestPortalStatus(StatusCase):
    """What a contact's status is."""

    def test_a_contact_goes_through_its_life(self):
        partner = self.partner
        self.assertEqual(self.status_of(partner), "none")
        user = self.grant(partner)
        self.assertEqual(self.status_of(partner), "invited")
        with freeze_time(fields.Datetime.now() + timedelta(days=8)):
            self.assertEqual(self.status_of(partner), "expired")
        user.password = "a long passphrase"
        self.assertEqual(self.status_of(partner), "active")
        partner.portal_access_revoke()
        self.assertEqual(self.status_of(partner), "revoked")
        self.grant(partner)
        self.assertEqual(self.status_of(partner), "invited", "like a first grant")

    def test_buttons_and_doors_change_what_is_read_in_the_same_transaction(self):
        self.assertEqual(self.partner.portal_status, "none")
        self.grant(self.partner)
        self.assertEqual(self.partner.portal_status, "invited")
        self.partner.portal_access_revoke()
        self.assertEqual(self.partner.portal_status, "revoked")

    def test_a_sign_in_without_a_password_counts(self):
        """By OAuth or LDAP."""
        self.make_user(self.partner, signed_in="2020-01-01")
        self.assertEqual(self.status_of(self.partner), "active")
        self.set_token(self.partner, 3)
        self.assertEqual(self.status_of(self.partner), "active")

    def test_a_token_without_end_works(self):
        self.make_user(self.partner)
        self.assertEqual(self.status_of(self.partner), "expired")
        self.set_token(self.partner)
        self.assertEqual(self.status_of(self.partner), "invited")
        self.set_token(self.partner, -1)
        self.assertEqual(self.status_of(self.partner), "expired")

    def test_an_employee_is_an_internal_user_and_a_former_one_is_nobody(self):
        user = self.make_user(self.partner, self.group_user)
        self.assertEqual(self.status_of(self.partner), "internal")
        user.active = False
        self.assertEqual(self.status_of(self.partner), "none")

    def test_the_public_and_templates_were_never_revoked(self):
        for xmlid in ("base.public_user", "base.template_portal_user_id", "base.default_user"):
            partner = self.env.ref(xmlid).partner_id
            self.assertEqual(self.status_of(partner), "none", xmlid)
            self.assertFalse(
                partner.with_context(active_test=False).search(
                    [("id", "=", partner.id), ("portal_status", "=", "revoked")]
                )
            )

    def test_an_active_user_without_a_kind_has_no_access(self):
        self.make_user(self.partner, self.group_public)
        self.assertEqual(self.status_of(self.partner), "none")

    def test_of_several_users_the_best_counts(self):
        first, second, third = self.partners
        self.make_user(first, active=False)
        self.make_user(first, password="x")
        self.assertEqual(self.status_of(first), "active")
        self.make_user(first, self.group_user)
        self.assertEqual(self.status_of(first), "internal")
        self.make_user(second, active=False)
        self.make_user(second)
        self.set_token(second, 1)
        self.assertEqual(self.status_of(second), "invited")
        self.make_user(third, self.group_user, active=False)
        self.make_user(third, active=False)
        self.assertEqual(self.status_of(third), "revoked")

    def test_a_new_contact_has_no_status_yet(self):
        partner = self.env["res.partner"].new({"name": "New"})
        self.assertEqual((partner.portal_status, partner.portal_login_date), ("none", False))
        self.assertFalse(partner.portal_access_summary)

    def test_the_latest_sign_in_of_customers_is_told_and_that_of_employees_is_not(self):
        partner, employee = self.partners[:2]
        self.make_user(partner, signed_in="2021-01-01 10:00:00", active=False)
        self.make_user(partner, signed_in="2022-02-02 10:00:00", password="x")
        self.make_user(employee, self.group_user, signed_in="2022-02-02 10:00:00")
        self.assertEqual(fields.Datetime.to_string(partner.portal_login_date), "2022-02-02 10:00:00")
        self.assertFalse(employee.portal_login_date)

    def test_idleness_counts_from_the_last_sign_in_or_the_grant(self):
        partner, other = self.partners[:2]
        now = fields.Datetime.now()
        self.grant(partner)
        partner.invalidate_recordset()
        self.assertGreaterEqual(partner.portal_idle_since, now - timedelta(minutes=5))
        user = self.make_user(other, signed_in="2022-02-02 10:00:00", password="x")
        self.make_old(user)
        self.assertEqual(fields.Datetime.to_string(other.portal_idle_since), "2022-02-02 10:00:00")

    def test_of_who_has_access_the_users_without_it_do_not_count(self):
        partner, other = self.partners[:2]
        self.make_user(partner, signed_in="2023-03-03 10:00:00", active=False)
        user = self.make_user(partner, password="x")
        self.make_old(user)
        self.assertFalse(partner.portal_login_date)
        self.assertEqual(fields.Datetime.to_string(partner.portal_idle_since), "2020-01-01 00:00:00")
        self.make_user(partner, password="x", signed_in="2022-02-02 10:00:00")
        self.assertEqual(fields.Datetime.to_string(partner.portal_login_date), "2022-02-02 10:00:00")
        self.make_user(other, signed_in="2023-03-03 10:00:00", active=False)
        self.assertEqual(fields.Datetime.to_string(other.portal_login_date), "2023-03-03 10:00:00")
        self.assertFalse(other.portal_idle_since, "there is no access that could be idle")

    def test_a_company_counts_the_contacts_that_the_dialog_lists(self):
        company = self.env["res.partner"].create({"name": "Company", "is_company": True})
        contacts = self.make_partners(4, "child", parent_id=company.id)
        contacts[1].type = "other"
        contacts[2].type = "delivery"
        contacts[3].active = False
        company.invalidate_recordset()
        self.assertEqual(company.portal_access_summary, "0 of 2 contacts have access")
        self.grant(contacts[1])
        company.invalidate_recordset()
        self.assertEqual(company.portal_access_summary, "1 of 2 contacts have access")
        self.assertFalse(self.partner.portal_access_summary)
        dialog = self.open_dialog(company)
        self.assertEqual(dialog.user_ids.partner_id - company, contacts[:2])

    def test_a_manager_sees_the_status_whichever_company_the_user_belongs_to(self):
        users = self.grant(self.partner)
        users.write({"company_ids": [Command.set(self.company_2.ids)], "company_id": self.company_2.id})
        self.env.flush_all()
        self.env.invalidate_all()
        partner = self.as_manager(self.partner)
        self.assertEqual(partner.portal_status, "invited")
        self.assertEqual(partner.search([("id", "=", partner.id), ("portal_status", "=", "invited")]), partner)


@tagged("post_install", "-at_install")
class TestPortalStatusRights(StatusCase):
    def test_customers_and_the_public_read_no_status(self):
        portal = self.grant(self.partner)
        for user in (portal, self.env.ref("base.public_user")):
            partner = self.partner.with_user(user)
            for name in ("portal_status", "portal_login_date", "portal_idle_since", "portal_access_summary"):
                with self.subTest(user=user.login, name=name):
                    with self.assertRaises(AccessError):
                        partner.read([name])
                    with self.assertRaises(AccessError):
                        partner.search([(name, "!=", False)])
            with self.assertRaises(AccessError):
                partner.read_group([], [], ["portal_status"])

    def test_employees_read_the_status_and_contact_managers_the_events(self):
        self.grant(self.partner)
        self.assertEqual(self.partner.with_user(self.employee).read(["portal_status"])[0]["portal_status"], "invited")
        with self.assertRaises(AccessError):
            self.partner.with_user(self.employee).read(["portal_event_count"])
        self.assertEqual(self.partner.with_user(self.manager).read(["portal_event_count"])[0]["portal_event_count"], 2)

    def test_only_contact_managers_use_the_buttons(self):
        portal = self.grant(self.partners[1])
        for user in (self.employee, portal, self.env.ref("base.public_user")):
            partner = self.partner.with_user(user)
            for name in ("grant", "invite", "revoke", "open_dialog", "events"):
                with self.subTest(user=user.login, name=name), self.assertRaises(AccessError):
                    getattr(partner, f"action_portal_access_{name}")()

    def test_buttons_of_a_form_tell_what_they_did_and_why_not(self):
        partner = self.as_manager(self.partner)
        for name, status in (("grant", "invited"), ("invite", "invited"), ("revoke", "revoked")):
            action = getattr(partner, f"action_portal_access_{name}")()
            self.assertEqual(action["tag"], "display_notification")
            self.assertEqual(self.status_of(self.partner), status)
        with self.assertRaisesRegex(UserError, "no portal access"):
            partner.action_portal_access_revoke()
        self.partner.email = False
        with self.assertRaisesRegex(UserError, "no email"):
            partner.action_portal_access_grant()
        action = partner.action_portal_access_events()
        self.assertEqual(action["name"], "Portal Access Events")
        self.assertEqual(partner.env[action["res_model"]].search(action["domain"]), self.events_of(self.partner)[::-1])
        self.assertEqual(partner.action_portal_access_open_dialog()["res_model"], "portal.wizard")
