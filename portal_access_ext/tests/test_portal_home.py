import re
from unittest.mock import patch

from odoo import Command
from odoo.http import request
from odoo.tests import HttpCase, tagged

from odoo.addons.portal.controllers.portal import CustomerPortal

from ..controllers.portal_home import PortalHome
from ..models.base import Base
from .common import PortalAccessCase

TEMPLATES = ("portal_docs_entry", "portal_layout", "side_content", "payment_methods")


def count_like_stock(records, domain, limit=None):
    return super(Base, records).search_count(domain, limit=limit)


class PortalHomeCase(PortalAccessCase, HttpCase):
    """Two customers, who have nothing to do with one another, in front of their dashboards."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["payment.provider"].search([]).state = "disabled"
        companies = cls.make_partners(2, "dash-company", is_company=True)
        cls.anna, cls.ben = cls.make_partners(2, "dash", street="Short Street 7", phone="+1 555 0107")
        cls.anna.parent_id, cls.ben.parent_id = companies
        cls.as_manager(cls, cls.anna + cls.ben).portal_access_grant()
        for user in cls.users_of(cls, cls.anna + cls.ben):
            user.password = user.login
        cls.env.flush_all()

    def sign_in(self, partner):
        self.authenticate(partner.user_ids.login, partner.user_ids.login)

    def offer_payment(self):
        """Let customers save a card."""
        form = {"name": "Dashboard", "type": "qweb", "arch": '<form action="nowhere" method="post" />'}
        method = self.env.ref("payment.payment_method_unknown")
        provider = self.env["payment.provider"].create(
            {
                "name": "Dashboard",
                "code": "none",
                "state": "test",
                "is_published": True,
                "payment_method_ids": [Command.set(method.ids)],
                "allow_tokenization": True,
                "redirect_form_view_id": self.env["ir.ui.view"].create(form).id,
            }
        )
        method.write({"active": True, "support_tokenization": True})
        return provider

    def save_cards(self, provider, partner, count):
        values = {
            "provider_id": provider.id,
            "payment_method_id": provider.payment_method_ids.id,
            "partner_id": partner.id,
            "payment_details": "1234",
            "provider_ref": "dashboard",
        }
        return self.env["payment.token"].create([values] * count)

    def add_unknown_card(self):
        """Add the card of an app that we don't know; it counts countries, of which there are many."""
        self.env["ir.ui.view"].create(
            {
                "name": "Card of an unknown app",
                "type": "qweb",
                "mode": "extension",
                "inherit_id": self.env.ref("portal.portal_my_home").id,
                "arch": """
                    <div id="portal_common_category" position="inside">
                        <t t-call="portal.portal_docs_entry">
                            <t t-set="title">Unknown Things</t>
                            <t t-set="url" t-value="'/my/unknown'"/>
                            <t t-set="text">Look at what nobody knows</t>
                            <t t-set="placeholder_count" t-value="'pae_unknown_count'"/>
                        </t>
                    </div>
                """,
            }
        )
        stock = CustomerPortal._prepare_home_portal_values

        def with_unknown(controller, counters):
            values = stock(controller, counters)
            if "pae_unknown_count" in counters:
                values["pae_unknown_count"] = request.env["res.country"].search_count([], limit=1)
            return values

        self.startPatcher(patch.object(CustomerPortal, "_prepare_home_portal_values", with_unknown))

    def count(self, *names):
        return self.make_jsonrpc_request("/my/counters", {"counters": names})

    def get_counters(self, page):
        return re.findall(r'data-placeholder_count="(\w+)"', page)


