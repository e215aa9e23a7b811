from html import escape

from odoo import Command, _, _lt, models
from odoo.tools import SQL, email_normalize, generate_tracking_message_id

from .portal_access_context import AT_WORK, QUIET


class ResPartner(models.Model):
    """What the core does: grant, invite, revoke. Its callers have checked the rights, and locked the contacts.

    Each returns two dictionaries by contact id: the verdicts before, and (outcome, reason).
    """

    _inherit = "res.partner"

    def write(self, vals):
        """Skip what changes nothing while users are made in batch.

        `res.users.create` writes `active` and `company_id` on each contact once more, one by one, at
        three queries each.
        """
        if (
            self.env.context.get("portal_access_batch") is AT_WORK
            and vals.keys() <= {"active", "company_id"}
            and all(
                self._fields[name].convert_to_write(partner[name], partner) == value
                for partner in self
                for name, value in vals.items()
            )
        ):
            return True
        return super().write(vals)

    # -------------------------------------------------------------------------
    # Grant
    # -------------------------------------------------------------------------

    def _portal_access_grant(self, emails=None, message=None, send_now=False, ends=None):
        """See :meth:`portal_access_grant`.

        :param bool send_now: send the mails right after the commit instead of by the cron
        :param dict ends: the last day of access by contact id; the others keep the one they have
        """
        verdicts = self._portal_access_verdicts(emails)
        outcomes = {partner_id: ("refused", verdict.reason) for partner_id, verdict in verdicts.items()}
        ready = self.filtered(lambda partner: verdicts[partner.id].is_grantable)
        granted = ("granted", _("Access granted. The invitation is on its way."))
        for company, partners in ready.grouped(lambda partner: partner.company_id or self.env.company).items():

            def grant(contacts, company=company):
                old_emails = contacts._portal_access_save_emails(verdicts)
                users = contacts._portal_access_make_users(verdicts, company)
                self.env["portal.access.event"]._record("granted", users)
                contacts._portal_access_start_ends(ends or {})
                contacts._portal_access_log_granted(old_emails)
                contacts._portal_access_make_invitations(users, message, send_now)
                return dict.fromkeys(contacts.ids, granted)

            partners._portal_access_in_halves(grant, outcomes)
        return verdicts, outcomes

    def _portal_access_save_emails(self, verdicts):
        """Save addresses typed by the administrator on the contacts, as the stock dialog does.

        Superuser: that these contacts may be written was checked for all of them by the verdicts.

        :return dict: the earlier email of those that changed, by contact id
        """
        # Read at once what `write` looks at: assignment reads it contact by contact.
        partners = self.sudo().with_context(**QUIET)
        partners.mapped("user_ids")
        partners.mapped("child_ids")
        old_emails = {}
        for partner in partners:
            email = verdicts[partner.id].email
            if email and email_normalize(partner.email) != email:
                old_emails[partner.id] = partner.email
                partner.email = email
        return old_emails

    def _portal_access_save_typed_emails(self, verdicts):
        """Save typed addresses, and nothing else.

        :return dict: (outcome, reason) by contact id
        """
        outcomes = {}
        saved = ("saved", _("The contact's email was saved."))

        def save(contacts):
            old_emails = contacts._portal_access_save_emails(verdicts)
            contacts.browse(old_emails)._portal_access_log(_lt("Email changed"), old_emails)
            return dict.fromkeys(contacts.ids, saved)

        self._portal_access_in_halves(save, outcomes)
        return outcomes

    def _portal_access_make_users(self, verdicts, company):
        """Make the contacts' users, or take up those they have, as portal users.

        Who had access before starts again like a new user: with the current email as login, and
        without anything that worked before.

        :return: the users, as superuser
        """
        # Contact managers can't write users; what is written is decided here, not by them.
        Users = self.env["res.users"].sudo().with_context(**QUIET, active_test=False).with_company(company)
        group_portal, group_public = self.env.ref("base.group_portal"), self.env.ref("base.group_public")
        logins = {verdicts[partner.id].user_id: verdicts[partner.id].email for partner in self}
        logins.pop(False, None)
        known = Users.browse(logins)
        if known:
            known._portal_access_start_again(logins)
            known.write({"active": True, "groups_id": [Command.link(group_portal.id), Command.unlink(group_public.id)]})
        new_partners = self.filtered(lambda partner: not verdicts[partner.id].user_id)
        if not new_partners:
            return known
        template_values = Users._get_portal_user_values(company)
        # Without `email`, which the contact has: writing it again costs queries for each. The groups
        # go in as a default: among the values, Odoo makes a user in memory for each to complete them.
        groups = template_values.pop("groups_id")
        created = Users.with_context(default_groups_id=groups).create(
            [
                {**template_values, "login": verdicts[partner.id].email, "partner_id": partner.id}
                for partner in new_partners
            ]
        )
        return known | created.with_env(known.env)

    def _portal_access_log(self, title, old_emails=None):
        """Write one note in the chatter of each contact, as `mail` does when the portal group changes.

        :param title: what happened, a lazy text (`_lt`): notes are in the company's language
        :param dict old_emails: the earlier email of the contacts whose email changed with it
        """
        self = self._portal_access_for_employees()
        title = str(title)
        old_emails = old_emails or {}
        bodies = {}
        for partner in self:
            bodies[partner.id] = f"{title} ({partner.email})" if partner.email else title
            if partner.id in old_emails:
                bodies[partner.id] = _(
                    "%(title)s (%(email)s, the email was %(old_email)s)",
                    title=title,
                    email=partner.email,
                    old_email=old_emails[partner.id] or _("empty"),
                )
        # Odoo takes half of the time of a revocation to make a thousand notes that differ in their text only.
        # It makes the first one, with whatever other modules add to it, and the rest are copies of its row.
        first = self[:1]
        [note] = first._message_log_batch({first.id: bodies.pop(first.id)}) if first else [None]
        if not bodies:
            return
        note.flush_recordset()
        columns = [
            SQL.identifier(name)
            for name, field in note._fields.items()
            if field.store and field.column_type and name not in ("id", "res_id", "body", "message_id")
        ]
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO mail_message (res_id, body, message_id, %(columns)s)
                SELECT copy.res_id, copy.body, copy.message_id, %(columns)s
                  FROM mail_message,
                       unnest(%(partner_ids)s, %(bodies)s, %(message_ids)s) AS copy (res_id, body, message_id)
                 WHERE mail_message.id = %(note_id)s
                """,
                columns=SQL(", ").join(columns),
                partner_ids=list(bodies),
                bodies=[f"<p>{escape(body, quote=False)}</p>" for body in bodies.values()],
                message_ids=[generate_tracking_message_id("message-notify") for _body in bodies],
                note_id=note.id,
            )
        )
        self.invalidate_recordset(["message_ids"])

    # -------------------------------------------------------------------------
    # Invite
    # -------------------------------------------------------------------------

    def _portal_access_invite(self, emails=None, message=None, send_now=False):
        """See :meth:`portal_access_invite`."""
        verdicts = self._portal_access_verdicts(emails)
        no_access = _("This contact has no portal access. Grant it first.")
        outcomes = {}
        for partner_id, verdict in verdicts.items():
            reason = verdict.email_reason if verdict.code == "has_access" else verdict.reason
            outcomes[partner_id] = ("refused", no_access if verdict.is_grantable else reason)
        invited = self.filtered(
            lambda partner: verdicts[partner.id].code == "has_access" and not verdicts[partner.id].email_code
        )

        def invite(contacts):
            old_emails = contacts._portal_access_save_emails(verdicts)
            contacts.browse(old_emails)._portal_access_log(_lt("Email changed"), old_emails)
            users = self.env["res.users"].sudo().browse([verdicts[partner.id].user_id for partner in contacts])
            contacts._portal_access_make_invitations(users, message, send_now)
            return dict.fromkeys(contacts.ids, ("invited", _("The invitation is on its way.")))

        invited._portal_access_in_halves(invite, outcomes)
        return verdicts, outcomes

    def _portal_access_make_invitations(self, users, message, send_now, actor=None):
        """Make one open invitation per contact, with a link that ends, and have it sent.

        :param users: the portal users of these contacts, as superuser
        :param actor: who asked for it, if not the current user, who invites
        """
        # Nobody has the right to write invitations; the caller checked that this one may invite.
        Invitations = self.env["portal.access.invitation"].sudo()
        kept_hashes = Invitations._get_open(self)._replace()
        valid_until = Invitations._get_valid_until()
        tokens = users.partner_id._portal_access_mint_tokens(valid_until, kept_hashes)
        invitations = Invitations._make(users, tokens, valid_until, message, actor=actor)
        if send_now:
            invitations._send_after_commit()
        else:
            Invitations._trigger_cron("portal_access_ext.ir_cron_send_invitations")

    # -------------------------------------------------------------------------
    # Revoke
    # -------------------------------------------------------------------------

    def _portal_access_revoke(self):
        """See :meth:`portal_access_revoke`."""
        verdicts = self._portal_access_verdicts()
        no_access = _("This contact has no portal access.")
        outcomes = {
            partner_id: (
                "refused",
                verdict.reason if verdict.code in ("internal", "other_company", "missing") else no_access,
            )
            for partner_id, verdict in verdicts.items()
        }
        revoked = self.filtered(lambda partner: verdicts[partner.id].code == "has_access")
        done = ("revoked", _("Access revoked."))

        def revoke(contacts):
            contacts._portal_access_take_away()
            return dict.fromkeys(contacts.ids, done)

        revoked._portal_access_in_halves(revoke, outcomes)
        return verdicts, outcomes

    def _portal_access_take_away(self, kind="revoked"):
        """Take everything at once, from all portal users of these contacts: group, login, sessions, link.

        :param str kind: what the ledger calls it: `revoked`, `expired` or `dormant`
        """
        # Contact managers can't write users; whose access they may revoke is checked by the caller.
        Users = self.env["res.users"].sudo()
        users = Users.search(
            [("partner_id", "in", self.ids), ("groups_id", "in", self.env.ref("base.group_portal").ids)]
        )
        titles = {"expired": _lt("Portal Access Expired"), "dormant": _lt("Portal Access Revoked: not used for long")}
        self._portal_access_log(titles.get(kind) or _lt("Portal Access Revoked"))
        users._portal_access_close(kind)

    def _portal_access_all_users(self):
        """:return: all users of these contacts, archived ones and those of other companies too, as superuser"""
        # sudo: a user that one can't see is one user too many for a merge all the same.
        return self.env["res.users"].sudo().with_context(active_test=False).search([("partner_id", "in", self.ids)])
