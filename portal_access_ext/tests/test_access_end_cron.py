from datetime import date, datetime
from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import UserError, ValidationError
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.base.tests.test_ir_cron import CronMixinCase

from ..models import res_partner_end_cron
from ..models.res_partner_end import get_local_date
from .common import PortalAccessCase

CRON_LOGGER = "odoo.addons.portal_access_ext.models.res_partner_end_cron"
CORE_LOGGER = "odoo.addons.portal_access_ext.models.res_partner"


class AccessEndCase(PortalAccessCase, CronMixinCase):
    """Contacts with access, at noon of a day in May 2030 (UTC)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("fr_FR")
        cls.partners.tz = False
        cls.manager.company_id.partner_id.tz = False
        # What the database has of its own (demo data) is none of our business.
        portal_users = cls.env["res.users"].search([("groups_id", "in", cls.env.ref("base.group_portal").ids)])
        portal_users.active = False
        with freeze_time("2030-05-01 12:00:00"):
            cls.partners.with_user(cls.manager).portal_access_grant()
            cls.users = cls.users_of(cls, cls.partners)
        cls.env.flush_all()
        cls.env.cr.execute("UPDATE portal_access_event SET create_date = '2030-05-01 12:00:00'")
        cls.env.cr.execute("UPDATE res_users SET create_date = '2030-05-01 12:00:00'")

    def set_days(self, warning=None, dormancy=None):
        for name, days in (("warning_days", warning), ("dormancy_days", dormancy)):
            if days is not None:
                self.env["ir.config_parameter"].set_param(f"portal_access_ext.{name}", str(days))

    def run_cron(self, now):
        """Run the cron at a given time. Return the mails that it made."""
        self.env.flush_all()
        before = self.warnings()
        with freeze_time(now):
            self.env.ref("portal_access_ext.ir_cron_end_portal_access").ir_actions_server_id.run()
        return self.warnings() - before

    def warnings(self):
        return self.env["mail.mail"].search([("model", "=", "res.users")], order="id")

    def kinds_of(self, partners):
        return [event.kind for event in self.events_of(partners) if event.kind not in ("granted", "invited")]

    def sign_in(self, user, now):
        self.env.cr.execute("INSERT INTO res_users_log (create_uid, create_date) VALUES (%s, %s)", [user.id, now])


@tagged("post_install", "-at_install")
class TestAccessEnds(AccessEndCase):
    """Access until a date: warned once, revoked on the day after."""

    def end_on(self, partners, day):
        partners.with_context(tracking_disable=True).write({"portal_access_until": day})

    @freeze_time("2030-05-01")
    def setUp(self):
        super().setUp()
        self.end_on(self.partners[:2], "2030-05-20")

    def test_who_has_an_end_is_warned_once_in_time_and_revoked_on_the_day_after(self):
        self.assertFalse(self.run_cron("2030-05-12 23:59:00"))
        mails = self.run_cron("2030-05-13 00:00:00")
        self.assertEqual(mails.mapped("res_id"), self.users[:2].ids)
        self.assertEqual(self.kinds_of(self.partners), ["warned", "warned"])
        self.assertEqual(self.events_of(self.partner)[-1].details, "2030-05-20")
        self.assertEqual(self.events_of(self.partner)[-1].actor_id, self.env.ref("base.user_root"))
        self.assertFalse(self.run_cron("2030-05-13 00:00:00"))
        self.assertFalse(self.run_cron("2030-05-20 23:59:00"))
        self.assertEqual(self.users.mapped("active"), [True] * 3)
        self.assertFalse(self.run_cron("2030-05-21 00:00:00"))
        self.assertEqual(self.users.mapped("active"), [False, False, True])
        self.assertEqual(self.kinds_of(self.partner), ["warned", "expired"])
        self.assertFalse(self.partner.portal_access_until, "a later grant starts without an end")
        self.assertIn("Portal Access Expired", self.partner.message_ids[0].body)
        self.assertEqual(self.partner.message_ids[0].author_id, self.env.ref("base.partner_root"))
        self.grant(self.partner)
        self.assertFalse(self.run_cron("2030-05-22 00:00:00"))
        self.assertTrue(self.users[0].active)

    def test_another_end_is_warned_of_again(self):
        self.run_cron("2030-05-15")
        with freeze_time("2030-05-16"):
            self.end_on(self.partners[:2], "2030-05-31")
        self.assertFalse(self.run_cron("2030-05-21"))
        mails = self.run_cron("2030-05-24")
        self.assertEqual(len(mails), 2)
        self.assertIn("05/31/2030", mails[0].subject)
        with freeze_time("2030-05-25"):
            self.end_on(self.partners[0], False)
        self.run_cron("2030-06-01")
        self.assertEqual(self.users.mapped("active"), [True, False, True])

    def test_an_end_that_is_due_already_is_not_waited_with_for_a_warning(self):
        self.assertFalse(self.run_cron("2030-06-15"))
        self.assertEqual(self.users.mapped("active"), [False, False, True])
        self.assertEqual(self.kinds_of(self.partners), ["expired", "expired"])

    def test_without_warning_days_nobody_is_warned(self):
        self.set_days(warning=0)
        self.assertFalse(self.run_cron("2030-05-20"))
        self.run_cron("2030-05-21")
        self.assertEqual(self.users.mapped("active"), [False, False, True])

    def test_the_day_is_that_of_the_contact(self):
        east, west, broken = self.partners
        east.tz, west.tz = "Pacific/Auckland", "America/Los_Angeles"
        with freeze_time("2030-05-01"):
            self.end_on(self.partners, "2030-05-20")
        self.env.cr.execute("UPDATE res_partner SET tz = 'Not/Atimezone' WHERE id = %s", broken.ids)
        self.env.invalidate_all()
        warned = [
            set(self.run_cron(now).mapped("res_id"))
            for now in (
                "2030-05-12 11:59:00",
                "2030-05-12 12:01:00",
                "2030-05-13 00:01:00",
                "2030-05-13 06:59:00",
                "2030-05-13 07:01:00",
            )
        ]
        users = self.users
        self.assertEqual(warned, [set(), {users[0].id}, {users[2].id}, set(), {users[1].id}])
        states = []
        for now in (
            "2030-05-20 11:59:00",
            "2030-05-20 12:01:00",
            "2030-05-21 00:01:00",
            "2030-05-21 06:59:00",
            "2030-05-21 07:01:00",
        ):
            self.run_cron(now)
            states.append(users.mapped("active"))
        self.assertEqual(
            states,
            [[True] * 3, [False, True, True], [False, True, False], [False, True, False], [False] * 3],
        )

    def test_without_a_time_zone_the_companys_counts(self):
        self.manager.company_id.partner_id.tz = "Pacific/Auckland"
        self.run_cron("2030-05-20 12:01:00")
        self.assertEqual(self.users.mapped("active"), [False, False, True])

    def test_a_local_date_survives_any_time_zone(self):
        noon = datetime(2030, 5, 10, 12)
        self.assertEqual(get_local_date(noon, "Pacific/Kiritimati"), date(2030, 5, 11))
        self.assertEqual(get_local_date(noon, None, "Pacific/Kiritimati"), date(2030, 5, 11))
        for names in ((), (None, False), ("", "Nowhere"), ("../../etc/passwd",), ("é",)):
            with self.subTest(names=names):
                self.assertEqual(get_local_date(noon, *names), date(2030, 5, 10))

    def test_internal_users_are_never_touched(self):
        self.users[0].write(
            {"groups_id": [(3, self.env.ref("base.group_portal").id), (4, self.env.ref("base.group_user").id)]}
        )
        employee = self.employee.partner_id
        self.env.cr.execute(
            "UPDATE res_partner SET portal_access_until = '2030-05-20' WHERE id IN %s", [(employee.id, self.partner.id)]
        )
        self.env.invalidate_all()
        self.assertEqual(self.run_cron("2030-05-15").mapped("res_id"), self.users[1].ids)
        self.run_cron("2030-05-21")
        self.assertTrue(self.employee.active)
        self.assertEqual(self.users.mapped("active"), [True, False, True])

    def test_past_ends_of_contacts_without_access_are_forgotten(self):
        with freeze_time("2030-05-01"):
            contact = self.make_partners(1, "later", portal_access_until="2030-05-03")
        self.run_cron("2030-05-04 12:00:00")
        self.assertTrue(contact.portal_access_until, "it may be yesterday still, somewhere")
        self.run_cron("2030-05-05 12:00:00")
        self.assertFalse(contact.portal_access_until)

    def test_each_customer_is_written_to_in_their_language_from_their_company(self):
        self.partners[1].lang = "fr_FR"
        self.company_2.partner_id.email = "two@company.example"
        self.users[1].sudo().write({"company_ids": [(4, self.company_2.id)], "company_id": self.company_2.id})
        first, second = self.run_cron("2030-05-15")
        self.assertIn(self.users[0].company_id.name, first.subject)
        self.assertIn("05/20/2030", first.body_html)
        self.assertIn("20/05/2030", second.body_html)
        self.assertIn("two@company.example", second.email_from)
        self.assertIn(self.company_2.name, second.body_html)
        self.assertIn("customer1@pae.example", second.email_to)
        for mail in (first, second):
            self.assertIn("/my", mail.body_html)
            self.assertNotIn("token", mail.body_html)
            self.assertEqual(mail.state, "outgoing")
            self.assertFalse(self.partner.message_ids.filtered(lambda note, mail=mail: note.subject == mail.subject))

    def test_a_name_can_not_add_a_recipient(self):
        self.partner.name = 'Ann <ann@evil.example>, "bob@evil.example"'
        self.assertEqual(self.users[0]._portal_access_get_recipient().count("@"), 1)
        self.assertIn("customer0@pae.example", self.run_cron("2030-05-15")[0].email_to)

    def test_a_contact_without_an_address_is_warned_at_the_login_or_not_at_all(self):
        self.partners[:2].email = False
        self.users[1].login = "no address"
        mails = self.run_cron("2030-05-15")
        self.assertIn("customer0@pae.example", mails.email_to)
        self.assertIn("no email", self.events_of(self.partners[1])[-1].details)
        self.assertFalse(self.run_cron("2030-05-16"))
        self.run_cron("2030-05-21")
        self.assertEqual(self.users.mapped("active"), [False, False, True])

    @mute_logger(CRON_LOGGER, CORE_LOGGER)
    def test_one_that_fails_does_not_stop_the_others_and_is_tried_again_the_next_day(self):
        with freeze_time("2030-05-01"):
            self.end_on(self.partners, "2030-05-20")
        Partner = self.env.registry["res.partner"]
        take_away = Partner._portal_access_take_away
        tries = []

        def fussy_take_away(partners, kind="revoked"):
            if self.partners[1] in partners:
                tries.append(len(partners))
                raise UserError("Not this one!")  # pylint: disable=translation-required
            return take_away(partners, kind)

        with patch.object(Partner, "_portal_access_take_away", fussy_take_away):
            with self.assertLogs(CRON_LOGGER, "WARNING") as logs:
                self.run_cron("2030-05-21 02:00:00")
            self.assertIn(f"contact {self.partners[1].id}: Not this one!", logs.output[0])
            self.assertEqual(self.users.mapped("active"), [False, True, False])
            self.assertEqual(tries[-1], 1)
            # A run that goes on where this one stopped does not meet it again.
            tries.clear()
            self.run_cron("2030-05-21 02:10:00")
            self.assertFalse(tries)
        self.run_cron("2030-05-22 02:00:00")
        self.assertFalse(self.users[1].active)

    @mute_logger(CRON_LOGGER, CORE_LOGGER)
    def test_a_warning_that_fails_does_not_stop_the_others_and_counts_not_as_warned(self):
        template = self.env.ref("portal_access_ext.mail_template_portal_access_ends")
        body = template.body_html
        template.body_html = "<p t-out=\"1 / (0 if object.login == 'customer1@pae.example' else 1)\"/>"
        with freeze_time("2030-05-01"):
            self.end_on(self.partners, "2030-05-20")
        mails = self.run_cron("2030-05-15")
        self.assertEqual(mails.mapped("res_id"), (self.users - self.users[1]).ids)
        self.assertFalse(self.kinds_of(self.partners[1]))
        template.body_html = body
        self.assertEqual(self.run_cron("2030-05-16").mapped("res_id"), self.users[1].ids)

    @mute_logger(CRON_LOGGER, CORE_LOGGER)
    def test_without_the_template_access_ends_all_the_same(self):
        self.env.ref("portal_access_ext.mail_template_portal_access_ends").unlink()
        self.assertFalse(self.run_cron("2030-05-15"))
        self.assertFalse(self.kinds_of(self.partners))
        self.run_cron("2030-05-21")
        self.assertEqual(self.users.mapped("active"), [False, False, True])

    def test_a_run_out_of_time_leaves_the_rest_to_the_next_one(self):
        with freeze_time("2030-05-01"):
            self.end_on(self.partners, "2030-05-20")
        cron = self.env.ref("portal_access_ext.ir_cron_end_portal_access")
        with (
            patch.object(res_partner_end_cron, "BATCH", 1),
            patch.object(res_partner_end_cron, "RUN_SECONDS", -1),
            self.capture_triggers("portal_access_ext.ir_cron_end_portal_access") as triggers,
        ):
            warned = [len(self.run_cron("2030-05-15")) for _run in range(4)]
        self.assertEqual(warned, [1, 1, 1, 0], "nobody twice, nobody forgotten")
        self.assertEqual(triggers.records.cron_id, cron)
        self.assertEqual(len(triggers.records), 2)
        self.assertEqual(self.kinds_of(self.partners), ["warned"] * 3)

    def test_who_is_busy_is_tried_again_later(self):
        with (
            patch.object(
                self.env.registry["res.partner"], "_portal_access_claim", lambda partners: partners - self.partner
            ),
            self.capture_triggers("portal_access_ext.ir_cron_end_portal_access") as triggers,
        ):
            self.run_cron("2030-05-21 02:00:00")
        self.assertEqual(self.users.mapped("active"), [True, False, True])
        self.assertEqual(triggers.records.call_at, datetime(2030, 5, 21, 3))

    def test_batches_cost_a_number_of_queries_that_does_not_grow(self):
        counts = []
        for number, now in ((4, "2030-05-15"), (64, "2030-05-15")):
            with freeze_time("2030-05-01"):
                partners = self.make_partners(number, f"batch{number}-")
                self.grant(partners)
                self.end_on(partners, "2030-05-20")
            with self.count_queries(counts), freeze_time(now):
                self.env["res.partner"]._cron_end_portal_access()
            with self.count_queries(counts), freeze_time("2030-05-21"):
                self.env["res.partner"]._cron_end_portal_access()
            self.assertFalse(any(self.users_of(partners).mapped("active")))
        self.assertLessEqual((counts[2] - counts[0]) / 60, 3, "a mail each")
        self.assertLessEqual((counts[3] - counts[1]) / 60, 0.5)


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
        self.assertEqual(self.events_of(self.partners[1])[-1].details, "2030-07-30 (not used)")
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
            ["2031-01-12", "2031-01-17", "2031-01-17 (not used)"],
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


@tagged("post_install", "-at_install")
class TestAccessEndSettings(PortalAccessCase):
    def save(self, **values):
        self.env["res.config.settings"].create(values).execute()

    def shown(self):
        settings = self.env["res.config.settings"].create({})
        return settings.portal_access_warning_days, settings.portal_access_dormancy_days

    def test_zero_is_kept(self):
        self.assertEqual(self.shown(), (7, 0))
        self.save(portal_access_warning_days=0, portal_access_dormancy_days=90)
        self.assertEqual(self.shown(), (0, 90))
        self.save(portal_access_warning_days=14, portal_access_dormancy_days=0)
        self.assertEqual(self.shown(), (14, 0))

    def test_days_out_of_range_are_refused(self):
        for values, message in (
            ({"portal_access_warning_days": -1}, "60"),
            ({"portal_access_warning_days": 61}, "60"),
            ({"portal_access_dormancy_days": -1}, "30"),
            ({"portal_access_dormancy_days": 29}, "30"),
            ({"portal_access_dormancy_days": 3651}, "3650"),
            ({"portal_access_dormancy_days": 30, "portal_access_warning_days": 30}, "fewer days"),
        ):
            with self.subTest(values=values), self.assertRaises(ValidationError) as refusal:
                self.save(**values)
            self.assertIn(message, str(refusal.exception))
        self.save(portal_access_dormancy_days=30, portal_access_warning_days=29)

    def test_broken_parameters_do_no_harm(self):
        Users = self.env["res.users"]
        for value, warning, dormancy in (
            ("abc", 7, 0),
            ("-5", 7, 0),
            ("", 7, 0),
            ("0", 0, 0),
            ("1", 1, 30),
            ("999999", 60, 3650),
            ("1.5", 7, 0),
        ):
            for name in ("warning_days", "dormancy_days"):
                self.env["ir.config_parameter"].set_param(f"portal_access_ext.{name}", value)
            with self.subTest(value=value):
                self.assertEqual(
                    (Users._get_portal_warning_days(), Users._get_portal_dormancy_days()), (warning, dormancy)
                )

    @mute_logger("odoo.addons.base.models.res_config")
    def test_broken_parameters_keep_no_setting_of_any_app_from_being_saved(self):
        names = (
            "invitation_validity_days",
            "invitation_reminder_days",
            "event_retention_days",
            "warning_days",
            "dormancy_days",
        )
        broken = [dict.fromkeys(names, value) for value in ("abc", "-5", "0", "99999999999")]
        broken.append({"invitation_reminder_days": "99"})
        broken.append({"warning_days": "60", "dormancy_days": "30"})
        for values in broken:
            with self.subTest(values=values):
                for name in names:
                    self.env["ir.config_parameter"].set_param(f"portal_access_ext.{name}", values.get(name, False))
                self.env["res.config.settings"].create({}).execute()
                Users = self.env["res.users"]
                if Users._get_portal_dormancy_days():
                    self.assertLess(Users._get_portal_warning_days(), Users._get_portal_dormancy_days())
