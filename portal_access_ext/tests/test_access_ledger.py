import re
import time
from base64 import b32decode, b32encode
from contextlib import suppress
from datetime import timedelta

from freezegun import freeze_time

from odoo import Command, fields
from odoo.exceptions import AccessDenied, UserError
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.auth_totp.models.totp import TIMESTEP, hotp

from .common import PortalAccessCase

SECRET = b32encode(b"twenty bytes secret!").decode()
LOGIN_LOGGERS = ("odoo.addons.base.models.res_users", "odoo.addons.auth_totp.models.res_users")


class LedgerCase(PortalAccessCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner.with_user(cls.manager).portal_access_grant()
        cls.user = cls.env["res.users"].search([("partner_id", "=", cls.partner.id)])
        cls.admin = cls.env.ref("base.user_admin")
        cls.group_portal = cls.env.ref("base.group_portal")
        cls.seen = cls.env["portal.access.event"].search([])

    def news(self, *fnames):
        """:return: the given fields of the events since the last call"""
        self.env.flush_all()
        events = self.env["portal.access.event"].search([], order="id") - self.seen
        type(self).seen |= events
        return [tuple(event[name] for name in fnames) if len(fnames) > 1 else event[fnames[0]] for event in events]

    def notes(self):
        return len(self.partner.message_ids)


@tagged("post_install", "-at_install")
class TestAccessLedger(LedgerCase):
    """The ledger knows what happened, whichever door was used."""

    def test_whoever_takes_note_of_access_does_so_in_any_order(self):
        files = [
            cls.__module__.rpartition(".")[2]
            for cls in type(self.env["res.users"]).mro()
            if "_portal_access_end" in cls.__dict__
        ]
        self.assertEqual(files[-1], "res_users", "what all others call")

    def test_archiving_in_settings_is_remembered_with_one_note(self):
        before = self.notes()
        self.user.with_user(self.admin).action_archive()
        self.assertEqual(self.news("kind", "actor_id", "login"), [("revoked", self.admin, self.user.login)])
        self.assertEqual(self.notes(), before + 1)
        self.user.with_user(self.admin).action_unarchive()
        self.assertEqual(self.news("kind"), ["granted"])
        self.assertEqual(self.notes(), before + 2)

    def test_groups_changed_in_settings_are_remembered_with_one_note(self):
        before = self.notes()
        self.user.with_user(self.admin).groups_id = [Command.unlink(self.group_portal.id), self.public()]
        self.assertEqual(self.news("kind"), ["revoked"])
        # As the form of Settings does, which has a field per kind of group.
        names = [name for name in self.user.fields_get() if name.startswith("sel_groups_")]
        name = next(name for name in names if str(self.group_portal.id) in name.split("_"))
        self.user.with_user(self.admin).write({name: self.group_portal.id})
        self.assertEqual(self.news("kind"), ["granted"])
        self.assertEqual(self.notes(), before + 2)

    def public(self):
        return Command.link(self.env.ref("base.group_public").id)

    def test_groups_changed_on_the_group_are_remembered(self):
        public, before = self.env.ref("base.group_public"), self.notes()
        self.group_portal.with_user(self.admin).users = [Command.unlink(self.user.id)]
        public.users = [Command.link(self.user.id)]
        self.assertEqual(self.news("kind", "actor_id"), [("revoked", self.admin)])
        self.assertEqual(self.notes(), before + 1)
        self.assertIn("Portal Access Revoked", self.partner.message_ids[0].body)
        public.users = [Command.unlink(self.user.id)]
        self.group_portal.with_user(self.admin).users = [Command.link(self.user.id)]
        self.assertEqual(self.news("kind", "actor_id"), [("granted", self.admin)])
        self.assertEqual(self.notes(), before + 2)

    def test_groups_that_have_nothing_to_do_with_portal_access_are_written_without_a_look(self):
        some, other = self.env["res.groups"].create([{"name": "Some"}, {"name": "Other"}])
        looks = []
        Groups = self.env.registry["res.groups"]
        look = Groups._get_users_having_portal_access
        self.patch(Groups, "_get_users_having_portal_access", lambda groups: looks.append(1) or look(groups))
        some.write({"users": [Command.link(self.user.id)], "implied_ids": [Command.link(other.id)]})
        some.write({"implied_ids": [Command.clear()]})
        some.write({"implied_ids": [Command.create({"name": "New"})]})
        self.assertEqual(len(looks), 2, "but for what is made just now")
        self.assertFalse(self.news("kind"))
        user = self.env["res.users"].with_context(no_reset_password=True)
        user = user.create({"name": "P", "login": "p@pae.example", "groups_id": [Command.set([some.id])]})
        self.assertFalse(self.news("kind"))
        some.write({"users": [Command.unlink(self.user.id)]})
        some.write({"implied_ids": [Command.link(self.group_portal.id)]})
        self.assertEqual(self.news("kind", "user_id"), [("granted", user)])
        other.write({"implied_ids": [Command.set(some.ids)]})
        other.write({"users": [Command.link(self.public_user().id)]})
        self.assertEqual(self.news("kind"), ["granted"])

    def public_user(self):
        user = self.env["res.users"].with_context(no_reset_password=True)
        return user.create({"name": "Q", "login": "q@pae.example", "groups_id": [Command.clear()]})

    def test_a_user_made_in_settings_is_remembered(self):
        user = self.env["res.users"].with_user(self.admin).with_context(no_reset_password=True)
        user = user.create(
            {"name": "Made", "login": "made@pae.example", "groups_id": [Command.set(self.group_portal.ids)]}
        )
        self.assertEqual(self.news("kind", "user_id", "actor_id"), [("granted", user, self.admin)])
        internal = self.env["res.users"].with_context(no_reset_password=True)
        internal.create({"name": "Employee", "login": "made2@pae.example"})
        self.assertFalse(self.news("kind"))

    def test_a_customer_who_becomes_an_employee_has_no_portal_access_any_more(self):
        self.user.with_user(self.admin).groups_id = [
            Command.unlink(self.group_portal.id),
            Command.link(self.env.ref("base.group_user").id),
        ]
        [(kind, details)] = self.news("kind", "details")
        self.assertEqual(kind, "revoked")
        self.assertIn("internal user", details)

    def test_a_deleted_user_is_remembered(self):
        login = self.user.login
        self.user.with_user(self.admin).unlink()
        [(kind, remembered, details)] = self.news("kind", "login", "details")
        self.assertEqual((kind, remembered, details), ("revoked", login, "The user was deleted."))
        events = self.events_of(self.partner)
        self.assertEqual(events.mapped("kind"), ["granted", "invited", "revoked"])
        self.assertFalse(events.user_id)
        self.partner.unlink()
        self.assertEqual(set(events.mapped("partner_name")), {"customer 0"})

    def test_nobody_can_tell_the_ledger_to_look_away(self):
        for value in (True, 1, "AT_WORK", {}, [1]):
            user = self.user.with_user(self.admin).with_context(portal_access_batch=value)
            user.active = False
            self.assertEqual(self.news("kind"), ["revoked"])
            user.active = True
            self.assertEqual(self.news("kind"), ["granted"])

    def test_changed_passwords_are_remembered_of_customers_only(self):
        self.user.with_user(self.admin).password = "another password"
        self.assertEqual(self.news("kind", "actor_id"), [("password_changed", self.admin)])
        self.env["res.users"].with_user(self.user).change_password("another password", "their own password")
        self.assertEqual(self.news("kind", "actor_id"), [("password_changed", self.user)])
        self.employee.password = "a password of an employee"
        self.user.with_user(self.admin).name = "Another name"
        self.assertFalse(self.news("kind"))

    def test_a_sign_up_is_one_event_and_a_password_reset_another(self):
        public = self.env["res.users"].with_user(self.env.ref("base.public_user")).sudo()
        token = self.partner.sudo().signup_token
        public.signup({"login": self.user.login, "password": "their first password"}, token)
        self.assertEqual(self.news("kind", "actor_id"), [("accepted", self.user)])
        self.env.invalidate_all()
        self.partner.sudo().signup_prepare(signup_type="reset")
        token = self.partner.sudo().signup_token
        public.signup({"login": self.user.login, "password": "their next password"}, token)
        self.assertEqual(self.news("kind", "actor_id"), [("password_changed", self.user)])

    def test_who_signs_up_alone_is_remembered_as_their_own_doing(self):
        self.env["ir.config_parameter"].set_param("auth_signup.invitation_scope", "b2c")
        public = self.env["res.users"].with_user(self.env.ref("base.public_user")).sudo()
        public.signup({"login": "alone@pae.example", "name": "Alone", "password": "a password alone"})
        user = public.search([("login", "=", "alone@pae.example")])
        self.assertEqual(self.news("kind", "user_id", "actor_id"), [("granted", user, user)])

    def test_two_factor_authentication_is_remembered(self):
        user = self.user.with_user(self.user)
        code = hotp(b32decode(SECRET), int(time.time() / TIMESTEP))
        self.assertTrue(user._totp_try_setting(SECRET, code))
        self.assertEqual(self.news("kind", "actor_id"), [("totp_enabled", self.user)])
        user.sudo().write({"totp_secret": False})
        self.assertEqual(self.news("kind", "actor_id"), [("totp_disabled", self.user)])
        user.sudo().totp_secret = SECRET
        self.user.with_user(self.admin).sudo().write({"totp_secret": False})
        self.assertEqual(self.news("kind", "actor_id")[1:], [("totp_reset", self.admin)])

    @mute_logger(*LOGIN_LOGGERS)
    def test_a_login_that_is_no_text_is_nobodys(self):
        for login in (5, ["x"], {}, None, True, "\ud800", "a\x00b"):
            with self.subTest(login=login):
                self.assertFalse(self.env["res.users"]._find_portal_user_by_login(login))

    @mute_logger(*LOGIN_LOGGERS)
    def test_a_wrong_code_is_a_failed_sign_in(self):
        self.user.sudo().totp_secret = SECRET
        self.news("kind")
        self.patch_cursor()
        with suppress(AccessDenied):  # Odoo's assertRaises rolls back what was written
            self.user.with_user(self.user)._totp_check(0)
            self.fail("0 is no code")
        [(kind, details)] = self.news("kind", "details")
        self.assertEqual(kind, "sign_in_failed")
        self.assertIn("authenticator", details)

    def patch_cursor(self):
        """Let what is written on a cursor of its own be written on the test's."""
        self.registry.enter_test_mode(self.env.cr)
        self.addCleanup(self.registry.leave_test_mode)

    def test_events_are_kept_for_ever_or_as_long_as_the_setting_says(self):
        Event = self.env["portal.access.event"]
        before = Event.search_count([])
        with freeze_time(fields.Datetime.now() + timedelta(days=400)):
            Event._gc_events()
            self.assertEqual(Event.search_count([]), before)
            settings = self.env["res.config.settings"].create({"portal_event_retention_days": 365})
            settings.execute()
            self.grant(self.partners[1])
            Event._gc_events()
        self.assertEqual(self.events_of(self.partners).mapped("kind"), [])
        with self.assertRaises(UserError):
            self.env["res.config.settings"].create({"portal_event_retention_days": -1})
        with self.assertRaisesRegex(UserError, "36500"):
            self.env["res.config.settings"].create({"portal_event_retention_days": 36501})
        self.env["ir.config_parameter"].set_param("portal_access_ext.event_retention_days", str(2**31 - 1))
        Event._gc_events()  # no date is so long ago
        self.env["ir.config_parameter"].set_param("portal_access_ext.event_retention_days", "nonsense")
        self.assertEqual(Event._get_retention_days(), 0)

    def test_events_are_counted_per_month_and_kind(self):
        Event = self.env["portal.access.event"].with_user(self.manager)
        Event.get_views([(False, name) for name in ("tree", "form", "search", "graph", "pivot")])
        domain = [("partner_id", "=", self.partner.id)]
        groups = Event.read_group(domain, ["__count"], ["create_date:month", "kind"], lazy=False)
        self.assertEqual({group["kind"]: group["__count"] for group in groups}, {"granted": 1, "invited": 1})


@tagged("post_install", "-at_install")
class TestAccessLedgerPages(LedgerCase, HttpCase):
    """What customers do on the pages."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user.password = "a fine password"
        cls.seen |= cls.env["portal.access.event"].search([])

    def post(self, path, **values):
        page = self.url_open(path).text
        token = re.search(r'csrf_token(?:" value=|: )"(\w+)"', page)[1]
        return self.url_open(path, data={"csrf_token": token, **values})

    @mute_logger(*LOGIN_LOGGERS)
    def test_failed_sign_ins_are_remembered_but_not_each_of_a_thousand(self):
        for number in range(7):
            self.post("/web/login", login=self.user.login.upper() + " ", password=f"wrong {number}")
        events = self.news("kind", "user_id", "actor_id", "login")
        self.assertEqual(events, [("sign_in_failed", self.user, self.user, self.user.login)] * 5)
        for login in ("nobody@pae.example", self.employee.login, "%", ""):
            self.post("/web/login", login=login, password="wrong")
        self.assertFalse(self.news("kind"))

    @mute_logger(*LOGIN_LOGGERS)
    def test_who_was_revoked_and_tries_to_sign_in_is_remembered(self):
        self.as_manager(self.partner).portal_access_revoke()
        self.news("kind")
        self.post("/web/login", login=self.user.login, password="a fine password")
        self.assertEqual(self.news("kind"), ["sign_in_failed"])

    def test_a_customers_new_email_is_remembered(self):
        self.authenticate(self.user.login, "a fine password")
        values = {
            "name": "Customer",
            "email": "moved@pae.example",
            "phone": "+32 2 555 01 07",
            "street": "1",
            "city": "X",
            "zipcode": "1",
            "country_id": self.env.ref("base.be").id,
        }
        self.post("/my/account", **values)
        self.assertEqual(
            [news for news in self.news("kind", "details", "actor_id") if "signed_in" not in news[0]],
            [("email_changed", "customer0@pae.example → moved@pae.example", self.user)],
        )
        self.assertEqual(self.user.login, "customer0@pae.example")
        self.post("/my/account", **values)
        self.assertFalse(self.news("kind"))

    def test_changing_the_password_and_signing_out_everywhere_are_remembered(self):
        self.authenticate(self.user.login, "a fine password")
        self.post("/my/security", old="a fine password", new1="a finer password", new2="a finer password")
        self.assertEqual(self.news("kind")[-1], "password_changed")
        check = self.env["res.users.identitycheck"].with_user(self.user).create({"password": "a finer password"})
        check.revoke_all_devices()
        self.assertEqual(self.news("kind"), ["all_sessions_ended"])
