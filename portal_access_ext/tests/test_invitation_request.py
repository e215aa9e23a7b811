import re
from datetime import timedelta
from unittest.mock import patch

from odoo import fields, http
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.mail.tests.common import mail_new_test_user

from ..models.res_partner_request import REQUESTS_PER_ADDRESS, REQUESTS_PER_CONTACT
from .test_invitation_life import InvitationCase

ROUTE = "/portal_access/invitation/request"


@tagged("post_install", "-at_install")
class TestInvitationRequest(InvitationCase, HttpCase):
    """A customer whose link does not work asks for a new one; nobody else learns or gets anything."""

    def setUp(self):
        super().setUp()
        self.invitation = self.invite(self.partner)
        self.user = self.users_of(self.partner)
        self.token = self.token_of(self.partner)
        self.authenticate(None, None)

    def ask(self, token, fresh=True, **values):
        """Press the button; return the answer without what differs between any two pages."""
        if fresh:
            self.forget_attempts()
        self.env.flush_all()
        data = {"token": token, "lang": "en_US", "csrf_token": http.Request.csrf_token(self), **values}
        response = self.url_open(ROUTE, data=data)
        self.assertEqual(response.status_code, 200)
        self.env.invalidate_all()
        return re.sub(r'csrf_token: "\w+"|[\w]{40}o\d+', "", response.text)

    def forget_attempts(self):
        self.env.cr.execute("DELETE FROM portal_access_limit")

    def expire(self):
        past = fields.Datetime.now() - timedelta(days=1)
        self.invitation.valid_until = self.partner.sudo().signup_expiration = past
        self.env.flush_all()

    def asked_count(self, partner=None):
        """:return int: how many invitations were made but for the first"""
        return len(self.invitations_of(partner or self.partner)) - 1

    def test_an_expired_link_gets_a_new_invitation_from_the_same_inviter(self):
        self.expire()
        page = self.ask(self.token)
        self.assertIn("Please look into your mailbox.", page)
        old, new = self.invitations_of(self.partner)
        self.assertEqual((old.status, old.cancel_reason, new.status), ("cancelled", "replaced", "queued"))
        self.assertEqual((new.inviter_id, new.email), (self.manager, self.partner.email))
        self.assertNotEqual(self.token_of(self.partner), self.token, "the old link stays dead")
        event = self.events_of(self.partner)[-1]
        self.assertEqual((event.kind, event.actor_id, event.user_id), ("invited", self.user, self.user))
        self.assertTrue(event.ip_address)
        self.assertFalse(new._get_mails(), "the mail is for the cron")

    def test_the_new_link_takes_a_password(self):
        self.expire()
        self.ask(self.token)
        self.env["res.users"].signup({"password": "a fine password"}, self.token_of(self.partner))
        self.assertEqual(self.invitations_of(self.partner)[-1].status, "accepted")

    def test_every_answer_is_the_same_to_the_byte(self):
        partners = self.make_partners(5, "same")
        used, replaced, cancelled, revoked, no_email = self.invite(partners)
        tokens = {"valid": self.token}
        for name, invitation in (
            ("used", used),
            ("replaced", replaced),
            ("cancelled", cancelled),
            ("revoked", revoked),
            ("no email", no_email),
        ):
            tokens[name] = self.token_of(invitation.partner_id)
        self.env["res.users"].signup({"password": "a fine password"}, tokens["used"])
        replaced.partner_id.email = "elsewhere@pae.example"
        self.as_manager(replaced.partner_id).portal_access_invite()
        self.as_manager(cancelled).action_cancel()
        self.as_manager(revoked.partner_id).portal_access_revoke()
        no_email.partner_id.email = False
        internal = self.employee.partner_id
        internal.sudo().signup_prepare()
        visitor = self.env["res.partner"].create({"name": "A lead"})
        visitor.sudo().signup_prepare()
        tokens |= {
            "internal": self.token_of(internal),
            "no user": self.token_of(visitor),
            "unknown": "nonsense",
            "empty": "",
            "NUL": "a\x00b",
            "long": "x" * 100_000,
            "strange": "ü\U0001f600\\x'\"%s",
        }
        pages = {name: self.ask(token) for name, token in tokens.items()}
        pages["limited"] = None
        for _attempt in range(REQUESTS_PER_ADDRESS[0] + 1):
            pages["limited"] = self.ask(self.token, fresh=False)
        for name, page in pages.items():
            self.assertEqual(page, pages["unknown"], name)
        asked = {
            "valid": self.partner,
            "used": used.partner_id,
            "cancelled": cancelled.partner_id,
        }
        for name, partner in asked.items():
            self.assertGreaterEqual(self.asked_count(partner), 1, name)
        self.assertEqual(len(self.invitations_of(replaced.partner_id)), 3)
        for partner in (revoked.partner_id, no_email.partner_id):
            self.assertEqual(self.asked_count(partner), 0, partner.name)
        for partner in (internal, visitor):
            self.assertFalse(self.invitations_of(partner), partner.name)
        self.assertFalse(self.users_of(revoked.partner_id).active)

    def test_a_revoked_contact_gets_nothing(self):
        self.as_manager(self.partner).portal_access_revoke()
        self.ask(self.token)
        self.assertEqual(self.asked_count(), 0)
        self.assertFalse(self.token_of(self.partner))

    def test_a_contact_gets_three_a_day(self):
        for _attempt in range(5):
            self.ask(self.token, fresh=False)
        self.assertEqual(self.asked_count(), REQUESTS_PER_CONTACT[0])
        # Under whichever of its links.
        self.ask(self.token_of(self.partner), fresh=False)
        self.assertEqual(self.asked_count(), REQUESTS_PER_CONTACT[0])
        yesterday = fields.Datetime.now() - timedelta(seconds=1)
        self.env.cr.execute("UPDATE portal_access_limit SET ends_on = %s", [yesterday])
        self.ask(self.token, fresh=False)
        self.assertEqual(self.asked_count(), REQUESTS_PER_CONTACT[0] + 1)

    def test_one_network_address_gets_thirty_an_hour(self):
        for _attempt in range(REQUESTS_PER_ADDRESS[0]):
            self.ask("nonsense", fresh=False)
        self.ask(self.token, fresh=False)
        self.assertEqual(self.asked_count(), 0)

    def test_a_used_link_changes_nothing_but_sends_a_mail_to_the_registered_address(self):
        self.env["res.users"].signup({"password": "a fine password"}, self.token)
        self.env.cr.execute("SELECT password FROM res_users WHERE id = %s", self.user.ids)
        before = self.env.cr.fetchone()
        session_token = self.user._compute_session_token("x")
        self.ask(self.token)
        self.env.cr.execute("SELECT password FROM res_users WHERE id = %s", self.user.ids)
        self.assertEqual(self.env.cr.fetchone(), before)
        self.assertEqual(self.user._compute_session_token("x"), session_token)
        new = self.invitations_of(self.partner)[-1]
        self.assertEqual((new.status, new.email), ("queued", "customer0@pae.example"))
        self.assertNotEqual(self.token_of(self.partner), self.token)

    def test_an_account_in_use_is_not_sent_to_an_address_that_is_not_its_login(self):
        """Every contact manager can write the email of a contact, and must not get its account so."""
        self.env["res.users"].signup({"password": "a fine password"}, self.token)
        self.partner.email = "spy@pae.example"
        self.ask(self.token)
        self.assertEqual(self.asked_count(), 0)

    def test_a_link_that_works_is_kept(self):
        self.ask(self.token)
        self.assertEqual(self.asked_count(), 1)
        self.assertEqual(self.token_of(self.partner), self.token)

    def test_without_the_inviter_the_system_invites(self):
        self.manager.active = False
        self.ask(self.token)
        self.assertEqual(self.invitations_of(self.partner)[-1].inviter_id, self.env.ref("base.user_root"))

    def test_a_file_or_two_tokens_instead_of_one_are_no_traceback(self):
        self.env.flush_all()
        data = {"csrf_token": http.Request.csrf_token(self)}
        for name in ("token", "lang"):
            response = self.opener.post(self.base_url() + ROUTE, data=data, files={name: ("x.txt", b"x")})
            self.assertEqual(response.status_code, 200, name)
            self.assertIn("Please look into your mailbox.", response.text)
        response = self.opener.post(self.base_url() + ROUTE, data=[*data.items(), ("token", "a"), ("token", "b")])
        self.assertEqual(response.status_code, 200)
        for route in ("signup", "reset_password"):
            response = self.opener.post(f"{self.base_url()}/web/{route}", data=data, files={"token": ("x.txt", b"x")})
            self.assertEqual(response.status_code, 200, route)
            self.assertIn('data-problem="invalid"', response.text)

    @mute_logger("odoo.http")
    def test_nothing_happens_without_a_csrf_token_or_by_get(self):
        self.env.flush_all()
        response = self.url_open(ROUTE, data={"token": self.token})
        self.assertEqual(response.status_code, 400)
        response = self.url_open(f"{ROUTE}?token={self.token}", allow_redirects=False)
        self.assertEqual(response.status_code, 303)
        self.assertTrue(response.headers["Location"].endswith("/web/login"))
        self.assertEqual(self.asked_count(), 0)

    @mute_logger("odoo.addons.portal_access_ext.models.res_partner")
    def test_an_error_is_answered_the_same_and_logged(self):
        Partner = type(self.env["res.partner"])
        unknown = self.ask("nonsense")
        with patch.object(Partner, "_portal_access_make_invitations", side_effect=ValueError("broken")):
            self.assertEqual(self.ask(self.token), unknown)
        self.assertEqual(self.asked_count(), 0)

    def test_anybody_may_ask_and_only_the_links_own_contact_is_invited(self):
        portal = mail_new_test_user(self.env, login="pae_portal", groups="base.group_portal")
        for login in (None, portal.login, self.employee.login, self.manager.login):
            if login:
                self.env["res.users"].search([("login", "=", login)]).password = login
            self.authenticate(login, login)
            self.ask(self.token)
        self.assertEqual(self.asked_count(), 4)
        self.assertEqual({i.inviter_id for i in self.invitations_of(self.partner)}, {self.manager})
        self.assertFalse(self.invitations_of(portal.partner_id))


