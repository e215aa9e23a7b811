from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.mail.tests.common import mail_new_test_user

from ..exposure import scan
from .common import PortalAccessCase


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

    def check(self):
        return self.env["portal.access.exposure"]._check()

    def find(self, rows, **values):
        return rows.filtered(lambda row: all(row[name] == value for name, value in values.items()))

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
        rows = self.check()
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
        row = self.check()[0].with_user(self.admin)
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
        looks = self.find(self.check(), judgement="1_look")
        self.assertFalse([(row.name, row.operation, row.explanation) for row in looks])

    def test_what_all_customers_read_is_explained(self):
        rows = self.find(self.check(), kind="2_model", operation="read", judgement="4_reading")
        shared = rows.filtered(lambda row: row.scope in ("all", "company"))
        self.assertTrue(shared)
        self.assertFalse(shared.filtered(lambda row: not row.explanation).mapped("model"))

    def test_it_says_what_odoo_says(self):
        rows = self.check()
        user, seen = self.portal_user, set()
        for model in self.env:
            for operation in scan.OPERATIONS:
                if self.env[model].with_user(user).check_access_rights(operation, raise_exception=False):
                    seen.add((model, operation))
        found = {(row.model, row.operation) for row in self.find(rows, kind="2_model")}
        self.assertEqual(found - seen, {("res.users", "write")}, "a user writes some fields of their own")
        self.assertFalse(seen - found - {key for key in seen if self.env[key[0]]._abstract})

    def test_fields_for_other_groups_are_left_out(self):
        rows = self.check()
        names = {row.name for row in self.find(rows, kind="3_field", model="res.partner")}
        self.assertTrue(any("(email)" in name for name in names))
        self.assertFalse(any("(signup_token)" in name for name in names))

    def test_it_knows_methods_and_addresses(self):
        rows = self.check()
        grant = rows.filtered(lambda row: row.name.startswith("res.partner.portal_access_grant("))
        self.assertEqual((grant.judgement, grant.module), ("5_untried", "portal_access_ext"))
        self.assertFalse(rows.filtered(lambda row: row.kind == "5_method" and "._" in row.name))
        counters = self.find(rows, kind="4_route", name="/my/counters")
        self.assertEqual(counters.module, "portal_access_ext", "it has the last word")
        self.assertIn("portal", counters.explanation)
        read = rows.filtered(lambda row: row.name.startswith("base.search_read("))
        self.assertEqual(read.judgement, "3_intended")

    def test_it_says_what_it_leaves_out(self):
        limits = self.find(self.check(), kind="6_limit")
        self.assertTrue(limits)
        self.assertEqual(set(limits.mapped("judgement")), {"5_untried"})

    def test_checking_costs_few_queries(self):
        counter = []
        self.check()
        with self.count_queries(counter):
            self.check()
        self.assertLess(counter[0], 250)

    # -------------------------------------------------------------------------
    # Holes
    # -------------------------------------------------------------------------

    def test_a_right_to_change_shows_up(self):
        self.give("res.partner", write=True)
        rows = self.find(self.check(), model="res.partner", operation="write", judgement="1_look")
        row = self.find(rows, kind="2_model")
        self.assertIn("made by hand for res.partner", row.explanation)
        self.assertEqual(row.group_names, self.portal.full_name)
        self.assertTrue(self.find(rows, kind="3_field"), "and so do its fields")

    def test_reading_all_records_shows_up(self):
        self.give("res.bank", read=True)
        row = self.find(self.check(), model="res.bank", kind="2_model")
        self.assertEqual((row.judgement, row.scope), ("1_look", "all"))

    def test_a_rule_for_the_company_only_is_one_for_all_customers(self):
        self.give("res.partner.bank", read=True)
        row = self.find(self.check(), model="res.partner.bank", kind="2_model")
        self.assertEqual((row.judgement, row.scope), ("1_look", "company"))

    def test_a_rule_switched_off_shows_up(self):
        rule = self.env.ref("base.res_partner_portal_public_rule")
        rule.with_env(self.by_hand).active = False
        row = self.find(self.check(), model="res.partner", operation="read", kind="2_model")
        self.assertEqual(row.judgement, "1_look")
        self.assertIn(rule.name, row.explanation)

    def test_a_rule_made_wider_shows_up(self):
        rule = self.env.ref("base.res_partner_portal_public_rule")
        rule.with_env(self.by_hand).domain_force = "[(1, '=', 1)]"
        row = self.find(self.check(), model="res.partner", operation="read", kind="2_model")
        self.assertEqual(row.judgement, "1_look")
        self.assertIn("changed by hand", row.explanation)

    def test_a_rule_that_can_not_be_evaluated_does_not_stop_the_check(self):
        rule = self.env.ref("base.res_partner_portal_public_rule")
        self.env.flush_all()
        self.env.cr.execute("UPDATE ir_rule SET domain_force = '[broken' WHERE id = %s", [rule.id])
        row = self.find(self.check(), model="res.partner", operation="read", kind="2_model")
        self.assertIn("[broken", row.condition)

    def test_a_field_added_by_hand_shows_up(self):
        self.addCleanup(self.registry.reset_changes)
        self.by_hand["ir.model.fields"].create(
            {"name": "x_pae_note", "model_id": self.env["ir.model"]._get_id("ir.filters"), "ttype": "char"}
        )
        row = self.find(self.check(), model="ir.filters", operation="write", judgement="1_look")
        self.assertIn("x_pae_note", row.name)

    def test_a_group_of_some_portal_users_shows_up_with_what_it_gives(self):
        group = self.env["res.groups"].create({"name": "Key accounts"})
        self.give("res.bank", group, read=True)
        self.portal_user.groups_id |= group
        rows = self.check()
        self.assertEqual(
            self.find(rows, kind="1_group", judgement="1_look").who, f"1 portal user(s) with {group.full_name}"
        )
        row = self.find(rows, model="res.bank", kind="2_model")
        self.assertEqual((row.who, row.group_names), (f"1 portal user(s) with {group.full_name}", group.full_name))
        everybody = self.find(rows, model="res.country", kind="2_model")
        self.assertEqual(everybody.who, "All portal users")

    @mute_logger("odoo.addons.base.models.ir_model")  # a right without a group is deprecated
    def test_a_right_for_everybody_is_one_for_portal_users(self):
        access = self.give("res.bank", unlink=True)
        access.group_id = False
        row = self.find(self.check(), model="res.bank", operation="unlink", kind="2_model")
        self.assertEqual(row.judgement, "1_look")
        self.assertEqual(row.group_names, "No group at all")

    def test_a_portal_user_template_that_is_gone_does_not_stop_the_check(self):
        self.env["ir.model.data"].search([("module", "=", "base"), ("name", "=", "template_portal_user_id")]).unlink()
        self.assertTrue(self.find(self.check(), model="res.country", kind="2_model"))

    def test_internal_users_with_the_portals_rights_are_not_portal_users(self):
        profiles = scan.find_profiles(self.env)
        users = self.env["res.users"].browse(profile.user.id for profile in profiles)
        self.assertFalse(users.filtered(lambda user: user.has_group("base.group_user")))
