import logging
import textwrap

from psycopg2 import IntegrityError, OperationalError

from odoo import Command, _, api, models
from odoo.exceptions import AccessError, UserError
from odoo.service.model import PG_CONCURRENCY_ERRORS_TO_RETRY
from odoo.tools import email_normalize

_logger = logging.getLogger(__name__)

REASON_MAX_LENGTH = 300

QUIET = {
    # The core writes one note per contact and change itself, all in one statement.
    "no_reset_password": True,
    "mail_notrack": True,
    "mail_create_nolog": True,
    "tracking_disable": True,
    # See `ResPartner.write`.
    "portal_access_batch": True,
}


class ResPartner(models.Model):
    """The core of portal access: every door (dialog, contact, list, RPC, crons) ends here.

    The public methods work on any number of contacts, for contact managers, and give one result
    per contact: a dictionary with

    - `partner_id`: the contact's id
    - `verdict`: a key of :data:`~.res_partner_check.ACCESS_VERDICTS`, how the contact stood before
    - `outcome`: `granted`, `invited`, `revoked`, or `refused` (nothing was changed)
    - `reason`: a sentence for the administrator
    - `user_id`: the id of the contact's user, or False

    One contact that can't be changed never stops the others. Where nothing at all is allowed, they
    raise an :class:`~odoo.exceptions.AccessError`.
    """

    _inherit = "res.partner"

    def write(self, vals):
        """Skip what changes nothing while users are made in batch.

        `res.users.create` writes `active` and `company_id` on each contact once more, one by one, at
        three queries each.
        """
        if (
            self.env.context.get("portal_access_batch")
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
    # Public methods, callable over RPC
    # -------------------------------------------------------------------------

    def portal_access_check(self, emails=None):
        """Say for each contact whether access can be granted. Changes nothing.

        :param dict emails: addresses to judge instead of the contacts' own, by contact id
        :return list: one result per contact, without `outcome`
        """
        self._portal_access_check_rights()
        contacts = self._portal_access_distinct()
        verdicts = contacts._portal_access_verdicts(self._portal_access_parse_emails(emails))
        return [
            {
                "partner_id": partner_id,
                "verdict": verdicts[partner_id].code,
                "reason": verdicts[partner_id].reason,
                "user_id": verdicts[partner_id].user_id,
            }
            for partner_id in contacts.ids
        ]

    def portal_access_grant(self, emails=None, message=None):
        """Make portal users of the contacts that are ready, and queue their invitations.

        :param dict emails: addresses typed for the contacts, by contact id; they become the
            contacts' email
        :param str message: plain text for the invitation
        :return list: one result per contact; `outcome` is `granted` or `refused`
        """
        self._portal_access_check_rights()
        contacts = self._portal_access_distinct()
        emails, message = self._portal_access_parse_emails(emails), self._portal_access_parse_message(message)
        if self.env["portal.wizard.user"]._is_customized():
            return contacts._portal_access_by_lines("action_grant_access", "granted", emails, message)
        return contacts._portal_access_grant(emails, message)

    def portal_access_invite(self, emails=None, message=None):
        """Send a new invitation to the contacts that have access.

        :param dict emails: see :meth:`portal_access_grant`
        :param str message: plain text for the invitation
        :return list: one result per contact; `outcome` is `invited` or `refused`
        """
        self._portal_access_check_rights()
        contacts = self._portal_access_distinct()
        emails, message = self._portal_access_parse_emails(emails), self._portal_access_parse_message(message)
        if self.env["portal.wizard.user"]._is_customized():
            return contacts._portal_access_by_lines("action_invite_again", "invited", emails, message)
        return contacts._portal_access_invite(emails, message)

    def portal_access_revoke(self):
        """Take portal access from the contacts that have it: group, login, sessions, invitation link.

        :return list: one result per contact; `outcome` is `revoked` or `refused`
        """
        self._portal_access_check_rights()
        contacts = self._portal_access_distinct()
        if self.env["portal.wizard.user"]._is_customized():
            return contacts._portal_access_by_lines("action_revoke_access", "revoked")
        return contacts._portal_access_revoke()

    # -------------------------------------------------------------------------
    # Rights, input, locks, results
    # -------------------------------------------------------------------------

    @api.model
    def _portal_access_check_rights(self):
        """Only contact managers manage portal access, as in stock Odoo."""
        if not self.env.su and not self.env.user.has_group("base.group_partner_manager"):
            raise AccessError(_("Only contact managers can manage portal access."))

    def _portal_access_parse_emails(self, emails):
        """:return dict: the typed addresses by contact id (RPC clients send ids as text)"""
        if not emails:
            return {}
        try:
            emails = {int(partner_id): email or "" for partner_id, email in emails.items()}
        except (AttributeError, TypeError, ValueError):
            emails = {0: None}
        if not all(isinstance(email, str) for email in emails.values()):
            raise UserError(_("The emails have to be given as texts by contact id."))
        return emails

    def _portal_access_parse_message(self, message):
        """:return str: the inviter's text, without what a database can't store"""
        return str(message).replace("\x00", "").encode(errors="replace").decode().strip() if message else False

    def _portal_access_distinct(self):
        """:return: each contact once, without ids that can't be a record's: RPC clients send what they like"""
        return self.browse(dict.fromkeys(partner_id for partner_id in self._ids if partner_id))

    def _portal_access_lock(self):
        """Let nobody else change the access of these contacts before we commit.

        It is an update, not a `SELECT FOR UPDATE`: Odoo's transactions see the database as it was
        when they began. Whoever comes second fails here with a conflict, is started again by Odoo,
        and then sees what the first one did. In the order of ids, so that two lists don't lock each
        other up.
        """
        if self.ids:
            self.flush_recordset()
            self.env.cr.execute(
                """
                UPDATE res_partner SET id = res_partner.id
                  FROM (SELECT id FROM res_partner WHERE id IN %s ORDER BY id FOR NO KEY UPDATE) AS locked
                 WHERE res_partner.id = locked.id
                """,
                [tuple(self.ids)],
            )

    def _portal_access_results(self, verdicts, outcomes):
        """:return list: the results in the order of `self`, for `outcomes` = {contact id: (outcome, reason)}"""
        return [
            {
                "partner_id": partner_id,
                "verdict": verdicts[partner_id].code,
                "outcome": outcomes[partner_id][0],
                "reason": outcomes[partner_id][1],
                "user_id": verdicts[partner_id].user_id,
            }
            for partner_id in self.ids
        ]

    def _portal_access_in_halves(self, work, outcomes):
        """Run `work` on all contacts at once, and find the bad ones by halving where it fails.

        Nothing of a bad contact stays, and nothing of the others is lost. A savepoint per contact
        would cost four queries each.

        :param work: function of a recordset
        :param dict outcomes: gets ("refused", reason) for each contact that failed
        """
        if not self:
            return
        try:
            with self.env.cr.savepoint():
                work(self)
                self.env.flush_all()
            return
        except OperationalError as error:
            if error.pgcode in PG_CONCURRENCY_ERRORS_TO_RETRY:
                raise  # Odoo starts the whole request again
            reason = str(error)
        except IntegrityError as error:
            reason = (
                _("This email is the login of another user already.")
                if "login_key" in (error.diag.constraint_name or "")
                else str(error)
            )
        except UserError as error:
            reason = str(error)
        except Exception as error:  # of whichever module: one bad contact must not stop the others
            if len(self) == 1:
                _logger.exception("Portal access of contact %s can't be changed", self.id)
            reason = _("Unexpected error: %(error)s", error=error)
        if len(self) == 1:
            outcomes[self.id] = ("refused", self._portal_access_shorten(reason))
            return
        middle = len(self) // 2
        self[:middle]._portal_access_in_halves(work, outcomes)
        self[middle:]._portal_access_in_halves(work, outcomes)

    def _portal_access_by_lines(self, action, outcome, emails=None, message=None):
        """Work on one dialog row after the other, where another module changes what its buttons do."""
        self._portal_access_lock()
        verdicts = self._portal_access_verdicts(emails)
        outcomes = {partner_id: ("refused", verdict.reason) for partner_id, verdict in verdicts.items()}
        reachable = self.filtered(lambda partner: verdicts[partner.id].code not in ("missing", "other_company"))
        wizard = self.env["portal.wizard"].create(
            {"partner_ids": [Command.set(reachable.ids)], "welcome_message": message}
        )
        for line in wizard.user_ids.filtered(lambda line: line.partner_id.id in (emails or {})):
            line.email = emails[line.partner_id.id]
        for line, result in wizard.user_ids._run_one_by_one(action, outcome).items():
            outcomes[line.partner_id.id] = result
            verdicts[line.partner_id.id] = verdicts[line.partner_id.id]._replace(user_id=line.user_id.id)
        return self._portal_access_results(verdicts, outcomes)

    @api.model
    def _portal_access_shorten(self, reason):
        """:return str: what fits in a row: some errors of Odoo carry a whole template and its traceback"""
        return textwrap.shorten(reason, REASON_MAX_LENGTH, placeholder="…")

    # -------------------------------------------------------------------------
    # Grant
    # -------------------------------------------------------------------------

    def _portal_access_grant(self, emails=None, message=None, send_now=False):
        """See :meth:`portal_access_grant`; the caller checks the rights.

        :param bool send_now: send the mails right after the commit instead of by the cron
        """
        self._portal_access_lock()
        verdicts = self._portal_access_verdicts(emails)
        outcomes = {partner_id: ("refused", verdict.reason) for partner_id, verdict in verdicts.items()}
        ready = self.filtered(lambda partner: verdicts[partner.id].is_grantable)
        for company, partners in ready.grouped(lambda partner: partner.company_id or self.env.company).items():

            def grant(contacts, company=company):
                contacts._portal_access_save_emails(verdicts)
                users = contacts._portal_access_make_users(verdicts, company)
                self.env["portal.access.event"]._record("granted", users)
                contacts._portal_access_log(_("Portal Access Granted"))
                contacts._portal_access_make_invitations(users, message, send_now)
                granted = ("granted", _("Access granted. The invitation is on its way."))
                for user in users:
                    verdicts[user.partner_id.id] = verdicts[user.partner_id.id]._replace(user_id=user.id)
                    outcomes[user.partner_id.id] = granted

            partners._portal_access_in_halves(grant, outcomes)
        return self._portal_access_results(verdicts, outcomes)

    def _portal_access_save_emails(self, verdicts):
        """Save addresses typed by the administrator on the contacts, as the stock dialog does.

        Superuser: that these contacts may be written was checked for all of them by the verdicts.
        """
        self._portal_access_prefetch()
        for partner in self:
            email = verdicts[partner.id].email
            if email and email_normalize(partner.email) != email:
                partner.sudo().with_context(**QUIET).email = email

    def _portal_access_prefetch(self):
        """Read at once what `res.partner.write` looks at: field by field assignment reads it contact by contact."""
        partners = self.sudo()
        partners.mapped("user_ids")
        partners.mapped("child_ids")

    def _portal_access_make_users(self, verdicts, company):
        """Make the contacts' users, or take up those they have, as portal users.

        :return: the users, as superuser
        """
        # Contact managers can't write users; what is written is decided here, not by them.
        Users = self.env["res.users"].sudo().with_context(**QUIET, active_test=False).with_company(company)
        group_portal, group_public = self.env.ref("base.group_portal"), self.env.ref("base.group_public")
        known = Users.browse([verdicts[partner.id].user_id for partner in self if verdicts[partner.id].user_id])
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

    def _portal_access_log(self, title):
        """Write the same note in the chatter of each contact as `mail` does when the group changes."""
        self._message_log_batch(
            {partner.id: f"{title} ({partner.email})" if partner.email else title for partner in self}
        )

    # -------------------------------------------------------------------------
    # Invite
    # -------------------------------------------------------------------------

    def _portal_access_invite(self, emails=None, message=None, send_now=False):
        """See :meth:`portal_access_invite`; the caller checks the rights."""
        self._portal_access_lock()
        verdicts = self._portal_access_verdicts(emails)
        outcomes = {}
        for partner_id, verdict in verdicts.items():
            reason = verdict.reason
            if verdict.is_grantable:
                reason = _("This contact has no portal access. Grant it first.")
            elif verdict.code == "has_access" and verdict.email_code:
                reason = self._portal_access_unusable_email_reason(verdict, emails, partner_id)
            outcomes[partner_id] = ("refused", reason)
        invited = self.filtered(
            lambda partner: verdicts[partner.id].code == "has_access" and not verdicts[partner.id].email_code
        )

        def invite(contacts):
            contacts._portal_access_save_emails(verdicts)
            users = self.env["res.users"].sudo().browse([verdicts[partner.id].user_id for partner in contacts])
            contacts._portal_access_make_invitations(users, message, send_now)
            outcomes.update(dict.fromkeys(contacts.ids, ("invited", _("The invitation is on its way."))))

        invited._portal_access_in_halves(invite, outcomes)
        return self._portal_access_results(verdicts, outcomes)

    def _portal_access_unusable_email_reason(self, verdict, emails, partner_id):
        if verdict.email_code == "taken":
            return _("This email is the login of another user already.")
        typed = (emails or {}).get(partner_id, self.browse(partner_id).email)
        return self._portal_access_email_problem(typed)[1]

    def _portal_access_make_invitations(self, users, message, send_now):
        """Make one open invitation per contact, with a link that ends, and have it sent.

        :param users: the portal users of these contacts, as superuser
        """
        # Nobody has the right to write invitations; the caller checked that this one may invite.
        Invitations = self.env["portal.access.invitation"].sudo()
        kept_hashes = Invitations._get_open(self)._replace()
        valid_until = Invitations._get_valid_until()
        tokens = users.partner_id._portal_access_mint_tokens(valid_until, kept_hashes)
        invitations = Invitations._make(users, tokens, valid_until, message)
        if send_now:
            invitations._send_after_commit()
        else:
            self.env.ref("portal_access_ext.ir_cron_send_invitations").sudo()._trigger()

    # -------------------------------------------------------------------------
    # Revoke
    # -------------------------------------------------------------------------

    def _portal_access_revoke(self):
        """See :meth:`portal_access_revoke`; the caller checks the rights."""
        self._portal_access_lock()
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

        def revoke(contacts):
            users = self.env["res.users"].sudo().browse([verdicts[partner.id].user_id for partner in contacts])
            contacts._portal_access_take_away(users)
            outcomes.update(dict.fromkeys(contacts.ids, ("revoked", _("Access revoked."))))

        revoked._portal_access_in_halves(revoke, outcomes)
        return self._portal_access_results(verdicts, outcomes)

    def _portal_access_take_away(self, users):
        """Take everything at once: group, login, open sessions, invitation.

        :param users: the portal users of these contacts, as superuser
        """
        group_portal, group_public = self.env.ref("base.group_portal"), self.env.ref("base.group_public")
        self.env["portal.access.event"]._record("revoked", users)
        self.env["portal.access.invitation"].sudo()._get_open(self)._cancel()
        self._portal_access_drop_tokens()
        self._portal_access_log(_("Portal Access Revoked"))
        # Read before, it is seen not to change, and not written again on each contact.
        self.sudo().mapped("partner_share")
        # Archiving ends the sessions: `active` is part of what a session is checked against.
        users.with_context(**QUIET).write(
            {"groups_id": [Command.unlink(group_portal.id), Command.link(group_public.id)], "active": False}
        )