@tagged("post_install", "-at_install")
class TestLinkProblemPage(InvitationCase, HttpCase):
    """The page of a link that does not work, in the customer's language."""

    def setUp(self):
        super().setUp()
        self.env["res.lang"]._activate_lang("fr_FR")
        if "website" in self.env:
            french = self.env["res.lang"]._lang_get("fr_FR")
            self.env["website"].search([]).language_ids |= french
        for view, english, french in (
            ("link_problem", "Send me a new invitation", "Envoyez-moi une nouvelle invitation"),
            ("invitation_requested", "Please look into your mailbox.", "Regardez dans votre boîte."),
        ):
            self.translate(self.env.ref(f"portal_access_ext.{view}"), english, french)
        self.invitation = self.invite(self.partner)
        self.token = self.token_of(self.partner)
        self.partner.lang = "fr_FR"
        self.authenticate(None, None)

    def translate(self, view, english, french):
        """Put what this test looks for in the place of a term's translation, or of the term where it has none."""
        archs = {lang: view.with_context(lang=lang).arch_db for lang in ("en_US", "fr_FR")}
        terms = view._fields["arch_db"].get_translation_dictionary(archs["en_US"], archs)
        view.update_field_translations("arch_db", {"fr_FR": {terms[english]["fr_FR"]: french}})

    def open_link(self, route="signup", token=None):
        self.env.flush_all()
        response = self.url_open(f"/web/{route}?token={token or self.token}")
        self.assertEqual(response.status_code, 200)
        return response.text

    def expire(self):
        self.partner.sudo().signup_expiration = fields.Datetime.now() - timedelta(days=1)

    def test_a_known_link_speaks_the_contacts_language(self):
        self.expire()
        page = self.open_link()
        self.assertIn('data-problem="expired"', page)
        self.assertIn("Envoyez-moi une nouvelle invitation", page)
        self.assertIn('name="lang" value="fr_FR"', page)
        self.assertIn('lang="fr-FR"', page)

    def test_a_used_and_a_replaced_link_speak_it_too(self):
        self.env["res.users"].signup({"password": "a fine password"}, self.token)
        self.assertIn("Envoyez-moi une nouvelle invitation", self.open_link())
        self.as_manager(self.partner).portal_access_revoke()
        page = self.open_link()
        self.assertIn('data-problem="invalid"', page)
        self.assertIn("Envoyez-moi une nouvelle invitation", page)

    def test_an_unknown_link_speaks_the_visitors_language(self):
        self.assertIn("Send me a new invitation", self.open_link(token="nonsense"))
        self.opener.cookies["frontend_lang"] = "fr_FR"
        self.assertIn("Envoyez-moi une nouvelle invitation", self.open_link(token="nonsense"))

    def test_the_answer_is_in_the_language_of_the_page(self):
        self.expire()
        self.env.flush_all()
        for token in (self.token, "nonsense"):
            for lang, text in (
                ("fr_FR", "Regardez dans votre boîte."),
                ("en_US", "Please look into your mailbox."),
                ("xx_XX", "Please look into your mailbox."),
                ("", "Please look into your mailbox."),
            ):
                data = {"token": token, "lang": lang, "csrf_token": http.Request.csrf_token(self)}
                self.assertIn(text, self.url_open(ROUTE, data=data).text, (token, lang))

    def test_a_language_that_is_not_there_any_more_is_no_error(self):
        self.expire()
        self.env.flush_all()
        self.env.cr.execute("UPDATE res_partner SET lang = 'ja_JP' WHERE id = %s", self.partner.ids)
        self.env.invalidate_all()
        self.assertIn("Send me a new invitation", self.open_link())

    def test_an_employee_is_offered_no_invitation(self):
        self.employee.partner_id.sudo().signup_prepare(
            signup_type="reset", expiration=fields.Datetime.now() - timedelta(days=1)
        )
        page = self.open_link("reset_password", self.token_of(self.employee.partner_id))
        self.assertIn('data-problem="expired"', page)
        self.assertNotIn("o_portal_access_request", page)

    def test_opening_the_page_sends_nothing(self):
        self.expire()
        self.open_link()
        self.assertEqual(len(self.invitations_of(self.partner)), 1)
