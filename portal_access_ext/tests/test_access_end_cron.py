from datetime import date, datetime
from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.tests import tagged
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
        self.assertEqual(self.events_of(self.partner)[-1].details, "05/20/2030")
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
