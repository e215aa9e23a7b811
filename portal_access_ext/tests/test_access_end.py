from datetime import date

from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .common import PortalAccessCase


@tagged("post_install", "-at_install")
@freeze_time("2030-05-10 12:00:00")
class TestAccessUntil(PortalAccessCase):
    """The last day of access: who may set it, for whom, and what it outlives."""

    def set_until(self, partners, until):
        return self.as_manager(partners).portal_access_set_until(until)

    def test_each_contact_gets_an_end_and_a_result(self):
        results = self.set_until(self.partners, "2030-12-31")
        self.assertEqual([result["partner_id"] for result in results], self.partners.ids)
        self.assertEqual({result["outcome"] for result in results}, {"until_set"})
        self.assertIn("12/31/2030", results[0]["reason"])
        self.assertEqual(set(self.partners.mapped("portal_access_until")), {date(2030, 12, 31)})

    def test_an_end_is_a_date_an_iso_text_or_nothing(self):
        for until in (date(2030, 6, 1), "2030-06-01"):
            self.set_until(self.partner, until)
            self.assertEqual(self.partner.portal_access_until, date(2030, 6, 1))
        for until in (False, None, ""):
            self.partner.portal_access_until = "2030-06-01"
            [result] = self.set_until(self.partner, until)
            self.assertIn("not end", result["reason"])
            self.assertFalse(self.partner.portal_access_until)
        for nonsense in (
            "tomorrow",
            "31/12/2030",
            "2030-02-30",
            "2030-06-01 x",
            "\x00",
            20300601,
            True,
            ["2030-06-01"],
        ):
            with self.subTest(until=nonsense), self.assertRaisesRegex(UserError, "2030-12-31"):
                self.set_until(self.partner, nonsense)

    def test_a_contact_listed_twice_or_deleted_is_told_once(self):
        gone = self.make_partners(1, "gone")
        gone.unlink()
        results = self.set_until(self.partner | gone | self.partner, "2030-12-31")
        self.assertEqual([result["outcome"] for result in results], ["until_set", "refused"])
        self.assertIn("deleted", results[1]["reason"])

    def test_access_can_not_end_in_the_past_of_the_contact(self):
        auckland, pago, nowhere = self.partners
        auckland.tz, pago.tz = "Pacific/Auckland", "Pacific/Pago_Pago"
        self.env.cr.execute("UPDATE res_partner SET tz = 'Not/Atimezone' WHERE id = %s", nowhere.ids)
        nowhere.invalidate_recordset()
        with freeze_time("2030-05-10 20:00:00"):  # the 11th in Auckland
            results = self.set_until(self.partners, "2030-05-10")
            self.assertEqual([result["outcome"] for result in results], ["refused", "until_set", "until_set"])
            self.assertIn("05/11/2030", results[0]["reason"])
        with freeze_time("2030-05-10 04:00:00"):  # still the 9th on Pago Pago
            results = self.set_until(self.partners, "2030-05-09")
            self.assertEqual([result["outcome"] for result in results], ["refused", "until_set", "refused"])

    def test_without_a_time_zone_the_companys_counts(self):
        self.partner.tz = False
        self.manager.company_id.partner_id.tz = "Pacific/Auckland"
        with freeze_time("2030-05-10 20:00:00"):
            [result] = self.set_until(self.partner, "2030-05-10")
            self.assertEqual(result["outcome"], "refused")
            self.manager.company_id.partner_id.tz = False
            [result] = self.set_until(self.partner, "2030-05-10")
            self.assertEqual(result["outcome"], "until_set")

    def test_the_contact_form_takes_no_past_end_either(self):
        partner = self.as_manager(self.partner)
        with self.assertRaisesRegex(ValidationError, "in the past"):
            partner.portal_access_until = "2030-05-08"
        partner.portal_access_until = "2030-05-11"
        with freeze_time("2030-06-01"):
            partner.name = "A past end is no obstacle to other changes"
        with self.assertRaisesRegex(ValidationError, "in the past"):
            partner.create({"name": "New", "portal_access_until": "2030-05-08"})

    def test_an_internal_users_access_does_not_end_by_itself(self):
        partner = self.employee.partner_id
        [result] = self.set_until(partner, "2030-12-31")
        self.assertEqual((result["verdict"], result["outcome"]), ("internal", "refused"))
        with self.assertRaises(ValidationError) as refusal:
            partner.portal_access_until = "2030-12-31"
        self.assertIn("internal", str(refusal.exception))
        self.assertFalse(partner.portal_access_until)

    def test_a_contact_of_another_company_is_refused(self):
        self.partner.company_id = self.company_2
        self.env.flush_all()
        self.env.invalidate_all()
        results = self.set_until(self.partners, "2030-12-31")
        self.assertEqual([result["outcome"] for result in results], ["refused", "until_set", "until_set"])
        self.assertEqual(results[0]["verdict"], "other_company")
        self.assertFalse(self.partner.portal_access_until)

    def test_one_note_is_written_whichever_way_it_is_set(self):
        for partner in self.partners:
            self.flush_tracking()
            before = partner.message_ids
            if partner == self.partners[0]:
                self.as_manager(partner).portal_access_until = "2030-12-31"
            else:
                self.set_until(partner, "2030-12-31")
            self.flush_tracking()
            partner.invalidate_recordset(["message_ids"])
            self.assertEqual(len(partner.message_ids - before), 1)
        self.assertIn("12/31/2030", self.partners[1].message_ids[0].body)
        before = self.partners.message_ids
        self.set_until(self.partners, "2030-12-31")
        self.assertEqual(self.partners.message_ids, before, "nothing changed")

    def test_taking_access_away_removes_the_end_through_any_door(self):
        partners = self.partners | self.make_partners(1, "promoted")
        users = self.grant(partners)
        self.set_until(partners, "2030-12-31")
        self.as_manager(partners[0]).portal_access_revoke()
        users[1].active = False
        users[2].unlink()
        group_portal, group_user = self.env.ref("base.group_portal"), self.env.ref("base.group_user")
        users[3].groups_id = [Command.unlink(group_portal.id), Command.link(group_user.id)]
        self.assertEqual(partners.mapped("portal_access_until"), [False] * 4)

    def test_a_second_user_keeps_the_end(self):
        user = self.grant(self.partner)
        second = user.copy({"login": "second@pae.example", "partner_id": self.partner.id})
        self.set_until(self.partner, "2030-12-31")
        second.active = False
        self.assertTrue(self.partner.portal_access_until)
        user.active = False
        self.assertFalse(self.partner.portal_access_until)

    def test_an_end_set_before_counts_for_the_next_access(self):
        self.set_until(self.partner, "2030-12-31")
        self.grant(self.partner)
        self.assertEqual(self.partner.portal_access_until, date(2030, 12, 31))

    def test_contacts_with_a_past_end_can_be_merged(self):
        self.grant(self.partners[0])
        self.set_until(self.partners[:2], "2030-05-12")
        with freeze_time("2030-06-01"):
            # With website, contact managers can't merge at all, in stock too.
            admin = self.env.ref("base.user_admin")
            wizard = self.env["base.partner.merge.automatic.wizard"].with_user(admin).create({})
            wizard._merge(self.partners.ids, self.partners[2].with_user(admin), extra_checks=False)
        self.assertEqual(self.partners[2].portal_access_until, date(2030, 5, 12))

    def test_only_contact_managers_see_and_set_it(self):
        self.partner.portal_access_until = "2030-12-31"
        portal_user = self.grant(self.partners[1])
        for user in (self.employee, portal_user, self.env.ref("base.public_user")):
            with self.subTest(user=user.login):
                partner = self.partner.with_user(user)
                with self.assertRaises(AccessError):
                    partner.portal_access_set_until("2030-06-01")
                with self.assertRaises(AccessError):
                    partner.read(["portal_access_until"])
                with self.assertRaises(AccessError):
                    partner.write({"portal_access_until": "2030-06-01"})
        self.assertEqual(self.partner.portal_access_until, date(2030, 12, 31))

    def test_what_was_warned_of_is_for_access_administrators_only(self):
        user = self.grant(self.partner)
        for other in (self.manager, self.employee, user):
            for field in ("portal_access_warned_end", "portal_access_dormant_end", "portal_access_end_failed_on"):
                with self.subTest(user=other.login, field=field):
                    with self.assertRaises(AccessError):
                        user.with_user(other).read([field])
                    with self.assertRaises(AccessError):
                        user.with_user(other).write({field: False})
        self.manager.groups_id |= self.env.ref("base.group_erp_manager")
        user.with_user(self.manager).read(["portal_access_warned_end", "portal_access_dormant_end"])
