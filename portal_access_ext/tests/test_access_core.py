from unittest.mock import patch

from odoo.api import Environment
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import PortalAccessCase

CORE_LOGGER = "odoo.addons.portal_access_ext.models.res_partner"


@tagged("post_install", "-at_install")
class TestAccessCore(PortalAccessCase):
    """Granting, inviting and revoking: many contacts, one result each."""

    def outcomes(self, results):
        return [result["outcome"] for result in results]

    # Grant

    def test_granting_makes_portal_users_with_the_email_as_login(self):
        users = self.grant(self.partners)
        self.assertEqual(users.mapped("login"), self.partners.mapped("email"))
        for user in users:
            self.assertTrue(user.active)
            self.assertTrue(user.has_group("base.group_portal"))
            self.assertFalse(user.has_group("base.group_public"))
            self.assertTrue(user.share)

    def test_users_are_made_in_the_contacts_company_and_keep_its_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        company = self.manager.company_id
        self.manager.company_ids |= self.company_2
        self.partners[1].company_id = self.company_2
        self.partners.lang = "fr_FR"
        contacts = self.as_manager(self.partners).with_company(company)
        contacts.portal_access_grant()
        users = self.users_of(self.partners)
        companies = {user.partner_id: user.company_id for user in users}
        self.assertEqual(companies[self.partners[1]], self.company_2)
        self.assertEqual(companies[self.partners[0]], company)
        self.assertEqual(users[1].company_ids, users[1].company_id)
        self.assertEqual(set(users.mapped("lang")), {"fr_FR"})

    def test_each_contact_gets_a_result_in_the_order_asked(self):
        self.partners[1].email = "nonsense"
        partners = self.partners[::-1]
        results = self.as_manager(partners).portal_access_grant()
        self.assertEqual([result["partner_id"] for result in results], partners.ids)
        self.assertEqual(self.outcomes(results), ["granted", "refused", "granted"])
        self.assertIn("not a valid", results[1]["reason"])
        self.assertEqual([bool(result["user_id"]) for result in results], [True, False, True])

    def test_a_contact_that_fails_in_some_module_does_not_stop_the_others(self):
        partners = self.make_partners(9, "half")
        Users = self.env.registry["res.users"]
        create = Users.create

        def fussy_create(self, vals_list):
            if any(vals["partner_id"] in (partners[2].id, partners[7].id) for vals in vals_list):
                raise ValidationError("Not this one!")  # pylint: disable=translation-required
            return create(self, vals_list)

        with patch.object(Users, "create", fussy_create):
            results = self.as_manager(partners).portal_access_grant()
        refused = [result for result in results if result["outcome"] == "refused"]
        self.assertEqual([result["partner_id"] for result in refused], (partners[2] | partners[7]).ids)
        self.assertEqual(refused[0]["reason"], "Not this one!")
        self.assertEqual(len(self.users_of(partners)), 7)
        self.assertEqual(len(self.invitations_of(partners)), 7, "nothing is left of the bad ones")
        self.assertFalse(partners[2].sudo().signup_token)

    @mute_logger(CORE_LOGGER)
    def test_a_bug_in_some_module_is_told_and_logged(self):
        Users = self.env.registry["res.users"]
        with patch.object(Users, "create", side_effect=KeyError("oops")):
            [result] = self.as_manager(self.partner).portal_access_grant()
        self.assertEqual(result["outcome"], "refused")
        self.assertIn("oops", result["reason"])

    def test_typed_emails_become_the_contacts_email(self):
        self.partner.email = False
        # RPC clients send the ids as text.
        results = self.as_manager(self.partner).portal_access_grant({str(self.partner.id): "Typed@PAE.example"})
        self.assertEqual(self.outcomes(results), ["granted"])
        self.assertEqual(self.partner.email, "typed@pae.example")
        self.assertEqual(self.users_of(self.partner).login, "typed@pae.example")

    def test_a_refused_row_keeps_the_contacts_email(self):
        self.grant(self.partners[1])
        results = self.as_manager(self.partner).portal_access_grant({self.partner.id: self.partners[1].email})
        self.assertEqual(self.outcomes(results), ["refused"])
        self.assertEqual(self.partner.email, "customer0@pae.example")

    def test_granting_twice_is_refused_and_makes_nothing(self):
        self.grant(self.partner)
        [result] = self.as_manager(self.partner).portal_access_grant()
        self.assertEqual(result["outcome"], "refused")
        self.assertIn("already", result["reason"])
        self.assertEqual(len(self.users_of(self.partner)), 1)
        self.assertEqual(len(self.invitations_of(self.partner)), 1)

    def test_a_re_grant_takes_up_the_user_again(self):
        user = self.grant(self.partner)
        self.as_manager(self.partner).portal_access_revoke()
        self.assertEqual(self.grant(self.partner), user)
        self.assertTrue(user.active)
        self.assertTrue(user.has_group("base.group_portal"))

    def test_an_internal_user_is_never_touched(self):
        partner = self.employee.partner_id
        groups = self.employee.groups_id
        for method in ("portal_access_grant", "portal_access_invite", "portal_access_revoke"):
            [result] = getattr(self.as_manager(partner), method)()
            self.assertEqual((result["verdict"], result["outcome"]), ("internal", "refused"))
        self.assertEqual(self.employee.groups_id, groups)
        self.assertTrue(self.employee.active)

    def test_one_note_is_written_per_change(self):
        before = self.partner.message_ids
        self.grant(self.partner)
        notes = self.partner.message_ids - before
        self.assertEqual(len(notes), 1)
        self.assertIn("Portal Access Granted (customer0@pae.example)", notes.body)
        self.as_manager(self.partner).portal_access_revoke()
        self.assertEqual(len(self.partner.message_ids - before), 2)

    def test_the_notes_of_many_are_like_the_note_of_one(self):
        self.partners[1].name = "<b>&'"
        self.partners.email = False
        emails = {partner.id: f"o'hara+{partner.id}@pae.example" for partner in self.partners}
        self.as_manager(self.partners).portal_access_grant(emails)
        notes = [partner.message_ids[0] for partner in self.partners]
        values = [note.read()[0] for note in notes]
        for partner, note in zip(self.partners, notes, strict=True):
            self.assertEqual(note.res_id, partner.id)
            self.assertIn(f"o'hara+{partner.id}@pae.example", note.body)
        self.partners._portal_access_log("o'hara <b>&")
        bodies = {partner.message_ids[0].body.partition(" (")[0] for partner in self.partners}
        self.assertEqual(bodies, {"<p>o'hara &lt;b&gt;&amp;"}, "Odoo makes the first, and we make the others alike")
        own = {"id", "res_id", "body", "preview", "display_name", "record_name", "message_id"}
        self.assertEqual(len({note["message_id"] for note in values}), 3)
        for other in values[1:]:
            differing = {name for name in other if other[name] != values[0][name]}
            self.assertLessEqual(differing, own)

    def test_without_a_template_user_each_contact_says_so(self):
        self.env["ir.config_parameter"].set_param("base.template_portal_user_id", "False")
        results = self.as_manager(self.partners).portal_access_grant()
        self.assertEqual(set(self.outcomes(results)), {"refused"})
        self.assertIn("template", results[0]["reason"])
        for value in ("abc", "5 6", "[5]", "'5'", "True", ""):
            self.env["ir.config_parameter"].set_param("base.template_portal_user_id", value)
            [result] = self.as_manager(self.partner).portal_access_grant()
            with self.subTest(value=value):
                self.assertIn("There is no template for portal users", result["reason"])

    # Invite

    def test_inviting_again_replaces_the_open_invitation_and_keeps_the_link(self):
        self.grant(self.partner)
        token = self.partner.sudo().signup_token
        [result] = self.as_manager(self.partner).portal_access_invite(message="Again")
        self.assertEqual(result["outcome"], "invited")
        self.assertEqual(self.invitations_of(self.partner).mapped("state"), ["cancelled", "queued"])
        self.partner.invalidate_recordset()
        self.assertEqual(self.partner.sudo().signup_token, token, "an earlier mail's link keeps working")

    def test_inviting_to_another_address_ends_the_link_of_the_first_mail(self):
        self.grant(self.partner)
        token = self.partner.sudo().signup_token
        self.as_manager(self.partner).portal_access_invite({self.partner.id: "right@pae.example"})
        self.partner.invalidate_recordset()
        self.assertNotEqual(self.partner.sudo().signup_token, token)
        self.assertEqual(self.invitations_of(self.partner)[-1].email, "right@pae.example")

    def test_inviting_needs_access_and_a_usable_email(self):
        [result] = self.as_manager(self.partner).portal_access_invite()
        self.assertEqual(result["outcome"], "refused")
        self.assertIn("Grant it first", result["reason"])
        self.grant(self.partner)
        self.partner.email = "nonsense"
        [result] = self.as_manager(self.partner).portal_access_invite()
        self.assertEqual(result["outcome"], "refused")
        self.assertIn("not a valid", result["reason"])

    # Revoke

    def test_revoking_takes_everything_at_once(self):
        user = self.grant(self.partner)
        token_before = user._compute_session_token("some-session")
        self.as_manager(self.partner).portal_access_revoke()
        self.partner.invalidate_recordset()
        self.assertFalse(user.active)
        self.assertIn(self.env.ref("base.group_public"), user.groups_id)
        self.assertNotIn(self.env.ref("base.group_portal"), user.groups_id)
        self.assertNotEqual(user._compute_session_token("some-session"), token_before, "open sessions end")
        self.assertFalse(self.partner.sudo().signup_token)
        self.assertEqual(self.invitations_of(self.partner).state, "cancelled")

    def test_revoking_says_who_had_nothing_to_revoke(self):
        self.grant(self.partners[:2])
        results = self.as_manager(self.partners).portal_access_revoke()
        self.assertEqual(self.outcomes(results), ["revoked", "revoked", "refused"])

    def test_a_revoked_contact_gets_no_token_from_other_code(self):
        self.grant(self.partner)
        self.as_manager(self.partner).portal_access_revoke()
        self.partner.sudo().signup_prepare()
        self.assertFalse(self.partner.sudo().signup_token)

    def test_revoking_takes_all_portal_users_of_a_contact(self):
        self.grant(self.partner)
        second = self.env["res.users"].create(
            {
                "login": "second@pae.example",
                "partner_id": self.partner.id,
                "groups_id": [(6, 0, self.env.ref("base.group_portal").ids)],
            }
        )
        self.as_manager(self.partner).portal_access_revoke()
        self.assertFalse(second.active)
        self.assertEqual(set(self.users_of(self.partner).mapped("active")), {False})

    def test_a_user_archived_elsewhere_loses_link_and_invitation_too(self):
        users = self.grant(self.partners[:2])
        tokens = self.partners.sudo().mapped("signup_token")
        users[0].write({"active": 0})
        users[1].unlink()
        self.partners.invalidate_recordset()
        self.assertFalse(any(self.partners[:2].sudo().mapped("signup_token")))
        self.assertEqual(set(self.invitations_of(self.partners).mapped("state")), {"cancelled"})
        for token in tokens[:2]:
            with self.assertRaises(UserError):
                self.env["res.users"].signup({"login": "thief@pae.example", "password": "a password"}, token)
        self.assertFalse(self.env["res.users"].search([("login", "=", "thief@pae.example")]))

    def test_a_token_that_survived_on_a_revoked_contact_is_not_taken(self):
        self.grant(self.partner)
        self.as_manager(self.partner).portal_access_revoke()
        self.env.cr.execute(
            "UPDATE res_partner SET signup_token = 'old', signup_type = 'signup' WHERE id = %s", self.partner.ids
        )
        with self.assertRaises(UserError):
            self.env["res.users"].signup({"login": "thief@pae.example", "password": "a password"}, "old")

    def test_a_failure_of_the_last_flush_stops_only_its_own_contact(self):
        partners = self.make_partners(4, "flush")
        flush_all = Environment.flush_all

        def fussy_flush(env):
            flush_all(env)
            env.cr.execute("SELECT FROM res_users WHERE partner_id = %s", [partners[2].id])
            if env.cr.rowcount:
                raise ValidationError("Not this one!")  # pylint: disable=translation-required

        with patch.object(Environment, "flush_all", fussy_flush):
            results = self.as_manager(partners).portal_access_grant()
        self.assertEqual(self.outcomes(results), ["granted", "granted", "refused", "granted"])
        self.assertEqual([bool(result["user_id"]) for result in results], [True, True, False, True])

    def test_an_account_in_use_is_not_invited_elsewhere_by_a_contact_manager(self):
        user = self.grant(self.partner)
        user.password = "a fine password"
        self.env.flush_all()
        [result] = self.as_manager(self.partner).portal_access_invite({self.partner.id: "mine@pae.example"})
        self.assertEqual(result["outcome"], "refused")
        self.assertIn("in use", result["reason"])
        self.assertEqual(self.as_manager(self.partner).portal_access_invite()[0]["outcome"], "invited")
        self.manager.groups_id |= self.env.ref("base.group_erp_manager")
        [result] = self.as_manager(self.partner).portal_access_invite({self.partner.id: "new@pae.example"})
        self.assertEqual(result["outcome"], "invited")

    def test_a_changed_email_is_told_in_the_chatter_and_the_ledger(self):
        self.as_manager(self.partner).portal_access_grant({self.partner.id: "typed@pae.example"})
        self.assertIn("customer0@pae.example", self.partner.message_ids[0].body)
        self.assertIn("typed@pae.example", self.partner.message_ids[0].body)
        self.assertEqual(self.events_of(self.partner)[-1].details, "typed@pae.example")

    # Ledger

    def test_the_ledger_tells_who_did_what(self):
        user = self.grant(self.partner)
        self.as_manager(self.partner).portal_access_revoke()
        events = self.events_of(self.partner)
        self.assertEqual(events.mapped("kind"), ["granted", "invited", "revoked"])
        self.assertEqual(events.actor_id, self.manager)
        self.assertEqual(events.user_id, user)
        self.assertEqual(set(events.mapped("login")), {"customer0@pae.example"})

    def test_the_ledger_keeps_its_rows_when_user_and_contact_are_deleted(self):
        user = self.grant(self.partner)
        events = self.events_of(self.partner)
        user.unlink()
        self.partner.unlink()
        events.invalidate_recordset()
        self.assertEqual(len(events.exists()), 2)
        self.assertFalse(events.partner_id)
        self.assertEqual(set(events.mapped("partner_name")), {"customer 0"})
