from freezegun import freeze_time

from odoo.tests import HttpCase, tagged

from .test_access_end_cron import AccessEndCase


@tagged("post_install", "-at_install")
class TestDormantAccess(AccessEndCase):
    """Access that nobody uses: warned, and revoked if nobody comes. All three got access on May 1."""

    def setUp(self):
        super().setUp()
        self.set_days(warning=7, dormancy=90)

    def test_it_is_off_by_default(self):
        self.env["ir.config_parameter"].set_param("portal_access_ext.dormancy_days", False)
        self.assertFalse(self.run_cron("2039-05-01"))
        self.assertEqual(self.users.mapped("active"), [True] * 3)

    def test_who_does_not_sign_in_is_warned_once_and_revoked(self):
        self.sign_in(self.users[0], "2030-05-20 10:00:00")
        # May 1 and 90 days: July 30.
        self.assertFalse(self.run_cron("2030-07-22"))
        mails = self.run_cron("2030-07-23")
        self.assertEqual(mails.mapped("res_id"), self.users[1:].ids)
        self.assertIn("07/30/2030", mails[0].body_html)
        self.assertIn("customer1@pae.example", mails[0].body_html)
        self.assertNotIn("token", mails[0].body_html)
        self.assertEqual(self.events_of(self.partners[1])[-1].details, "07/30/2030 (not used)")
        self.assertFalse(self.run_cron("2030-07-23"))
        self.assertFalse(self.run_cron("2030-07-30"))
        self.assertEqual(self.users.mapped("active"), [True] * 3)
        self.run_cron("2030-07-31")
        self.assertEqual(self.users.mapped("active"), [True, False, False])
        self.assertEqual(self.kinds_of(self.partners[1]), ["warned", "dormant"])
        self.assertIn("not used", self.partners[1].message_ids[0].body)
        # Signed in on May 20: August 18.
        self.assertEqual(self.run_cron("2030-08-11").mapped("res_id"), self.users[:1].ids)

    def test_signing_in_makes_the_warning_void(self):
        self.run_cron("2030-07-23")
        self.sign_in(self.users[0], "2030-07-30 23:00:00")
        self.run_cron("2030-07-31")
        self.assertEqual(self.users.mapped("active"), [True, False, False])
        mails = self.run_cron("2030-10-21")
        self.assertEqual(mails.mapped("res_id"), self.users[:1].ids)
        self.assertIn("10/28/2030", mails.body_html)
        self.run_cron("2030-10-29")
        self.assertFalse(self.users[0].active)

    def test_opening_the_portal_counts_for_who_was_warned(self):
        users = self.users[:2]
        users[1].with_user(users[1])._portal_access_note_visit()
        self.run_cron("2030-07-23")
        users[0].with_user(users[0])._portal_access_note_visit()
        log = self.env["res.users.log"].search([("create_uid", "in", users.ids)])
        self.assertEqual(log.create_uid, users[0], "of the others, only typing the password counts")
        self.env.cr.execute("UPDATE res_users_log SET create_date = '2030-07-24' WHERE id = %s", log.ids)
        users[0].with_user(users[0])._portal_access_note_visit()
        self.assertEqual(len(self.env["res.users.log"].search([("create_uid", "in", users.ids)])), 1)
        self.run_cron("2030-07-31")
        self.assertEqual(self.users.mapped("active"), [True, False, False])

    def test_an_old_database_warns_first_when_it_is_turned_on(self):
        for user, day in zip(self.users, ("2020-01-01", "2030-05-02", "2030-12-24"), strict=True):
            self.sign_in(user, f"{day} 12:00:00")
        mails = self.run_cron("2031-01-10")
        self.assertEqual(mails.mapped("res_id"), self.users[:2].ids)
        self.assertIn("01/17/2031", mails[0].body_html, "a full week, not the day that went by long ago")
        self.run_cron("2031-01-17")
        self.assertEqual(self.users.mapped("active"), [True] * 3)
        self.run_cron("2031-01-18")
        self.assertEqual(self.users.mapped("active"), [False, False, True])

    def test_turned_off_and_on_again_it_warns_again(self):
        self.run_cron("2030-07-23")
        self.set_days(dormancy=0)
        self.run_cron("2030-07-24")
        self.run_cron("2032-01-01")
        self.assertEqual(self.users.mapped("active"), [True] * 3)
        self.set_days(dormancy=90)
        self.assertEqual(len(self.run_cron("2032-01-02")), 3)
        self.run_cron("2032-01-09")
        self.assertEqual(self.users.mapped("active"), [True] * 3)

    def test_a_longer_limit_warns_again_and_a_shorter_one_keeps_what_was_promised(self):
        self.run_cron("2030-07-23")
        self.set_days(dormancy=120)
        self.assertFalse(self.run_cron("2030-08-10"))
        self.assertEqual(self.users.mapped("active"), [True] * 3)
        self.assertEqual(len(self.run_cron("2030-08-22")), 3)
        self.set_days(dormancy=30)
        self.run_cron("2030-08-29")
        self.assertEqual(self.users.mapped("active"), [True] * 3, "it said August 29")
        self.run_cron("2030-08-30")
        self.assertEqual(self.users.mapped("active"), [False] * 3)

    def test_a_new_grant_starts_anew(self):
        self.sign_in(self.users[0], "2030-05-02 12:00:00")
        with freeze_time("2032-01-01"):
            self.as_manager(self.partner).portal_access_revoke()
            self.grant(self.partner)
        self.env.cr.execute(
            "UPDATE portal_access_event SET create_date = '2032-01-01' WHERE id = %s AND kind = 'granted'",
            [self.events_of(self.partner).filtered(lambda event: event.kind == "granted")[-1].id],
        )
        mails = self.run_cron("2032-01-05")
        self.assertEqual(mails.mapped("res_id"), self.users[1:].ids)

    def test_without_warning_days_access_is_revoked_at_once(self):
        self.set_days(warning=0)
        self.run_cron("2030-07-30")
        self.assertEqual(self.users.mapped("active"), [True] * 3)
        self.assertFalse(self.run_cron("2030-07-31"))
        self.assertEqual(self.users.mapped("active"), [False] * 3)
        self.assertEqual(self.kinds_of(self.partner), ["dormant"])

    def test_the_day_is_that_of_the_contact(self):
        self.partners[0].tz = "Pacific/Auckland"  # where the first of May ended at noon
        self.partners[1].tz = "America/Los_Angeles"
        self.assertEqual(len(self.run_cron("2030-07-23 12:30:00")), 3)
        states = []
        for now in ("2030-07-30 13:00:00", "2030-07-31 01:00:00", "2030-07-31 08:00:00"):
            self.run_cron(now)
            states.append(self.users.mapped("active"))
        self.assertEqual(states, [[True] * 3, [True, True, False], [True, False, False]])
        self.run_cron("2030-07-31 13:00:00")
        self.assertFalse(self.users[0].active)

    def test_an_end_that_comes_first_is_the_only_one_warned_of(self):
        with freeze_time("2030-05-01"):
            self.partners[0].portal_access_until = "2030-07-28"
            self.partners[1].portal_access_until = "2030-12-31"
        mails = self.run_cron("2030-07-23")
        self.assertEqual(len(mails), 3)
        self.run_cron("2030-07-29")
        self.assertEqual(self.kinds_of(self.partners[0]), ["warned", "expired"])
        self.run_cron("2030-07-31")
        self.assertEqual(self.kinds_of(self.partners[1]), ["warned", "dormant"])

    def test_an_end_that_comes_before_the_promised_day_is_the_only_one_warned_of(self):
        """Idle for long, and never warned: the warning would promise a full week from now."""
        with freeze_time("2030-05-01"):
            for partner, day in zip(self.partners, ("2031-01-12", "2031-01-17", "2031-01-18"), strict=True):
                partner.portal_access_until = day
        mails = self.run_cron("2031-01-10")
        self.assertEqual(mails.mapped("res_id"), self.users.ids)
        self.assertEqual(
            [self.events_of(partner)[-1].details for partner in self.partners],
            ["01/12/2031", "01/17/2031", "01/17/2031 (not used)"],
        )
        mails = self.run_cron("2031-01-11")
        self.assertEqual(mails.mapped("res_id"), self.users[2:].ids, "told of its date, too")
        self.run_cron("2031-01-13")
        self.assertEqual(self.users.mapped("active"), [False, True, True])
        self.run_cron("2031-01-18")
        self.assertEqual([self.kinds_of(partner)[-1] for partner in self.partners], ["expired", "expired", "dormant"])

    def test_the_visits_of_a_user_without_access_do_not_keep_that_of_another(self):
        with freeze_time("2030-05-01"):
            old = self.users[0].copy({"login": "old@pae.example", "partner_id": self.partner.id})
        self.sign_in(old, "2030-07-20 12:00:00")
        old.active = False
        self.assertEqual(self.run_cron("2030-07-23").mapped("res_id"), self.users.ids)
        self.partner.invalidate_recordset()
        self.assertFalse(self.partner.portal_login_date, "the status says the same")

    def test_of_two_users_of_a_contact_the_one_who_comes_counts(self):
        with freeze_time("2030-05-01"):
            second = self.users[0].copy({"login": "second@pae.example", "partner_id": self.partner.id})
        self.sign_in(second, "2030-07-20 12:00:00")
        self.assertEqual(self.run_cron("2030-07-23").mapped("res_id"), self.users[1:].ids)

    def test_employees_do_not_grow_dormant(self):
        self.run_cron("2040-01-01")
        self.run_cron("2041-01-01")
        self.assertTrue(self.employee.active and self.manager.active)


@tagged("post_install", "-at_install")
class TestDormantCustomerVisits(HttpCase, AccessEndCase):
    def test_the_link_of_the_warning_keeps_the_access_of_who_is_signed_in_still(self):
        warned, other = self.users[:2]
        warned.portal_access_dormant_end = "2030-07-30"
        noted = {}
        for user in (warned, other, self.employee):
            user.password = "a long passphrase"
            self.authenticate(user.login, "a long passphrase")
            log = [("create_uid", "=", user.id)]
            before = self.env["res.users.log"].search_count(log)
            for _visit in range(2):
                self.assertEqual(self.url_open("/my").status_code, 200)
            noted[user] = self.env["res.users.log"].search_count(log) - before
        self.assertEqual(noted, {warned: 1, other: 0, self.employee: 0})
        warned.invalidate_recordset()
        self.assertFalse(warned.portal_access_dormant_end)
