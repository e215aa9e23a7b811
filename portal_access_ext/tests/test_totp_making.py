import re
import time
from base64 import b32decode
from datetime import timedelta

from freezegun import freeze_time

from odoo import Command, fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.auth_totp.models.totp import TIMESTEP, hotp

from .test_login_change import PASSWORD
from .test_totp_codes import LOGGERS, TotpCase


@tagged("post_install", "-at_install")
class TestMakingCodes(TotpCase):
    """Codes are made when two-factor authentication is turned on, and when the customer asks for new ones."""

    def make(self):
        return self.rpc("res.users", "action_portal_make_recovery_codes", [self.user.id])

    def enable(self, user):
        [action] = [self.rpc("res.users", "action_totp_enable_wizard", [user.id])["result"]]
        wizard = self.env["auth_totp.wizard"].browse(action["res_id"]).sudo()
        secret = wizard.secret.replace(" ", "")
        code = f"{hotp(b32decode(secret), int(time.time() / TIMESTEP)):06}"
        self.rpc("auth_totp.wizard", "write", [wizard.id], {"code": code})
        return self.rpc("auth_totp.wizard", "enable", [wizard.id])

    def test_turning_it_on_hands_out_ten_codes_once(self):
        self.user.sudo().totp_secret = False
        self.as_signed_in()
        codes = self.codes_in(self.enable(self.user))
        self.assertEqual(len(set(codes)), 10)
        self.assertEqual(self.left(), 10)
        self.user.with_user(self.user)._totp_check(int(codes[0]))
        self.assertIn("9", re.search(r'data-count="(\d+)"', self.url_open("/my/security").text)[1])

    def test_an_employee_who_turns_it_on_gets_none(self):
        self.as_signed_in(self.employee)
        answer = self.enable(self.employee)
        self.assertIsNone(self.codes_in(answer))
        self.assertTrue(self.employee.totp_enabled)
        self.assertFalse(self.left(self.employee))

    def test_the_page_tells_how_many_are_left(self):
        self.as_signed_in()
        self.assertIn('data-count="10"', self.url_open("/my/security").text)
        for code in self.codes[:9]:
            self.Codes._use(self.user, int(code))
        self.assertIn("recovery code is left", self.url_open("/my/security").text)
        self.Codes._use(self.user, int(self.codes[9]))
        page = self.url_open("/my/security").text
        self.assertIn("no recovery codes", page)
        self.assertIn("Make new ones", page)
        self.user.with_user(self.user).sudo().totp_secret = False
        self.as_signed_in()
        self.assertNotIn("recovery codes", self.url_open("/my/security").text)

    def test_new_codes_replace_the_old_ones_and_are_told(self):
        self.as_signed_in()
        codes = self.codes_in(self.make())
        self.assertEqual(len(codes), 10)
        self.assertEqual(self.left(), 10)
        self.assertFalse(self.Codes._use(self.user, int(self.codes[0])))
        self.assertTrue(self.Codes._use(self.user, int(codes[0])))
        self.assertEqual(self.kinds()[-1], "recovery_codes_made")
        self.assertIn("New Recovery Codes", self.notices().subject)

    def test_the_password_is_asked_first(self):
        self.as_signed_in(password_asked=False)
        answer = self.make()
        self.assertEqual(answer["result"]["res_model"], "res.users.identitycheck")
        self.assertTrue(self.Codes._use(self.user, int(self.codes[0])), "nothing has changed")
        check = answer["result"]["res_id"]
        self.rpc("res.users.identitycheck", "write", [check], {"password": "wrong"})
        with mute_logger(*LOGGERS):
            self.assertIn("error", self.rpc("res.users.identitycheck", "run_check", [check]))
        self.rpc("res.users.identitycheck", "write", [check], {"password": PASSWORD})
        self.assertEqual(len(self.codes_in(self.rpc("res.users.identitycheck", "run_check", [check]))), 10)

    @mute_logger("odoo.http")
    def test_there_are_no_codes_without_two_factor_authentication(self):
        self.user.with_user(self.user).sudo().totp_secret = False
        self.as_signed_in()
        self.assertIn("Turn on two-factor", self.make()["error"]["data"]["message"])
        self.assertFalse(self.left())


@tagged("post_install", "-at_install")
class TestEndOfCodes(TotpCase):
    """Codes end with the authenticator that they stand in for."""

    def assertNoCodes(self):
        self.assertEqual(self.left(), 0)
        self.env["portal.access.limit"].flush_model()

    def test_turning_it_off_removes_them(self):
        self.as_signed_in()
        self.rpc("res.users", "action_totp_disable", [self.user.id])
        self.assertFalse(self.user.totp_enabled)
        self.assertNoCodes()
        self.assertEqual(self.kinds()[-1], "totp_disabled")

    def test_revoking_removes_them_and_a_new_grant_starts_without(self):
        self.as_manager(self.partner).portal_access_revoke()
        self.assertNoCodes()
        self.Codes._make(self.user)
        self.grant(self.partner)
        self.assertNoCodes()

    def test_who_becomes_an_employee_loses_them(self):
        groups = [
            Command.unlink(self.env.ref("base.group_portal").id),
            Command.link(self.env.ref("base.group_user").id),
        ]
        self.user.groups_id = groups
        self.assertNoCodes()

    def test_deleting_the_user_removes_them(self):
        user_id = self.user.id
        self.env.flush_all()
        self.env.cr.execute("DELETE FROM res_users_log WHERE create_uid = %s", [user_id])
        self.user.unlink()
        self.assertFalse(self.Codes.search([("user_id", "=", user_id)]))

    def test_undoing_a_login_change_keeps_the_owners_codes_and_removes_the_thiefs(self):
        self.env["portal.access.event"].flush_model()
        since = fields.Datetime.now() + timedelta(seconds=5)
        self.user._portal_access_wipe_after_undo(since)
        self.assertEqual(self.left(), 10)
        self.assertTrue(self.Codes._use(self.user, int(self.codes[0])))
        with freeze_time(since + timedelta(hours=1)):
            self.Codes._make(self.user)
        self.user._portal_access_wipe_after_undo(since)
        self.assertNoCodes()