@tagged("post_install", "-at_install")
class TestPortalHome(PortalHomeCase):
    """What the dashboard and the column beside it say, and what they cost."""

    # The numbers

    def make_documents(self, partner, number):
        """Make documents of each kind that this database has, and return their expected numbers by counter."""
        expected = {}
        if "sale.order" in self.env:
            values = {"partner_id": partner.id}
            orders = self.env["sale.order"].create(
                [{**values, "state": "sale"}] * number + [{**values, "state": "sent"}] * (number + 1)
            )
            self.subscribe(orders, partner)
            expected.update(order_count=number, quotation_count=number + 1)
        if "purchase.order" in self.env:
            values = {"partner_id": partner.id}
            self.env["purchase.order"].create(
                [{**values, "state": "purchase"}] * number + [{**values, "state": "sent"}] * (number + 1)
            )
            expected.update(purchase_count=number, rfq_count=number + 1)
        if "account.move" in self.env:
            values = {
                "partner_id": partner.id,
                "invoice_date": "2024-05-01",
                "invoice_line_ids": [Command.create({"name": "Work", "price_unit": 10, "tax_ids": False})],
            }
            moves = self.env["account.move"].create(
                [{**values, "move_type": "out_invoice"}] * number
                + [{**values, "move_type": "in_invoice"}] * (number + 1)
            )
            moves.action_post()
            self.subscribe(moves, partner)
            expected.update(invoice_count=number, bill_count=number + 1)
        if "project.project" in self.env:
            project = {"name": "Dashboard", "privacy_visibility": "portal", "partner_id": partner.id}
            projects = self.env["project.project"].create([project] * number)
            self.subscribe(projects, partner)
            task = {"name": "Dashboard", "project_id": projects[0].id}
            tasks = self.env["project.task"].create([task] * (number + 1))
            expected.update(project_count=number, task_count=number + 1)
            if "hr.employee" in self.env:
                employee = self.env["hr.employee"].create({"name": "Dashboard"})
                line = {"project_id": projects[0].id, "task_id": tasks[0].id, "employee_id": employee.id}
                self.env["account.analytic.line"].create([{**line, "name": "Dashboard"}] * (number + 2))
                expected.update(timesheet_count=number + 2)
        if "crm.lead" in self.env and "partner_assigned_id" in self.env["crm.lead"]:
            lead = {"name": "Dashboard", "partner_assigned_id": partner.id}
            self.env["crm.lead"].create(
                [{**lead, "type": "lead"}] * number + [{**lead, "type": "opportunity"}] * (number + 1)
            )
            expected.update(lead_count=number, opp_count=number + 1)
        if "helpdesk.ticket" in self.env:
            ticket = {"name": "Dashboard", "description": "Dashboard", "partner_id": partner.id}
            self.env["helpdesk.ticket"].create([ticket] * number)
            expected.update(ticket_count=number)
        self.env.flush_all()
        return expected

    def subscribe(self, records, partner):
        for record in records:
            record.message_subscribe(partner.ids)

    def test_each_card_has_the_exact_number_and_nothing_of_another_customer(self):
        expected = {
            partner: self.make_documents(partner, number) for partner, number in ((self.anna, 3), (self.ben, 5))
        }
        for partner in expected:
            self.sign_in(partner)
            counters = self.get_counters(self.url_open("/my").text)
            # Not those of addons beside ours, which have tests of their own.
            counters = [name for name in counters if not name.startswith("portal_access_")]
            self.assertEqual(self.count(*counters), expected[partner])
        if "sale.order" in self.env and "website" in self.env:
            self.assertEqual(len(counters), len(expected[self.ben]))

    def test_the_card_of_an_app_that_we_don_t_know_has_its_exact_number(self):
        self.add_unknown_card()
        self.sign_in(self.anna)
        self.assertIn("pae_unknown_count", self.get_counters(self.url_open("/my").text))
        self.assertEqual(
            self.count("pae_unknown_count"), {"pae_unknown_count": self.env["res.country"].search_count([])}
        )

    def test_a_limit_holds_everywhere_else(self):
        self.assertEqual(self.env["res.country"].search_count([], limit=1), 1)

    def test_a_number_is_shown_beside_each_title(self):
        self.add_unknown_card()
        self.sign_in(self.anna)
        found = re.search(
            r'<span class="([^"]*)" data-placeholder_count="pae_unknown_count"', self.url_open("/my").text
        )
        self.assertIn("o_portal_card_count", found[1].split())
        self.assertNotIn("d-none", found[1].split())

    # What it costs

    def measure(self, work):
        """:return int: the queries of a request, but those that only some requests make (caches, visitors)"""
        counter = []
        for _attempt in range(4):
            with self.count_queries(counter):
                work()
        return min(counter)

    def test_numbers_cost_no_query_more_than_stock(self):
        self.add_unknown_card()
        self.make_documents(self.anna, 2)
        self.sign_in(self.anna)
        counters = self.get_counters(self.url_open("/my").text)
        ours = self.measure(lambda: self.count(*counters))
        with patch.object(Base, "search_count", count_like_stock):
            self.assertEqual(self.count("pae_unknown_count"), {"pae_unknown_count": 1})
            self.assertLessEqual(ours, self.measure(lambda: self.count(*counters)))

    def test_the_column_costs_few_queries_and_the_page_counts_no_documents(self):
        def measure():
            return self.measure(lambda: self.url_open("/my"))

        self.sign_in(self.anna)
        # The last sign-in, two-factor authentication, saved cards and those that are gone, providers, the
        # language of the date, and addresses.
        self.make_documents(self.anna, 1)  # what is due is looked up, however many documents there are
        without = measure()
        self.make_documents(self.anna, 2)
        self.assertLessEqual(measure(), without)
        self.offer_payment()
        with_payment = measure()
        for name in TEMPLATES:
            self.env.ref(f"portal_access_ext.{name}").active = False
        self.assertLessEqual(with_payment, measure() + 7)
        self.env["payment.provider"].search([]).state = "disabled"
        self.assertLessEqual(without, measure() + 7)

    def test_pages_without_the_column_cost_nothing_more(self):
        def fail(controller):
            raise AssertionError

        # No mock: Odoo would take it for a route.
        with patch.object(PortalHome, "_prepare_portal_account_values", fail):
            self.sign_in(self.anna)
            self.assertEqual(self.url_open("/my/account").status_code, 200)

    # The column

    def get_page(self, partner):
        self.sign_in(partner)
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", self.url_open("/my").text))

    def test_the_column_says_whether_two_factor_authentication_is_on(self):
        page = self.get_page(self.anna)
        self.assertIn("Two-factor authentication is off", page)
        self.assertNotIn("Two-factor authentication is on", page)
        self.anna.user_ids.sudo().totp_secret = "JBSWY3DPEHPK3PXP"
        self.env.flush_all()
        # The tests sign in like a program, which Odoo would now ask for an API key.
        self.patch(self.registry["res.users"], "_rpc_api_keys_only", lambda user: False)
        page = self.get_page(self.anna)
        self.assertIn("Two-factor authentication is on", page)
        self.assertNotIn("Two-factor authentication is off", page)

    def test_the_other_sign_in_is_the_customer_s_own_in_their_time_zone(self):
        self.anna.user_ids.tz = "Asia/Tokyo"
        self.sign_in(self.anna)
        for partner, on in ((self.anna, "2024-05-01 20:30:00"), (self.ben, "2024-05-03 10:00:00")):
            user = partner.user_ids
            self.env["portal.access.event"]._record("signed_in", user.sudo(), actor=user)
            self.env.cr.execute(
                "UPDATE portal_access_event SET create_date = %s WHERE user_id = %s AND kind = 'signed_in'",
                [on, user.id],
            )
        page = self.url_open("/my").text
        self.assertIn("Last other sign-in:", page)
        self.assertIn("05/02/2024 05:30", page)
        self.assertNotIn("05/03/2024", page)

    def test_saved_payment_methods_are_counted_as_their_page_lists_them(self):
        provider = self.offer_payment()
        self.save_cards(provider, self.ben, 3)
        page = self.get_page(self.anna)
        self.assertIn("None saved", page)
        self.save_cards(provider, self.anna, 1)
        self.assertIn("1 saved", self.get_page(self.anna))
        self.save_cards(provider, self.anna.commercial_partner_id, 1)
        self.assertIn("2 saved", self.get_page(self.anna))
        self.assertEqual(self.url_open("/my/payment_method").text.count('data-payment-option-type="token"'), 2)
        self.assertIn("3 saved", self.get_page(self.ben))

    def test_payment_methods_of_others_in_the_company_are_not_counted(self):
        sibling = self.make_partners(1, "sibling", parent_id=self.anna.parent_id.id)
        self.save_cards(self.offer_payment(), sibling, 2)
        self.assertIn("None saved", self.get_page(self.anna))

    def test_a_page_of_another_app_has_the_column_without_what_it_did_not_look_up(self):
        prepare = PortalHome._prepare_portal_layout_values

        def without(controller):
            return {name: value for name, value in prepare(controller).items() if name != "portal_account"}

        with patch.object(PortalHome, "_prepare_portal_layout_values", without):
            page = self.get_page(self.anna)
        self.assertIn("Short Street 7", page)
        self.assertIn("Edit Security Settings", page)
        self.assertNotIn("Two-factor authentication", page)

    def test_payment_methods_are_left_out_where_none_can_be_saved(self):
        page = self.get_page(self.anna)
        self.assertNotIn("Manage payment methods", page)
        self.assertIn("Account Security", page)
        self.sign_in(self.anna)
        self.assertNotIn("Add new card", self.url_open("/my/payment_method").text)

    def test_an_employee_has_the_page_too(self):
        self.manager.password = self.manager.login
        self.authenticate(self.manager.login, self.manager.login)
        response = self.url_open("/my")
        self.assertEqual(response.status_code, 200)
        self.assertIn("Account Security", response.text)

    def test_visitors_have_neither_page_nor_numbers(self):
        self.assertIn("/web/login", self.url_open("/my").url)
        response = self.url_open(
            "/my/counters", data="{}", headers={"Content-Type": "application/json"}, allow_redirects=False
        )
        self.assertEqual(response.json()["error"]["data"]["name"], "odoo.http.SessionExpiredException")
