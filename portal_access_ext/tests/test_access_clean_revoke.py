from base64 import b32encode

from odoo import Command
from odoo.exceptions import AccessDenied, UserError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from odoo.addons.mail.tests.common import mail_new_test_user

from .common import PortalAccessCase


class CleanRevokeCase(PortalAccessCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = cls.make_user_in_use(cls.partner)

    @classmethod
    def make_user_in_use(cls, partner):
        """Make a customer's account that has everything an account can have."""
        partner.with_user(cls.manager).portal_access_grant()
        user = cls.env["res.users"].search([("partner_id", "=", partner.id)])
        user.password = "a fine password"
        user.totp_secret = b32encode(b"twenty bytes secret!").decode()
        cls.env["res.users.log"].with_user(user).sudo().create({})
        cls.env["res.users.apikeys"].with_user(user).sudo()._generate("rpc", "My key")
        cls.env["auth_totp.device"].with_user(user).sudo()._generate("browser", "My phone")
        cls.env.flush_all()
        return user

    def secrets_of(self, user):
        """:return: password, TOTP secret, number of API keys, number of trusted devices, as the database has them"""
        self.env.flush_all()
        self.env.cr.execute(
            """
            SELECT password, totp_secret,
                   (SELECT count(*) FROM res_users_apikeys WHERE user_id = u.id),
                   (SELECT count(*) FROM auth_totp_device WHERE user_id = u.id)
              FROM res_users u WHERE id = %s
            """,
            [user.id],
        )
        return self.env.cr.fetchone()

    def assertNothingWorks(self, user, password=None):
        self.assertEqual(self.secrets_of(user), (password, None, 0, 0))
        self.assertFalse(user.active)
        self.assertFalse(user.has_group("base.group_portal"))
        self.assertFalse(user.totp_enabled)
        if not user.partner_id.user_ids:  # after a merge, the login that stays has a link perhaps
            self.assertFalse(user.partner_id.sudo().signup_token)


@tagged("post_install", "-at_install")
class TestCleanRevoke(CleanRevokeCase):
    """After a revocation nothing of before works, and a new grant is like a first one."""

    def test_revoking_takes_everything_an_account_can_have(self):
        self.assertEqual(self.secrets_of(self.user)[2:], (1, 1))
        with self.mock_mail_gateway():
            [result] = self.as_manager(self.partner).portal_access_revoke()
        self.assertEqual(result["outcome"], "revoked")
        self.assertNothingWorks(self.user)
        self.assertEqual(self.invitations_of(self.partner).state, "cancelled")
        self.assertFalse(self._new_mails, "no notice of a changed password")

    def test_an_empty_password_opens_nothing(self):
        self.as_manager(self.partner).portal_access_revoke()
        self.user.active = True
        for password in ("a fine password", "", "False", "None", " "):
            with self.subTest(password=password), self.assertRaises(AccessDenied):
                self.user.with_user(self.user)._check_credentials(password, {"interactive": True})

    def test_an_update_of_odoo_sends_the_revoked_no_mail(self):
        self.as_manager(self.partner).portal_access_revoke()
        with self.mock_mail_gateway():
            self.env["res.users"].init()  # encrypts passwords that are none yet, also empty ones
        self.assertNothingWorks(self.user)
        self.assertFalse(self._new_mails)

    def test_the_session_of_a_revoked_user_is_dead(self):
        token = self.user._compute_session_token("s" * 84)
        self.as_manager(self.partner).portal_access_revoke()
        self.assertNotEqual(self.user._compute_session_token("s" * 84), token)

    def test_a_new_grant_starts_like_a_first_one(self):
        self.as_manager(self.partner).portal_access_revoke()
        self.partner.email = "New.Address@pae.example"
        self.assertEqual(self.grant(self.partner), self.user, "the same user, with what it did")
        self.assertEqual(self.user.login, "new.address@pae.example")
        self.assertTrue(self.user.active)
        self.assertEqual(self.secrets_of(self.user), (None, None, 0, 0))
        self.assertFalse(self.user.login_date)
        invitation = self.invitations_of(self.partner)[-1]
        self.assertEqual((invitation.state, invitation.email), ("queued", "new.address@pae.example"))
        events = self.events_of(self.partner)[-3:]
        self.assertEqual(events.mapped("kind"), ["login_changed", "granted", "invited"])
        self.assertEqual(events[0].details, "customer0@pae.example → new.address@pae.example")

    def test_what_others_revoked_starts_again_too(self):
        """A user that stock Odoo or an administrator archived keeps its secrets; a grant does not."""
        self.user.active = False
        self.assertEqual(self.secrets_of(self.user)[2:], (1, 1))
        self.grant(self.partner)
        self.assertEqual(self.secrets_of(self.user), (None, None, 0, 0))

    def test_a_login_that_somebody_else_has_by_now_is_refused(self):
        self.as_manager(self.partner).portal_access_revoke()
        self.grant(self.make_partners(1, "somebody"))
        self.partner.email = "SOMEBODY0@pae.example"
        [result] = self.as_manager(self.partner).portal_access_grant()
        self.assertEqual((result["verdict"], result["outcome"]), ("taken", "refused"))
        self.assertFalse(self.user.active)

    def test_row_by_row_it_is_as_clean(self):
        """Where another module overrides the row's actions."""
        Line = self.env.registry["portal.wizard.user"]
        self.patch(Line, "_is_customized", lambda line: True)
        self.as_manager(self.partner).portal_access_revoke()
        self.assertNothingWorks(self.user)
        self.partner.email = "new@pae.example"
        with self.mock_mail_gateway():
            self.grant(self.partner)
        self.assertEqual(self.user.login, "new@pae.example")
        self.assertEqual(self.secrets_of(self.user), (None, None, 0, 0))
        kinds = self.events_of(self.partner).mapped("kind")[-4:]
        self.assertEqual(kinds, ["revoked", "login_changed", "granted", "invited"])

    def test_who_deletes_the_account_ends_on_the_same_path(self):
        customer = self.user.with_user(self.user).sudo()
        customer._deactivate_portal_user()
        self.assertNothingWorks(self.user, password="")  # Odoo's, until it deletes the user
        event = self.events_of(self.partner)[-1]
        self.assertEqual((event.kind, event.login, event.actor_id), ("revoked", "customer0@pae.example", self.user))
        self.assertIn("deleted the account", event.details)
        self.assertEqual(self.events_of(self.partner).mapped("kind").count("revoked"), 1)
        notes = self.partner.message_ids.filtered(
            lambda message: "deleted" in message.body or "Revoked" in message.body
        )
        self.assertEqual(len(notes), 1)

    def test_who_deleted_the_account_and_comes_back_is_not_deleted_later(self):
        self.user.with_user(self.user).sudo()._deactivate_portal_user()
        self.partner.active = True
        self.grant(self.partner)
        self.assertEqual(self.user.login, "customer0@pae.example")
        self.env["res.users.deletion"]._gc_portal_users()
        self.assertTrue(self.user.exists().active)

    def test_revoking_many_costs_no_query_each_whatever_they_have(self):
        partners = self.make_partners(22, "rich")
        for user in self.grant(partners):
            user.totp_secret = b32encode(b"twenty bytes secret!").decode()
            self.env["res.users.apikeys"].with_user(user).sudo()._generate("rpc", "My key")
        self.as_manager(partners[:2]).portal_access_revoke()
        counts = []
        for some in (partners[2:4], partners[4:]):
            with self.count_queries(counts):
                self.as_manager(some).portal_access_revoke()
        self.assertLessEqual(counts[1], counts[0] + 4, "16 contacts more")


@tagged("post_install", "-at_install")
class TestLosingTheGroup(CleanRevokeCase):
    """Who loses portal access without being archived, at Odoo's own doors."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.admin = cls.env.ref("base.user_admin")
        cls.portal, cls.public = cls.env.ref("base.group_portal"), cls.env.ref("base.group_public")
        cls.internal = cls.env.ref("base.group_user")
        cls.token = cls.partner.sudo().signup_token

    def leave(self, user, group):
        user.with_user(self.admin).groups_id = [Command.unlink(self.portal.id), Command.link(group.id)]

    def leave_on_the_group(self, user, group):
        self.portal.with_user(self.admin).users = [Command.unlink(user.id)]
        group.with_user(self.admin).users = [Command.link(user.id)]

    def leave_in_settings(self, user, group):
        names = [name for name in user.fields_get() if name.startswith("sel_groups_")]
        name = next(name for name in names if str(self.portal.id) in name.split("_"))
        user.with_user(self.admin).write({name: group.id})

    def assertLinkIsDead(self, partner, token):
        partner.invalidate_recordset()
        self.assertFalse(partner.sudo().signup_token)
        self.assertEqual(self.invitations_of(partner).mapped("state"), ["cancelled"])
        with self.assertRaises(UserError):
            self.env["res.users"].signup({"password": "a thief's password"}, token)

    def test_nothing_works_any_more_for_who_leaves_the_portal(self):
        for leave in (self.leave, self.leave_on_the_group, self.leave_in_settings):
            with self.subTest(door=leave.__name__):
                [partner] = self.make_partners(1, leave.__name__)
                user = self.make_user_in_use(partner)
                token, session_token = partner.sudo().signup_token, user._compute_session_token("s" * 84)
                leave(user, self.public)
                self.assertEqual(self.secrets_of(user), (None, None, 0, 0))
                self.assertNotEqual(user._compute_session_token("s" * 84), session_token)
                self.assertTrue(user.active)
                self.assertLinkIsDead(partner, token)
                self.assertEqual(self.events_of(partner).mapped("kind").count("revoked"), 1)

    def test_an_invitation_gives_nobody_the_account_of_an_employee(self):
        for leave in (self.leave, self.leave_in_settings):
            with self.subTest(door=leave.__name__):
                [partner] = self.make_partners(1, leave.__name__)
                user = self.make_user_in_use(partner)
                token = partner.sudo().signup_token
                before = self.secrets_of(user)
                leave(user, self.internal)
                self.assertTrue(user._is_internal())
                self.assertEqual(self.secrets_of(user), before, "what the employee signs in with")
                self.assertLinkIsDead(partner, token)
                self.env["portal.access.invitation"]._cron_send()
                self.assertFalse(self.invitations_of(partner)._get_mails())

    def test_archiving_in_settings_takes_nothing_that_unarchiving_does_not_bring_back(self):
        before = self.secrets_of(self.user)
        self.user.with_user(self.admin).action_archive()
        self.user.with_user(self.admin).action_unarchive()
        self.assertEqual(self.secrets_of(self.user), before)

    def test_archiving_out_of_the_portal_takes_everything(self):
        self.user.write({"active": False, "groups_id": [Command.unlink(self.portal.id), Command.link(self.public.id)]})
        self.assertNothingWorks(self.user)

    @mute_logger("odoo.addons.mail.models.mail_mail")
    def test_an_invitation_without_access_is_neither_mailed_nor_copied(self):
        """Whatever took the access: a module's SQL, say."""
        Invitations = self.env["portal.access.invitation"]
        queued, waiting = self.make_partners(2, "outside")
        self.grant(waiting)
        Invitations._cron_send()
        mail = self.invitations_of(waiting)._get_mails()
        self.assertTrue(mail)
        self.grant(queued)
        self.env.flush_all()
        self.env.cr.execute(
            "DELETE FROM res_groups_users_rel WHERE gid = %s AND uid IN %s",
            [self.portal.id, tuple(self.users_of(queued | waiting).ids)],
        )
        self.env.invalidate_all()
        with self.mock_mail_gateway():
            Invitations._cron_send()
            mail.send()
        self.assertFalse(self._mails)
        for invitation in self.invitations_of(queued | waiting):
            with self.assertRaisesRegex(UserError, "no link any more"):
                invitation.with_user(self.admin).action_copy_link()


@tagged("post_install", "-at_install")
class TestMergeContacts(CleanRevokeCase):
    """Two contacts with a login each are merged: somebody says which login stays."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_partner = cls.partners[1]
        cls.other_user = cls.make_user_in_use(cls.other_partner)
        cls.other_partner.email = cls.partner.email

    def wizard(self, partners, **values):
        # With website, contact managers can't merge at all, in stock too.
        Wizard = self.env["base.partner.merge.automatic.wizard"].with_user(self.env.ref("base.user_admin"))
        return Wizard.with_context(active_model="res.partner", active_ids=partners.ids).create(values)

    def both(self, **values):
        return self.wizard(self.partner | self.other_partner, dst_partner_id=self.partner.id, **values)

    def test_it_asks_which_login_stays(self):
        wizard = self.both()
        self.assertTrue(wizard.has_several_logins)
        self.assertEqual(wizard.portal_login_ids, self.user | self.other_user)
        self.other_user.active = False
        names = wizard.portal_login_ids.with_context(portal_access_show_login=True).mapped("display_name")
        self.assertCountEqual(
            names, ["customer 0 (customer0@pae.example)", "customer 1 (customer1@pae.example, archived)"]
        )
        with self.assertRaisesRegex(UserError, "customer0@pae.example, customer1@pae.example"):
            wizard.action_merge()
        self.assertTrue(self.other_partner.exists())

    def test_the_form_insists_on_an_answer(self):
        with Form(self.both()) as form:
            self.assertTrue(form._get_modifier("portal_login_id", "required"))
            form.portal_login_id = self.other_user
        one = self.wizard(self.partner | self.partners[2])
        self.assertFalse(one.has_several_logins)

    def test_the_login_that_stays_works_on_and_the_other_is_revoked(self):
        self.both(portal_login_id=self.other_user.id).action_merge()
        self.assertFalse(self.other_partner.exists())
        self.assertEqual(self.other_user.partner_id, self.partner)
        self.assertTrue(self.other_user.active)
        self.assertEqual(self.secrets_of(self.other_user)[2:], (1, 1))
        self.assertEqual(self.user.partner_id, self.partner, "what it did stays with the contact")
        self.assertNothingWorks(self.user)
        event = self.events_of(self.partner).filtered(lambda event: event.kind == "revoked")
        self.assertEqual((event.user_id, event.actor_id), (self.user, self.env.ref("base.user_admin")))
        self.assertIn("customer1@pae.example", event.details)

    def test_an_archived_login_is_no_obstacle(self):
        self.as_manager(self.other_partner).portal_access_revoke()
        self.both(portal_login_id=self.user.id).action_merge()
        self.assertTrue(self.user.active)
        self.assertFalse(self.other_user.active)
        self.assertEqual(self.other_user.partner_id, self.partner)
        revoked = self.events_of(self.partner).filtered(lambda event: event.kind == "revoked")
        self.assertEqual(len(revoked), 1, "it was over before")

    def test_an_employees_account_is_never_given_up(self):
        internal = self.employee.partner_id
        internal.email = self.partner.email
        wizard = self.wizard(internal | self.partner, dst_partner_id=self.partner.id)
        self.assertEqual(wizard.portal_login_ids, self.employee)
        wizard.portal_login_id = self.user
        with self.assertRaisesRegex(UserError, "internal user"):
            wizard.action_merge()
        wizard.portal_login_id = self.employee
        wizard.action_merge()
        self.assertEqual((self.employee.active, self.employee.partner_id), (True, self.partner))
        self.assertNothingWorks(self.user)

    def test_merging_contacts_with_one_login_is_as_before(self):
        self.partners[2].email = self.partner.email
        self.wizard(self.partner | self.partners[2], dst_partner_id=self.partners[2].id).action_merge()
        self.assertEqual(self.user.partner_id, self.partners[2])
        self.assertTrue(self.user.active)
        self.assertFalse(self.events_of(self.partners[2]).filtered(lambda event: event.kind == "revoked"))

    def test_who_merges_gives_up_no_login_of_a_company_that_is_not_selected(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        self.other_user.write({"company_ids": [Command.set(company.ids)], "company_id": company.id})
        for is_active in (True, False):
            self.other_user.active = is_active
            wizard = self.both(portal_login_id=self.user.id)
            here = wizard.with_user(self.manager_who_merges()).with_context(
                allowed_company_ids=self.env.company.ids, active_model="res.partner"
            )
            with self.subTest(is_active=is_active):
                with self.assertRaisesRegex(UserError, r"\(another user\).*not selected"):
                    here._merge((self.partner | self.other_partner).ids, self.partner)
                here.portal_login_id = False
                with self.assertRaisesRegex(UserError, "several logins: customer0@pae.example, another user"):
                    here._merge((self.partner | self.other_partner).ids, self.partner)
        self.other_user.active = True
        self.assertEqual(self.secrets_of(self.other_user)[2:], (1, 1))
        wizard = self.both(portal_login_id=self.user.id)
        wizard.with_context(allowed_company_ids=(self.env.company | company).ids).with_user(
            self.env.ref("base.user_root")
        )._merge((self.partner | self.other_partner).ids, self.partner)
        self.assertNothingWorks(self.other_user)

    def manager_who_merges(self):
        groups = "base.group_user,base.group_partner_manager"
        if "website" in self.env:
            groups += ",website.group_website_designer"
        user = self.env["res.users"].search([("login", "=", "pae_merger")])
        return user or mail_new_test_user(self.env, login="pae_merger", groups=groups)

    def test_the_link_of_an_open_invitation_survives(self):
        """Whether one contact has a login or both."""
        [invited, plain] = self.make_partners(2, "invited")
        plain.email = invited.email
        self.grant(invited)
        token = invited.sudo().signup_token
        valid_until = self.invitations_of(invited).valid_until
        self.wizard(invited | plain, dst_partner_id=plain.id).action_merge()
        plain = plain.browse(plain.id)  # not with the one that is gone
        self.assertEqual((plain.sudo().signup_token, plain.sudo().signup_type), (token, "signup"))
        self.assertEqual(plain.sudo().signup_expiration, valid_until)
        self.wizard(
            plain | self.partner, dst_partner_id=self.partner.id, portal_login_id=plain.user_ids.id
        ).action_merge()
        self.assertEqual(self.partner.browse(self.partner.id).sudo().signup_token, token)
        self.env["res.users"].signup({"password": "a fine password"}, token)
        self.assertIn("accepted", self.invitations_of(self.partner).mapped("state"))

    def test_a_link_of_the_contact_that_stays_works_on(self):
        self.partners[2].email = self.partner.email
        self.partners[2].sudo().signup_prepare()
        token = self.partners[2].sudo().signup_token
        self.wizard(self.partner | self.partners[2], dst_partner_id=self.partners[2].id).action_merge()
        self.assertEqual(self.partners[2].sudo().signup_token, token)
