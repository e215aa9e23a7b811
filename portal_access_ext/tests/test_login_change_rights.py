from odoo.exceptions import AccessError
from odoo.tests import tagged

from odoo.addons.mail.tests.common import mail_new_test_user

from .test_login_change import LoginChangeCase


@tagged("post_install", "-at_install")
class TestLoginChangeRights(LoginChangeCase):
    """Who may change logins, and see changes."""

    def nobody(self):
        return self.employee, self.manager, self.user, self.env.ref("base.public_user")

    def test_only_administrators_of_access_rights_change_logins(self):
        for user in self.nobody():
            with self.subTest(user=user.login):
                with self.assertRaises(AccessError):
                    self.partner.with_user(user).action_portal_change_login()
                with self.assertRaises(AccessError):
                    self.env["portal.access.change.login"].with_user(user).create(
                        {"partner_id": self.partner.id, "new_login": self.new}
                    )
        line = self.open_dialog(self.partner).user_ids
        with self.assertRaises(AccessError):
            line.action_change_login()

    def test_nobody_learns_which_logins_there_are(self):
        taken = self.access_admin.login.upper()
        for user in (self.employee, self.manager, self.user):
            Users = self.env["res.users"].with_user(user)
            for values in ({"name": "X", "login": taken}, {"name": "X", "login": taken, "partner_id": 2**31 - 1}):
                with self.subTest(user=user.login, values=values), self.assertRaises(AccessError):
                    Users.create(values)
            for target in (user, self.user):
                with self.subTest(user=user.login, target=target.login), self.assertRaises(AccessError):
                    Users.browse(target.id).write({"login": taken})

    def test_an_administrator_of_another_company_changes_nothing(self):
        self.partner.company_id = self.env.company
        foreign = mail_new_test_user(
            self.env,
            login="pae_foreign_admin",
            groups="base.group_user,base.group_partner_manager,base.group_erp_manager",
            company_id=self.company_2.id,
            company_ids=[(6, 0, self.company_2.ids)],
        )
        with self.assertRaises(AccessError):
            self.partner.with_user(foreign).action_portal_change_login()
        change = self.change().sudo(False).with_user(foreign)
        self.assertFalse(change.search([]))
        with self.assertRaises(AccessError):
            change.action_close()

    def test_changes_are_read_by_administrators_only_and_written_by_nobody(self):
        change = self.change().sudo(False)
        self.assertTrue(change.with_user(self.access_admin).read(["old_login", "state"]))
        for user in self.nobody():
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                change.with_user(user).read(["old_login"])
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                change.with_user(user).action_close()
        for user in (self.access_admin, self.env.ref("base.user_admin")):
            record = change.with_user(user)
            for work in (
                lambda record=record: record.write({"state": "done"}),
                lambda record=record: record.unlink(),
                lambda record=record: record.create({"user_id": self.user.id}),
                lambda record=record: record.read(["nonce"]),
                lambda record=record: record.read(["undo_link"]),
                lambda record=record: record.search([("nonce", "!=", False)]),
            ):
                with self.assertRaises(AccessError):
                    work()
            self.assertFalse(record.mapped("undo_link")[0])

    def test_nobody_reads_or_writes_the_keys_of_logins(self):
        for user in (self.access_admin, *self.nobody()):
            with self.assertRaises(AccessError):
                self.env["portal.access.login.key"].with_user(user).search([])

    def test_customers_read_none_of_the_mails_with_links(self):
        self.Changes.with_user(self.user).sudo()._request(self.user, self.new)
        self.change()
        messages = self.env["mail.mail"].search([]).mail_message_id
        for user in (self.user, self.manager, self.employee):
            with self.subTest(user=user.login):
                found = self.env["mail.message"].with_user(user).search([("id", "in", messages.ids)])
                self.assertFalse(found)

    def test_only_administrators_write_the_texts_of_the_mails(self):
        self.manager.groups_id |= self.env.ref("mail.group_mail_template_editor")
        template = self.env.ref("portal_access_ext.mail_template_login_old")
        with self.assertRaises(AccessError):
            template.with_user(self.manager).body_html = "<p>x</p>"
        template.with_user(self.access_admin).subject = "Mine"
