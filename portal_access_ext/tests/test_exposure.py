from types import SimpleNamespace
from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.mail.tests.common import mail_new_test_user

from ..controllers.portal_details import PortalDetails
from ..exposure import allowance, scan
from .common import PortalAccessCase

OCA_APPS = ("helpdesk_mgmt", "subscription_oca")


@tagged("post_install", "-at_install")
class TestExposure(PortalAccessCase):
    """The report on what portal users can reach in this database."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.portal_user = mail_new_test_user(cls.env, login="pae_portal", groups="base.group_portal")
        cls.admin = mail_new_test_user(
            cls.env, login="pae_admin", groups="base.group_user,base.group_partner_manager,base.group_erp_manager"
        )
        cls.portal = cls.env.ref("base.group_portal")
        # Not the superuser, who makes what modules bring.
        cls.by_hand = cls.env(user=cls.env.ref("base.user_admin"))
        cls.rows = cls.env["portal.access.exposure"]._check()

    def find(self, rows, **values):
        return rows.filtered(lambda row: all(row[name] == value for name, value in values.items()))

    def judge(self, **values):
        """:return list: what the report would say now of records and fields, as far as the values are these"""
        rows = self.env["portal.access.exposure"]._find_rows_of_profiles(self.find_authors())
        found = [row for row in rows if all(row.get(name) == value for name, value in values.items())]
        return [SimpleNamespace(**row) for row in found]

    def judge_right(self, model, operation):
        """:return SimpleNamespace: what the report would say now of a right of all portal users"""
        [row] = self.judge(kind="2_model", model=model, operation=operation, who="All portal users")
        return row

    def find_authors(self):
        modules = self.env["ir.module.module"].search([("state", "=", "installed")])
        return {module.name: module.author or "" for module in modules}

    def give(self, model, group=None, **permissions):
        return self.by_hand["ir.model.access"].create(
            {
                "name": f"made by hand for {model}",
                "model_id": self.env["ir.model"]._get_id(model),
                "group_id": (group or self.portal).id,
                **{f"perm_{name}": given for name, given in permissions.items()},
            }
        )

    # -------------------------------------------------------------------------
    # Who
    # -------------------------------------------------------------------------

    def test_only_access_administrators_see_and_refresh_it(self):
        rows = self.rows
        Exposure = self.env["portal.access.exposure"]
        self.assertTrue(Exposure.with_user(self.admin).search_count([]))
        action = Exposure.with_user(self.admin).action_check()
        self.assertEqual(action["res_model"], "portal.access.exposure")
        self.assertFalse(rows.exists(), "the rows are new ones")
        for user in (self.manager, self.employee, self.portal_user, self.env.ref("base.public_user")):
            with self.subTest(user=user.login):
                with self.assertRaises(AccessError):
                    Exposure.with_user(user).search_count([])
                with self.assertRaises(AccessError):
                    Exposure.with_user(user).action_check()

    def test_nobody_changes_what_was_found(self):
        row = self.rows[0].with_user(self.admin)
        for change in (
            lambda: row.write({"judgement": "3_intended"}),
            row.unlink,
            lambda: row.create({"name": "made", "kind": "2_model", "judgement": "3_intended"}),
        ):
            with self.assertRaises(AccessError):
                change()

    # -------------------------------------------------------------------------
    # What there is
    # -------------------------------------------------------------------------

    def test_stock_has_nothing_to_look_at(self):
        looks = self.rows.filtered(lambda row: row.judgement in ("1_look", "2_code"))
        # These are not stock, and it says so; the rights that they give are looked at, like all others.
        apps = (*OCA_APPS, *(f"portal_access_ext_{app}" for app in OCA_APPS))
        looks -= looks.filtered(lambda row: row.judgement == "2_code" and row.module in apps)
        self.assertFalse([(row.name, row.operation, row.explanation) for row in looks])

    def test_what_all_customers_read_is_explained(self):
        rows = self.find(self.rows, kind="2_model", operation="read", judgement="4_reading")
        shared = rows.filtered(lambda row: row.scope in ("all", "company"))
        self.assertTrue(shared)
        self.assertFalse(shared.filtered(lambda row: not row.explanation).mapped("model"))

    def test_it_says_what_odoo_says(self):
        rows = self.rows
        user, seen = self.portal_user, set()
        for model in self.env:
            for operation in scan.OPERATIONS:
                if self.env[model].with_user(user).check_access_rights(operation, raise_exception=False):
                    seen.add((model, operation))
        found = {(row.model, row.operation) for row in self.find(rows, kind="2_model")}
        self.assertEqual(found - seen, {("res.users", "write")}, "a user writes some fields of their own")
        self.assertFalse(seen - found - {key for key in seen if self.env[key[0]]._abstract})

    def test_fields_for_other_groups_are_left_out(self):
        rows = self.rows
        names = {row.name for row in self.find(rows, kind="3_field", model="res.partner")}
        self.assertTrue(any("(email)" in name for name in names))
        self.assertFalse(any("(signup_token)" in name for name in names))

    def test_it_knows_methods_and_addresses(self):
        rows = self.rows
        grant = rows.filtered(lambda row: row.name.startswith("res.partner.portal_access_grant("))
        self.assertEqual((grant.judgement, grant.module), ("5_untried", "portal_access_ext"))
        self.assertFalse(rows.filtered(lambda row: row.kind == "5_method" and "._" in row.name))
        counters = self.find(rows, kind="4_route", name="/my/counters")
        self.assertEqual(counters.module, "portal_access_ext", "it has the last word")
        self.assertIn("portal", counters.explanation)
        read = rows.filtered(lambda row: row.name.startswith("base.search_read("))
        self.assertEqual(read.judgement, "3_intended")

    def test_an_empty_list_says_whether_anybody_has_looked(self):
        Action = self.env["ir.actions.act_window"].with_user(self.admin)
        xmlid = "portal_access_ext.portal_access_exposure_action"
        self.assertIn("was found on", Action._for_xml_id(xmlid)["help"])
        self.env.cr.execute("DELETE FROM portal_access_exposure")
        self.assertIn("Nobody has checked yet", Action._for_xml_id(xmlid)["help"])
        help_message = Action.with_user(self.employee)._for_xml_id(xmlid)["help"]
        self.assertIn("See what portal users can read", help_message, "reading it takes no right to the rows")

    def test_it_says_what_it_leaves_out(self):
        limits = self.find(self.rows, kind="6_limit")
        self.assertTrue(limits)
        self.assertEqual(set(limits.mapped("judgement")), {"5_untried"})

    def test_checking_costs_few_queries(self):
        counter = []
        Exposure = self.env["portal.access.exposure"]
        with self.count_queries(counter):
            Exposure._check()
        self.assertLess(counter[0], 250)

    # -------------------------------------------------------------------------
    # Holes
    # -------------------------------------------------------------------------

    def test_a_right_to_change_shows_up(self):
        self.give("res.partner", write=True)
        rows = self.judge(model="res.partner", operation="write", judgement="1_look")
        [row] = [row for row in rows if row.kind == "2_model"]
        self.assertIn("made by hand for res.partner", row.explanation)
        self.assertEqual(row.group_names, self.portal.full_name)
        self.assertTrue([row for row in rows if row.kind == "3_field"], "and so do its fields")

    def test_a_right_that_is_switched_off_gives_nothing(self):
        self.give("res.bank", write=True).active = False
        self.assertFalse(self.judge(kind="2_model", model="res.bank"))

    def test_reading_all_records_shows_up(self):
        self.give("res.bank", read=True)
        row = self.judge_right("res.bank", "read")
        self.assertEqual((row.judgement, row.scope), ("1_look", "all"))

    def test_a_rule_for_the_company_only_is_one_for_all_customers(self):
        self.give("res.partner.bank", read=True)
        row = self.judge_right("res.partner.bank", "read")
        self.assertEqual((row.judgement, row.scope), ("1_look", "company"))

    def test_a_right_of_odoo_s_given_to_portal_users_by_the_superuser_shows_up(self):
        self.env.ref("base.access_res_bank_group_partner_manager").group_id = self.portal
        self.assertEqual(self.judge_right("res.bank", "read").judgement, "1_look")
        self.assertEqual(self.judge_right("res.bank", "write").judgement, "1_look")

    def test_a_right_from_a_module_that_is_not_odoo_s_shows_up(self):
        access = self.give("ir.filters", unlink=True)
        self.env["ir.model.data"].create(
            {"module": "pae_custom", "name": "access", "model": access._name, "res_id": access.id}
        )
        self.env.flush_all()
        self.env.cr.execute("UPDATE ir_model_access SET write_uid = %s WHERE id = %s", [self.env.uid, access.id])
        row = self.judge_right("ir.filters", "unlink")
        self.assertEqual(row.judgement, "1_look")
        self.assertIn("is from the module pae_custom", row.explanation)

    # What says which partners a portal user sees.
    RULE = "base.res_partner_portal_public_rule"

    def test_a_rule_switched_off_shows_up(self):
        rule = self.env.ref(self.RULE)
        rule.with_env(self.by_hand).active = False
        row = self.judge_right("res.partner", "read")
        self.assertEqual(row.judgement, "1_look")
        self.assertIn(rule.name, row.explanation)

    def test_a_rule_that_is_deleted_shows_up(self):
        self.env.ref(self.RULE).unlink()
        row = self.judge_right("res.partner", "read")
        self.assertEqual(row.judgement, "1_look")
        self.assertIn(row.scope, ("all", "company"))
        self.assertIn("a record rule is missing", row.explanation)

    def test_a_rule_that_is_no_longer_for_portal_users_shows_up(self):
        self.env.ref(self.RULE).groups -= self.portal
        self.assertEqual(self.judge_right("res.partner", "read").judgement, "1_look")

    def test_a_rule_made_wider_shows_up(self):
        self.env.ref(self.RULE).with_env(self.by_hand).domain_force = "[(1, '=', 1)]"
        row = self.judge_right("res.partner", "read")
        self.assertEqual(row.judgement, "1_look")
        self.assertIn("changed by hand", row.explanation)

    def test_a_rule_made_wider_by_the_superuser_shows_up(self):
        self.env.ref(self.RULE).domain_force = "[(1, '=', 1)]"
        self.assertEqual(self.judge_right("res.partner", "read").judgement, "1_look")

    def test_rules_of_other_rights_and_models_that_are_deleted_show_up(self):
        for model, operation in (("ir.filters", "write"), ("payment.token", "read"), ("discuss.channel", "read")):
            with self.subTest(model=model):
                self.assertNotEqual(self.judge_right(model, operation).judgement, "1_look")
                self.env["ir.rule"].search([("model_id.model", "=", model)]).unlink()
                row = self.judge_right(model, operation)
                self.assertEqual((row.judgement, row.scope), ("1_look", "all"))

    def test_a_wide_rule_beside_a_narrow_one_shows_up(self):
        rules = self.env["ir.rule"].search([("model_id.model", "=", "res.partner"), ("groups", "in", self.portal.ids)])
        self.assertTrue(rules)
        rules[0].copy({"domain_force": "[(1, '=', 1)]", "groups": [(6, 0, self.portal.ids)]})
        row = self.judge_right("res.partner", "read")
        self.assertEqual(row.judgement, "1_look")
        self.assertIn(row.scope, ("all", "company"))

    def test_a_rule_for_writing_does_not_limit_reading(self):
        rule = self.env.ref(self.RULE)
        rule.write({"perm_read": False, "perm_write": True})
        self.assertEqual(self.judge_right("res.partner", "read").judgement, "1_look")

    def test_a_rule_that_can_not_be_evaluated_does_not_stop_the_check(self):
        rule = self.env.ref(self.RULE)
        self.env.flush_all()
        self.env.cr.execute("UPDATE ir_rule SET domain_force = '[broken' WHERE id = %s", [rule.id])
        self.assertIn("[broken", self.judge_right("res.partner", "read").condition)

    def test_temporary_records_are_nobody_s_own_without_a_rule(self):
        self.assertEqual(self.judge_right("res.users.apikeys.description", "read").scope, "all")
        self.give("base.language.install", read=True)
        row = self.judge_right("base.language.install", "read")
        self.assertEqual((row.judgement, row.scope), ("1_look", "all"))

    def test_a_field_added_by_hand_shows_up(self):
        self.addCleanup(self.registry.reset_changes)
        self.by_hand["ir.model.fields"].create(
            {"name": "x_pae_note", "model_id": self.env["ir.model"]._get_id("ir.filters"), "ttype": "char"}
        )
        [row] = self.judge(model="ir.filters", operation="write", judgement="1_look")
        self.assertIn("x_pae_note", row.name)

    def test_a_group_of_some_portal_users_shows_up_with_what_it_gives(self):
        group = self.env["res.groups"].create({"name": "Key accounts"})
        self.give("res.bank", group, read=True)
        self.portal_user.groups_id |= group
        [row] = self.judge(kind="1_group", judgement="1_look")
        who = f"Portal users: 1 · with: {group.full_name}"
        self.assertEqual(row.who, who)
        [row] = self.judge(model="res.bank", kind="2_model")
        self.assertEqual((row.who, row.group_names), (who, group.full_name))
        self.assertTrue(self.judge_right("res.country", "read"))

    @mute_logger("odoo.addons.base.models.ir_model")  # a right without a group is deprecated
    def test_a_right_for_everybody_is_one_for_portal_users(self):
        access = self.give("res.bank", unlink=True)
        access.group_id = False
        row = self.judge_right("res.bank", "unlink")
        self.assertEqual(row.judgement, "1_look")
        self.assertEqual(row.group_names, "No group at all")

    def test_a_portal_user_template_that_is_gone_does_not_stop_the_check(self):
        self.env["ir.model.data"].search([("module", "=", "base"), ("name", "=", "template_portal_user_id")]).unlink()
        self.assertTrue(self.judge_right("res.country", "read"))

    def test_internal_users_with_the_portals_rights_are_not_portal_users(self):
        profiles = scan.find_profiles(self.env)
        users = self.env["res.users"].browse(profile.user.id for profile in profiles)
        self.assertFalse(users.filtered(lambda user: user.has_group("base.group_user")))

    # -------------------------------------------------------------------------
    # Code
    # -------------------------------------------------------------------------

    def judge_route(self, **values):
        [route] = [route for route in scan.find_routes(self.env) if route.path == "/my/counters"]
        route = route._replace(**values)
        return self.env["portal.access.exposure"]._prepare_route(route, {**self.find_authors(), "pae_custom": "Us"})

    def test_an_address_that_other_websites_can_post_to_shows_up(self):
        for methods in ((), ("POST",), ("GET", "POST")):
            row = self.judge_route(path="/my/pae", type="http", methods=methods, has_csrf=False)
            self.assertEqual(row["judgement"], "1_look")
        row = self.judge_route(path="/my/pae", type="http", methods=("GET",), has_csrf=False)
        self.assertEqual(row["judgement"], "5_untried")

    def test_a_controller_without_the_token_is_noticed(self):
        routes = [route for route in scan.find_routes(self.env) if route.path in allowance.WITHOUT_CSRF]
        self.assertTrue(routes)
        self.assertFalse(any(route.has_csrf for route in routes))
        [route] = [route for route in scan.find_routes(self.env) if route.path == "/my/account"]
        self.assertTrue(route.has_csrf)
        with patch.dict(PortalDetails.account.original_routing, csrf=False):
            [route] = [route for route in scan.find_routes(self.env) if route.path == "/my/account"]
            self.assertFalse(route.has_csrf)
            row = self.env["portal.access.exposure"]._prepare_route(route, self.find_authors())
            self.assertEqual(row["judgement"], "1_look")

    def test_an_address_of_a_customisation_shows_up(self):
        row = self.judge_route(modules=("pae_custom", "portal"))
        self.assertEqual(row["judgement"], "2_code")
        self.assertIn("pae_custom", row["explanation"])
        row = self.judge_route(modules=("payment_pae_custom",), path="/x", type="http", methods=(), has_csrf=False)
        self.assertEqual(row["judgement"], "2_code", "not only Odoo's modules have such names")

    def test_a_method_of_a_customisation_shows_up(self):
        by_name = {(method.model, method.name): method for method in scan.find_methods(self.env)}
        for key, judgement in (
            (("res.partner", "portal_access_grant"), "5_untried"),
            (("mail.message", "unstar_all"), "3_intended"),
        ):
            with self.subTest(method=key):
                prepare = self.env["portal.access.exposure"]._prepare_method
                authors = {**self.find_authors(), "pae_custom": "Us"}
                self.assertEqual(prepare(by_name[key], authors)["judgement"], judgement)
                row = prepare(by_name[key]._replace(module="pae_custom"), authors)
                self.assertEqual(row["judgement"], "2_code")

    def test_code_of_a_customisation_that_decides_on_records_shows_up(self):
        right = scan.find_rights(self.env, self.portal_user)["mail.message", "read"]
        Exposure, authors = self.env["portal.access.exposure"], self.find_authors()
        self.assertEqual(Exposure._judge_right(right, authors)[0], "4_reading")
        right = right._replace(conditions=(scan.Condition("code", "pae_custom", ""),))
        self.assertEqual(Exposure._judge_right(right, authors)[0], "1_look")
