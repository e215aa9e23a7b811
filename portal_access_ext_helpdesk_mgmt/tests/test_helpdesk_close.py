import re
import uuid

from odoo import http
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.portal_access_ext.tests.test_portal_home import PortalHomeCase
from odoo.addons.portal_access_ext.tests.test_route_rights import get_own_routes

URL = "/ticket/close"
INVALID = ("", "0", "-1", "abc", "1.5", "None", "[1]", str(2**64), "9" * 5000, "\0")
LOGGERS = ("odoo.http", "odoo.addons.http_routing.models.ir_http", "odoo.addons.base.models.ir_rule")


@tagged("post_install", "-at_install")
class TestHelpdeskClose(PortalHomeCase):
    """Customers close their own tickets by the buttons of the page, and no others."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.employee.password = cls.employee.login
        Stage = cls.env["helpdesk.ticket.stage"]
        cls.new, cls.done, cls.rejected = Stage.create(
            [
                {"name": "Brand new", "sequence": 0, "company_id": False},
                {"name": "Is settled", "closed": True, "close_from_portal": True, "company_id": False},
                {"name": "Is rejected", "closed": True, "company_id": False},
            ]
        )
        team = cls.env["helpdesk.ticket.team"].create({"name": "Other team"})
        cls.other_team = Stage.create(
            {"name": "Of others", "closed": True, "close_from_portal": True, "team_ids": team.ids, "company_id": False}
        )
        cls.own, cls.foreign, gone = cls.env["helpdesk.ticket"].create(
            [
                {"name": "Late", "description": "Late", "partner_id": partner.id, "stage_id": cls.new.id}
                for partner in (cls.anna, cls.ben, cls.anna)
            ]
        )
        cls.gone_id = gone.id
        gone.unlink()
        cls.foreign.access_token = str(uuid.uuid4())
        cls.env.flush_all()

    def close(self, ticket_id, stage_id=None, **values):
        """:return: status, and where to"""
        values = {"ticket_id": ticket_id, "stage_id": stage_id or self.done.id, **values}
        values.setdefault("csrf_token", http.Request.csrf_token(self))
        response = self.url_open(URL, values, allow_redirects=False)
        self.env.invalidate_all()
        return response.status_code, (response.headers.get("Location") or "").replace(self.base_url(), "")

    def test_the_buttons_of_the_page_close_it(self):
        self.sign_in(self.anna)
        page = self.url_open(f"/my/ticket/{self.own.id}").text
        [form] = [form for form in re.findall(r"(?s)<form.*?</form>", page) if "Is settled" in form]
        self.assertIn('method="POST"', form)
        for label in ("Is rejected", "Of others"):
            self.assertFalse([form for form in re.findall(r"(?s)<form.*?</form>", page) if label in form])
        values = dict(re.findall(r'name="(\w+)"[^>]*value="([^"]+)"', form))
        self.assertEqual(set(values), {"csrf_token", "ticket_id", "stage_id"})
        response = self.url_open(URL, values)
        self.env.invalidate_all()
        self.assertEqual(self.own.stage_id, self.done)
        self.assertEqual(self.own.message_ids[:1].author_id, self.anna)
        self.assertTrue(self.own.closed_date)
        self.assertTrue(response.url.endswith(f"/my/ticket/{self.own.id}"))
        self.assertNotIn(URL, response.text)

    @mute_logger(*LOGGERS)
    def test_another_customer_s_ticket_answers_like_a_missing_one(self):
        for login in (self.anna.user_ids.login, self.employee.login):
            self.authenticate(login, login)
            expected = self.close(self.gone_id)
            self.assertEqual(expected, (303, "/my"))
            for token in ({}, {"access_token": self.foreign.access_token}):
                self.assertEqual(self.close(self.foreign.id, **token), expected)
            for ticket_id in INVALID:
                self.assertEqual(self.close(ticket_id), expected, ticket_id[:20])
        self.assertEqual(self.foreign.stage_id, self.new)
        self.assertFalse(self.foreign.closed_date)

    @mute_logger(*LOGGERS)
    def test_only_a_stage_that_the_page_offers(self):
        self.sign_in(self.anna)
        before = self.own.last_stage_update
        for stage_id in (self.rejected.id, self.other_team.id, self.new.id, 2**31 - 1, *INVALID[1:]):
            self.assertEqual(self.close(self.own.id, stage_id), (303, f"/my/ticket/{self.own.id}"))
            self.assertEqual(self.own.stage_id, self.new)
        self.assertEqual(self.own.last_stage_update, before)

    @mute_logger(*LOGGERS)
    def test_one_that_the_company_closed_stays_as_it_is(self):
        self.own.stage_id = self.rejected
        self.env.flush_all()
        self.sign_in(self.anna)
        self.close(self.own.id)
        self.assertEqual(self.own.stage_id, self.rejected)

    @mute_logger(*LOGGERS)
    def test_not_by_following_a_link_without_a_token_or_without_signing_in(self):
        self.sign_in(self.anna)
        query = f"{URL}?ticket_id={self.own.id}&stage_id={self.done.id}"
        self.assertIn(self.url_open(query, allow_redirects=False).status_code, (404, 405))
        self.assertEqual(self.close(self.own.id, csrf_token="")[0], 400)
        self.authenticate(None, None)
        self.close(self.own.id)
        self.env.invalidate_all()
        self.assertEqual(self.own.stage_id, self.new)

    def test_the_route_says_who_may_use_it_and_how(self):
        [(rule, endpoint)] = get_own_routes(self.env, "portal_access_ext_helpdesk_mgmt").items()
        self.assertEqual((rule, endpoint.routing["methods"], endpoint.routing["auth"]), (URL, ["POST"], "user"))
        self.assertIsNot(endpoint.routing.get("csrf"), False)
