from odoo.tests import tagged

from .common import PortalAccessCase


@tagged("post_install", "-at_install")
class TestPortalRank(PortalAccessCase):
    """The database keeps what users make of their contact's status, whoever writes to it and how."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner.with_user(cls.manager).portal_access_grant()
        cls.user = cls.env["res.users"].search([("partner_id", "=", cls.partner.id)])

    def execute(self, query, *parameters):
        self.env.flush_all()
        self.env.cr.execute(query, parameters)
        self.env.invalidate_all()

    def assertStatus(self, status):
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(self.partner.portal_status, status)
        self.assertTrue(self.partner.search([("id", "=", self.partner.id), ("portal_status", "=", status)]))

    def test_changes_in_sql_count_at_once(self):
        self.assertStatus("invited")
        self.execute(
            "UPDATE res_partner SET signup_expiration = now() - interval '1 day' WHERE id = %s", self.partner.id
        )
        self.assertStatus("expired")
        self.execute("UPDATE res_partner SET signup_expiration = NULL WHERE id = %s", self.partner.id)
        self.assertStatus("invited")
        self.execute("UPDATE res_partner SET signup_token = NULL WHERE id = %s", self.partner.id)
        self.assertStatus("expired")
        self.execute("UPDATE res_users SET password = 'x' WHERE id = %s", self.user.id)
        self.assertStatus("active")
        self.execute("UPDATE res_users SET password = NULL WHERE id = %s", self.user.id)
        self.assertStatus("expired")
        self.execute("INSERT INTO res_users_log (create_uid, create_date) VALUES (%s, now())", self.user.id)
        self.assertStatus("active")
        self.execute("DELETE FROM res_users_log WHERE create_uid = %s", self.user.id)
        self.assertStatus("expired")
        portal, internal = self.env.ref("base.group_portal").id, self.env.ref("base.group_user").id
        self.execute("DELETE FROM res_groups_users_rel WHERE uid = %s AND gid = %s", self.user.id, portal)
        self.assertStatus("none")
        self.execute("INSERT INTO res_groups_users_rel (uid, gid) VALUES (%s, %s)", self.user.id, internal)
        self.assertStatus("internal")
        self.execute("UPDATE res_users SET active = FALSE WHERE id = %s", self.user.id)
        self.assertStatus("none")

    def test_a_user_who_moves_to_another_contact_takes_the_status_along(self):
        self.execute(
            "UPDATE res_users SET partner_id = %s, password = 'x' WHERE id = %s", self.partners[1].id, self.user.id
        )
        self.assertStatus("none")
        self.assertEqual(self.partners[1].portal_status, "active")

    def test_nobody_writes_the_rank_but_the_database(self):
        partners = self.env["res.partner"].sudo()
        made = partners.create({"name": "Made", "portal_access_rank": 1})
        self.partner.sudo().portal_access_rank = 1
        self.execute("UPDATE res_partner SET portal_access_rank = 1 WHERE id = %s", self.partners[1].id)
        self.assertEqual((made | self.partner | self.partners[1]).mapped("portal_status"), ["none", "invited", "none"])

    def test_many_at_once_are_right_at_once(self):
        partners = self.make_partners(50, "many")
        self.grant(partners)
        self.assertEqual(set(partners.mapped("portal_status")), {"invited"})
        self.as_manager(partners).portal_access_revoke()
        self.env.invalidate_all()
        self.assertEqual(set(partners.mapped("portal_status")), {"revoked"})
