from datetime import datetime, timedelta
from random import Random

from dateutil.relativedelta import relativedelta
from lxml import etree

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import SQL
from odoo.tools.safe_eval import safe_eval

from .test_portal_status import STATUSES, StatusCase


@tagged("post_install", "-at_install")
class TestPortalStatusSearch(StatusCase):
    """Searching, grouping and sorting say the same as reading."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.everybody = cls.make_partners(60, "search")

    def populate(self):
        """Give these contacts users of every kind, several some of them, and tokens of every kind."""
        random = Random(17)
        groups = [self.group_portal] * 4 + [self.group_user, self.group_public]
        for partner in self.everybody[5:]:
            for _count in range(random.choice((0, 1, 1, 1, 2, 3))):
                self.make_user(
                    partner,
                    random.choice(groups),
                    active=random.random() < 0.7,
                    password=random.choice((None, None, "", "x")),
                    signed_in=random.choice((None, None, "2024-05-05 12:00:00", "2025-06-06 12:00:00")),
                )
            if random.random() < 0.6:
                self.set_token(partner, random.choice((-3, 3, None)))
        self.env.invalidate_all()
        statuses = {partner: partner.portal_status for partner in self.everybody}
        self.assertEqual(set(statuses.values()), set(STATUSES))
        return statuses

    def test_every_operator_finds_what_reading_says(self):
        statuses = self.populate()

        def having(*wanted):
            return {partner for partner, status in statuses.items() if status in wanted}

        for status in STATUSES:
            self.assertEqual(set(self.search(("portal_status", "=", status))), having(status), status)
            self.assertEqual(
                set(self.search(("portal_status", "!=", status))), set(self.everybody) - having(status), status
            )
        for number in range(2 ** len(STATUSES)):
            wanted = [status for index, status in enumerate(STATUSES) if number >> index & 1]
            self.assertEqual(set(self.search(("portal_status", "in", wanted))), having(*wanted), wanted)
            self.assertEqual(
                set(self.search(("portal_status", "not in", wanted))), set(self.everybody) - having(*wanted), wanted
            )
        self.assertFalse(self.search(("portal_status", "=", False)))
        self.assertEqual(self.search(("portal_status", "!=", False)), self.search())
        self.assertFalse(self.search(("portal_status", "=", "bogus")))
        self.assertEqual(self.search(("portal_status", "=?", False)), self.search())
        self.assertEqual(set(self.search(("portal_status", "=?", "active"))), having("active"))
        with self.assertRaises(UserError):
            self.search(("portal_status", "ilike", "act"))

    def test_values_that_make_no_sense_are_refused_in_words(self):
        for name in ("portal_status", "portal_login_date", "portal_idle_since"):
            for operator, value in (
                ("in", [["active"]]),
                ("not in", [["active"]]),
                ("in", [{"a": 1}]),
                ("=", {"a": 1}),
                ("in", 5),
                ("in", "active"),
                ("not in", None),
            ):
                with self.subTest(name=name, operator=operator, value=value), self.assertRaises(UserError):
                    self.search((name, operator, value))
        with self.assertRaises(UserError):
            self.search(("portal_login_date", "=", 5))

    def test_a_search_through_another_record_works(self):
        self.populate()
        active = self.search(("portal_status", "=", "active"))
        active[0].parent_id = self.partner
        self.partner.child_ids.flush_recordset()
        found = self.env["res.partner"].search([("child_ids.portal_status", "=", "active")])
        self.assertIn(self.partner, found)
        users = self.env["res.users"].search([("partner_id.portal_status", "=", "active")])
        self.assertLessEqual(active, users.partner_id)
        self.assertEqual(self.env["res.users"].search([("portal_status", "=", "active")]), users)

    def test_groups_have_the_numbers_that_reading_says_and_open(self):
        statuses = self.populate()
        domain = [("id", "in", self.everybody.ids)]
        result = self.env["res.partner"].web_read_group(domain, ["id"], ["portal_status"], limit=80)
        counts = {group["portal_status"]: group["portal_status_count"] for group in result["groups"]}
        self.assertEqual(counts, {status: list(statuses.values()).count(status) for status in STATUSES})
        for group in result["groups"]:
            members = self.env["res.partner"].search(group["__domain"])
            self.assertEqual({statuses[member] for member in members}, {group["portal_status"]})
            self.assertEqual(len(members), group["portal_status_count"])

    def test_groups_by_two_fields_and_by_month_of_sign_in_open_too(self):
        self.populate()
        domain = [("id", "in", self.everybody.ids)]
        Partner = self.env["res.partner"]
        groups = Partner.read_group(domain, [], ["portal_status", "portal_login_date:month"], lazy=False)
        self.assertEqual(sum(group["__count"] for group in groups), 60)
        for group in groups:
            self.assertEqual(Partner.search_count(group["__domain"]), group["__count"], group)

    def test_contacts_are_sorted_by_status_and_by_sign_in(self):
        statuses = self.populate()
        found = self.env["res.partner"].search([("id", "in", self.everybody.ids)], order="portal_status, id")
        self.assertEqual([statuses[partner] for partner in found], sorted(statuses.values()))
        found = self.env["res.partner"].search(
            [("id", "in", self.everybody.ids), ("portal_login_date", "!=", False)], order="portal_login_date desc"
        )
        dates = found.mapped("portal_login_date")
        self.assertEqual(dates, sorted(dates, reverse=True))

    def test_the_latest_sign_in_is_searched_as_a_column_is(self):
        self.populate()
        dates = {partner: partner.portal_login_date for partner in self.everybody}
        day = fields.Datetime.to_datetime("2024-05-05 12:00:00")

        def check(operator, value, is_found):
            found = set(self.search(("portal_login_date", operator, value)))
            self.assertEqual(found, {partner for partner, date in dates.items() if is_found(date)}, (operator, value))

        self.assertEqual(set(dates.values()), {False, day, fields.Datetime.to_datetime("2025-06-06 12:00:00")})
        check("=", False, lambda date: not date)
        check("!=", False, bool)
        check("=", day, lambda date: date == day)
        check("!=", day, lambda date: date != day)
        check("in", [False, day], lambda date: not date or date == day)
        check("not in", [False, day], lambda date: date and date != day)
        check("in", [day], lambda date: date == day)
        check("<", day, lambda date: date and date < day)
        check("<=", day, lambda date: date and date <= day)
        check(">", day, lambda date: date and date > day)
        check(">=", "2024-05-05 12:00:00", lambda date: date and date >= day)
        check(">", "2024-05-05", lambda date: date and date.year > 2024)
        check("<=", "2024-05-05", lambda date: date and date.year == 2024)
        check("<", False, lambda date: False)
        check("=?", False, lambda date: True)
        check("=?", day, lambda date: date == day)
        with self.assertRaises(UserError):
            self.search(("portal_login_date", "ilike", "2024"))
        with self.assertRaises(UserError):
            self.search(("portal_login_date", "<", "yesterday"))

    def test_each_filter_of_the_search_view_finds_what_its_label_says(self):
        active, idle, invited, expired, revoked, ending, none = self.everybody[:7]
        now = fields.Datetime.now()
        for partner, days in ((active, 3), (idle, 100), (ending, 3)):
            user = self.make_user(partner, password="x", signed_in=now - timedelta(days=days))
            self.make_old(user)
        ending.portal_access_until = fields.Date.today() + timedelta(days=10)
        self.make_user(invited)
        self.set_token(invited, 2)
        user = self.make_user(expired)
        self.make_old(user)
        self.make_user(revoked, active=False)
        expected = {
            "portal_access": active | idle | invited | expired | ending,
            "portal_never_connected": invited | expired,
            "portal_invitation_expired": expired,
            "portal_idle_30": idle | expired,
            "portal_idle_90": idle | expired,
            "portal_idle_365": expired,
            "portal_revoked": revoked,
            "portal_ends_soon": ending,
        }
        arch = self.filters_of(self.manager)
        self.assertEqual(
            [name for name in arch if name.startswith("portal_")], list(expected), "each filter has its test"
        )
        for name, partners in expected.items():
            self.assertEqual(self.search(*self.domain_of(arch[name])), partners, name)
        self.assertIn("group_portal_status", arch)

    def test_fields_are_known_by_their_names_where_all_of_a_contact_are_offered(self):
        names = ("portal_login_date", "portal_idle_since", "portal_access_until")
        info = self.env["res.partner"].fields_get(names, ["string"])
        self.assertTrue(all(info[name]["string"].startswith("Portal") for name in names), info)
        self.assertIn(
            "or was cancelled", self.env["res.partner"].fields_get(["portal_status"])["portal_status"]["help"]
        )

    def test_the_ledger_finds_warnings_with_what_follows_them(self):
        arch = self.env["portal.access.event"].get_view(view_type="search")["arch"]
        [node] = etree.fromstring(arch).xpath("//filter[@name='filter_access']")
        self.assertEqual(node.get("string"), "Granted and revoked")
        self.assertIn("warned", node.get("domain"))

    def filters_of(self, user):
        view = (
            self.env["res.partner"].with_user(user).get_view(self.env.ref("base.view_res_partner_filter").id, "search")
        )
        return {node.get("name"): node.get("domain") for node in etree.fromstring(view["arch"]).iter("filter")}

    def domain_of(self, text):
        return safe_eval(text, {"context_today": lambda: datetime.now().date(), "relativedelta": relativedelta})

    def test_views_work_for_those_who_see_less(self):
        self.assertNotIn("portal_ends_soon", self.filters_of(self.employee))
        self.assertIn("portal_access", self.filters_of(self.employee))
        Partner = self.env["res.partner"].with_user(self.employee)
        for xmlid, kind in (
            ("base.view_partner_form", "form"),
            ("base.view_partner_tree", "tree"),
            ("base.res_partner_kanban_view", "kanban"),
        ):
            arch = Partner.get_view(self.env.ref(xmlid).id, kind)["arch"]
            self.assertNotIn("portal_access_until", arch)
            self.assertNotIn("action_portal_access", arch)


@tagged("post_install", "-at_install")
class TestPortalStatusQueries(StatusCase):
    COLUMNS = {"portal_status": {}, "portal_login_date": {}, "portal_access_until": {}}

    def test_a_list_of_80_contacts_costs_at_most_three_queries_more(self):
        self.grant(self.make_partners(80, "list"))
        Partner = self.as_manager(self.env["res.partner"])
        plain = {"display_name": {}, "email": {}, "phone": {}}
        counts = []
        # Each twice: the first time, Odoo learns what it keeps.
        for specification in (plain, plain, {**plain, **self.COLUMNS}, {**plain, **self.COLUMNS}):
            with self.count_queries(counts):
                result = Partner.web_search_read([("email", "like", "list")], specification, limit=80)
        self.assertEqual(len(result["records"]), 80)
        self.assertEqual({record["portal_status"] for record in result["records"]}, {"invited"})
        self.assertLessEqual(counts[3] - counts[1], 3)

    def test_sign_ins_are_looked_up_by_an_index(self):
        query = SQL("SELECT FROM res_users_log WHERE create_uid = 1")
        self.assert_uses_index("res_users_log_create_uid_create_date_index", query)

    def test_summaries_of_many_companies_cost_one_query(self):
        companies = self.env["res.partner"].create([{"name": f"C{n}", "is_company": True} for n in range(20)])
        for company in companies:
            self.make_partners(2, f"of{company.id}-", parent_id=company.id)
        counts = []
        for records in (companies[:1], companies):
            with self.count_queries(counts):
                records.mapped("portal_access_summary")
        self.assertLessEqual(counts[1] - counts[0], 1)
