import logging
from types import SimpleNamespace
from unittest.mock import patch

from lxml import html

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, tagged

from odoo.addons.base.models.ir_mail_server import IrMailServer
from odoo.addons.mail.tests.common import mail_new_test_user

from .accessibility import DESKTOP, AccessibilityCase
from .common import PortalAccessCase

MAIL, SETTINGS, EXPOSURE, GRANT = (
    f"onboarding_step_portal_{name}" for name in ("mail", "settings", "exposure", "grant")
)


class OnboardingCase(PortalAccessCase):
    """An administrator of a company where nobody has done anything yet."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company, cls.other_company = cls.env["res.company"].create([{"name": "First Run"}, {"name": "Second Run"}])
        cls.admin = mail_new_test_user(
            cls.env,
            login="pae_first_run",
            name="Fay First",
            email="fay@first.example",
            groups="base.group_system,base.group_partner_manager",
            company_id=cls.company.id,
            company_ids=[Command.set((cls.company | cls.other_company).ids)],
        )
        cls.panel = cls.env.ref("portal_access_ext.onboarding_onboarding_portal_access")
        cls.env["portal.access.exposure"].search([]).unlink()
        cls.partners.company_id = False

    def step(self, name, company=None):
        return self.in_company(self.env.ref(f"portal_access_ext.{name}"), company)

    def in_company(self, records, company=None):
        return records.with_user(self.admin).with_context(allowed_company_ids=(company or self.company).ids)

    def states(self, company=None):
        """:return list: the state of each step, as the panel shows it"""
        panel = self.in_company(self.panel, company)
        panel._search_or_create_progress()
        state = panel._prepare_rendering_values()["state"]
        return [state[self.step(name).id] for name in (MAIL, SETTINGS, EXPOSURE, GRANT)]

    def grant_in_company(self, company):
        partners = self.in_company(self.partners, company)
        self.assertEqual({result["outcome"] for result in partners.portal_access_grant()}, {"granted"})


@tagged("post_install", "-at_install")
class TestOnboardingSteps(OnboardingCase):
    def test_at_first_nothing_is_done(self):
        self.assertEqual(self.states(), ["not_done"] * 4)

    def test_each_step_opens_what_it_says_and_is_done(self):
        answer = self.step(MAIL).action_open_step_portal_mail()
        self.assertEqual(answer["params"]["type"], "success")
        self.assertIn("fay@first.example", answer["params"]["message"])
        settings = self.step(SETTINGS).action_open_step_portal_settings()
        self.assertEqual((settings["res_model"], settings["target"]), ("res.config.settings", "inline"))
        exposure = self.step(EXPOSURE).action_open_step_portal_exposure()
        self.assertEqual((exposure["res_model"], exposure["target"]), ("portal.access.exposure", "current"))
        contacts = self.step(GRANT).action_open_step_portal_grant()
        self.assertEqual((contacts["res_model"], contacts["views"][0][1]), ("res.partner", "tree"))
        self.assertEqual(self.states(), ["just_done"] * 3 + ["not_done"])
        self.assertEqual(self.states(), ["done"] * 3 + ["not_done"])

    def test_a_mail_server_that_does_not_answer_is_not_done(self):
        def refuse(*args, **kwargs):
            raise ConnectionRefusedError("Nobody listens")

        with patch.object(IrMailServer, "connect", refuse):
            answer = self.step(MAIL).action_open_step_portal_mail()
        self.assertEqual(answer["params"]["type"], "danger")
        self.assertIn("Nobody listens", answer["params"]["message"])
        self.assertEqual(answer["params"]["next"]["res_model"], "ir.mail_server")
        self.assertEqual(self.states()[0], "not_done")

    def test_who_customers_get_mail_from_is_named_as_the_server_wants_it(self):
        for smtp_from, sender in (
            ("fay@first.example", '"Fay First" <fay@first.example>'),
            ('"Fay First" <fay@first.example>', '"Fay First" <fay@first.example>'),
            ("notifications@first.example", '"Fay First" <notifications@first.example>'),
        ):
            with self.subTest(smtp_from=smtp_from):
                connection = SimpleNamespace(smtp_from=smtp_from, close=lambda: None)
                with patch.object(IrMailServer, "connect", lambda *_args, answer=connection, **_kwargs: answer):
                    answer = self.step(MAIL).action_open_step_portal_mail()
                self.assertEqual(answer["params"]["message"], f"Your invitations come from {sender}.")

    def test_who_has_no_address_is_told_so(self):
        (self.admin.partner_id | self.company.partner_id).email = False
        self.company.alias_domain_id = False
        connection = SimpleNamespace(smtp_from="notifications@first.example", close=lambda: None)
        with patch.object(IrMailServer, "connect", lambda *_args, **_kwargs: connection):
            with patch.object(
                self.registry["ir.mail_server"], "_get_default_from_address", lambda _self: "x@y.example"
            ):
                answer = self.step(MAIL).action_open_step_portal_mail()
            self.assertEqual(answer["params"]["message"], "Your invitations come from notifications@first.example.")
            with (
                patch.object(self.registry["ir.mail_server"], "_get_default_from_address", lambda _self: None),
                self.assertRaisesRegex(UserError, "sender's email address"),
            ):
                self.step(MAIL).action_open_step_portal_mail()

    def test_who_sees_no_panel_can_do_none_of_its_steps(self):
        def connect(*args, **kwargs):
            self.fail("Somebody made Odoo connect to a mail server")

        self.states()
        customer = self.grant(self.partner)
        with patch.object(IrMailServer, "connect", connect):
            for user in (customer, self.employee, self.manager, self.env.ref("base.public_user")):
                Step = self.env["onboarding.onboarding.step"].with_user(user)
                with self.subTest(user=user.login):
                    for name in ("mail", "settings", "exposure", "grant"):
                        self.assertRaises(AccessError, getattr(Step, f"action_open_step_portal_{name}"))
                    self.assertRaises(AccessError, self.panel.with_user(user).action_close_panel_portal_access)
        self.assertFalse(self.panel.with_company(self.company).is_onboarding_closed)
        self.assertFalse(self.env["portal.access.exposure"].search([]))

    def test_two_who_load_the_panel_at_once_both_see_it(self):
        self.grant_in_company(self.company)
        panel, step = self.in_company(self.panel), self.step(GRANT)
        panel._search_or_create_progress()
        # What the other one has done, this one's transaction has not seen.
        self.assertEqual(step.current_step_state, "not_done")
        self.env.flush_all()
        self.env.cr.execute(
            "INSERT INTO onboarding_progress_step (step_id, company_id, step_state) VALUES (%s, %s, 'done')",
            [step.id, self.company.id],
        )
        with self.assertLogs("odoo.addons.portal_access_ext.models.onboarding_onboarding", logging.INFO):
            values = panel._prepare_rendering_values()
        self.assertEqual(values["steps"], panel.step_ids)
        self.assertEqual(len(step.progress_ids), 1)
        self.assertEqual(self.states(), ["not_done"] * 3 + ["done"])

    def test_what_was_done_elsewhere_is_ticked_off(self):
        self.grant_in_company(self.company)
        self.assertEqual(self.states(), ["not_done", "not_done", "not_done", "just_done"])
        invitations = self.invitations_of(self.partners)
        self.assertEqual(invitations.company_id, self.company)
        invitations[0].sent_on = invitations[0].create_date
        self.env["portal.access.exposure"].with_user(self.admin).action_check()
        self.assertEqual(self.states(), ["just_done", "not_done", "just_done", "done"])

    def test_each_company_has_its_own(self):
        self.grant_in_company(self.company)
        self.step(SETTINGS).action_open_step_portal_settings()
        self.states()
        self.in_company(self.panel).action_close_panel_portal_access()
        self.assertTrue(self.panel.with_company(self.company).is_onboarding_closed)
        self.assertEqual(self.states(self.other_company), ["not_done"] * 4)
        self.assertFalse(self.panel.with_company(self.other_company).is_onboarding_closed)

    def test_who_did_everything_is_told_so(self):
        for name in (MAIL, SETTINGS, EXPOSURE, GRANT):
            self.step(name).action_set_just_done()
        panel = self.in_company(self.panel)
        panel._search_or_create_progress()
        values = panel._prepare_rendering_values()
        self.assertEqual(values["state"]["onboarding_state"], "just_done")
        self.assertEqual(values["text_completed"], "The portal is ready for your customers.")

    def test_panels_of_other_apps_are_left_alone(self):
        other = self.env["onboarding.onboarding"].create({"name": "Other", "route_name": "pae_other"})
        other._search_or_create_progress()
        self.assertEqual(other._prepare_rendering_values()["text_completed"], other.text_completed)

    def test_who_installs_the_addon_comes_to_the_list_with_the_panel(self):
        todo = self.env.ref("portal_access_ext.portal_access_open_todo")
        self.env["ir.actions.todo"].search([]).write({"state": "done"})  # website's go first
        todo.action_open()
        answer = self.env["ir.module.module"].next()
        self.assertEqual(answer["tag"], "reload")
        action = self.env.ref("portal_access_ext.res_partner_portal_access_action")
        self.assertEqual(answer["params"]["action_id"], action.id)
        self.assertEqual(todo.state, "done", "once only")
        arch = self.env["res.partner"].get_view(
            self.env.ref("portal_access_ext.res_partner_portal_access_view_tree").id, "tree"
        )["arch"]
        self.assertEqual(html.fromstring(arch).get("banner_route"), f"/onboarding/{self.panel.route_name}")


@tagged("post_install", "-at_install")
class TestOnboardingPanel(OnboardingCase, HttpCase):
    def get_panel(self, user, company=None):
        """:return: the panel as an HTML element, None where there is none"""
        user.password = user.login
        self.authenticate(user.login, user.login)
        context = {"allowed_company_ids": (company or user.company_id).ids}
        answer = self.make_jsonrpc_request("/onboarding/portal_access", {"context": context})
        return html.fromstring(answer["html"]) if answer else None

    def test_an_administrator_sees_four_steps(self):
        panel = self.get_panel(self.admin)
        titles = [title.text_content().strip() for title in panel.find_class("o_onboarding_step_title")]
        self.assertEqual(
            titles, ["Check Outgoing Mail", "Choose the Rules", "See What Customers Reach", "Grant Access"]
        )
        # Nothing to say of pictures that only decorate.
        self.assertEqual({image.get("alt") for image in panel.iter("img")}, {""})

    def test_who_may_not_do_what_the_steps_say_sees_no_panel(self):
        for user in (self.manager, self.employee):
            with self.subTest(user=user.login):
                self.assertIsNone(self.get_panel(user))

    def test_who_closed_it_never_sees_it_again(self):
        self.assertIsNotNone(self.get_panel(self.admin))
        self.in_company(self.panel).action_close_panel_portal_access()
        self.assertIsNone(self.get_panel(self.admin))
        self.assertIsNotNone(self.get_panel(self.admin, self.other_company))

    def test_it_costs_the_same_with_many_portal_users(self):
        def count():
            counter = []
            with self.count_queries(counter):
                panel._prepare_rendering_values()
            return counter[0]

        panel = self.in_company(self.panel)
        panel._search_or_create_progress()
        count()
        open_steps = count()
        self.partners |= self.make_partners(17, "more")
        self.grant_in_company(self.company)
        count()  # ticks it off
        self.assertLessEqual(count(), open_steps)
        self.assertLessEqual(open_steps, 20)


@tagged("post_install", "-at_install", "portal_access_once")
class TestOnboardingTour(OnboardingCase, HttpCase):
    def test_a_click_on_each_step_leads_there_and_back(self):
        self.admin.password = self.admin.login
        url = f"/web#action=contacts.action_contacts&cids={self.company.id}"
        self.start_tour(url, "portal_access_onboarding", login=self.admin.login)
        self.assertEqual(self.states(), ["done"] * 4)
        self.assertTrue(self.panel.with_company(self.company).is_onboarding_closed)


@tagged("post_install", "-at_install", "portal_access_once")
class TestOnboardingAccessibility(AccessibilityCase, OnboardingCase):
    """On a desktop: a phone shows cards, without the panel."""

    def setUp(self):
        super().setUp()
        self.admin.password = self.admin.login

    def test_the_panel(self):
        self.step(SETTINGS).action_open_step_portal_settings()
        url = "/web#action=portal_access_ext.res_partner_portal_access_action"
        self.assert_accessible(url, ".o_onboarding_main", login=self.admin.login, sizes=[DESKTOP])
