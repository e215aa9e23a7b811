import logging
import textwrap

from psycopg2 import IntegrityError, OperationalError, ProgrammingError

from odoo import Command, _, api, models
from odoo.exceptions import AccessError, UserError
from odoo.service.model import PG_CONCURRENCY_ERRORS_TO_RETRY

_logger = logging.getLogger(__name__)

REASON_MAX_LENGTH = 300


class ResPartner(models.Model):
    """The core of portal access: every door (dialog, contact, list, RPC, crons) ends here.

    The public methods work on any number of contacts, for contact managers, and give one result
    per contact: a dictionary with

    - `partner_id`: the contact's id
    - `verdict`: a key of :data:`~.res_partner_check.ACCESS_VERDICTS`, how the contact stood before
    - `outcome`: `granted`, `invited`, `revoked`, `until_set`, or `refused` (nothing was changed)
    - `reason`: a sentence for the administrator
    - `user_id`: the id of the contact's user, or False

    One contact that can't be changed never stops the others. Where nothing at all is allowed, they
    raise an :class:`~odoo.exceptions.AccessError`.
    """

    _inherit = "res.partner"

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
        contacts._portal_access_lock()
        emails, message = self._portal_access_parse_emails(emails), self._portal_access_parse_message(message)
        if self.env["portal.wizard.user"]._is_customized():
            done = contacts._portal_access_by_lines("action_grant_access", "granted", emails, message)
            return contacts._portal_access_results(*done)
        return contacts._portal_access_results(*contacts._portal_access_grant(emails, message))

    def portal_access_invite(self, emails=None, message=None):
        """Send a new invitation to the contacts that have access.

        :param dict emails: see :meth:`portal_access_grant`
        :param str message: plain text for the invitation
        :return list: one result per contact; `outcome` is `invited` or `refused`
        """
        self._portal_access_check_rights()
        contacts = self._portal_access_distinct()
        contacts._portal_access_lock()
        emails, message = self._portal_access_parse_emails(emails), self._portal_access_parse_message(message)
        if self.env["portal.wizard.user"]._is_customized():
            done = contacts._portal_access_by_lines("action_invite_again", "invited", emails, message)
            return contacts._portal_access_results(*done)
        return contacts._portal_access_results(*contacts._portal_access_invite(emails, message))

    def portal_access_revoke(self):
        """Take portal access from the contacts that have it: group, login, sessions, invitation link.

        :return list: one result per contact; `outcome` is `revoked` or `refused`
        """
        self._portal_access_check_rights()
        contacts = self._portal_access_distinct()
        contacts._portal_access_lock()
        if self.env["portal.wizard.user"]._is_customized():
            done = contacts._portal_access_by_lines("action_revoke_access", "revoked")
            return contacts._portal_access_results(*done)
        return contacts._portal_access_results(*contacts._portal_access_revoke())

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
        other up. Not of the id itself: with a trigger on contacts, that would keep everybody from
        referring to them, the cron of the invitations for one.
        """
        if self.ids:
            self.flush_recordset()
            self.env.cr.execute(
                """
                UPDATE res_partner SET write_uid = res_partner.write_uid
                  FROM (SELECT id FROM res_partner WHERE id IN %s ORDER BY id FOR NO KEY UPDATE) AS locked
                 WHERE res_partner.id = locked.id
                """,
                [tuple(self.ids)],
            )

    def _portal_access_results(self, verdicts, outcomes):
        """:return list: the results in the order of `self`, for `outcomes` = {contact id: (outcome, reason)}"""
        users = self.sudo()._portal_access_users()
        return [
            {
                "partner_id": partner_id,
                "verdict": verdicts[partner_id].code,
                "outcome": outcomes[partner_id][0],
                "reason": outcomes[partner_id][1],
                "user_id": users[partner_id].user_id if partner_id in users else False,
            }
            for partner_id in self.ids
        ]

    def _portal_access_in_halves(self, work, outcomes):
        """Run `work` on all contacts at once, and find the bad ones by halving where it fails.

        Nothing of a bad contact stays, and nothing of the others is lost. A savepoint per contact
        would cost four queries each.

        :param work: function of a recordset that returns (outcome, reason) by contact id
        :param dict outcomes: gets what `work` returned, and ("refused", reason) where it failed
        """
        if not self:
            return
        try:
            with self.env.cr.savepoint():
                done = work(self)
                self.env.flush_all()
            outcomes.update(done)
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
        except ProgrammingError:
            raise  # a broken database is nobody's fault: no halving helps
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
        verdicts = self._portal_access_verdicts(emails)
        outcomes = {partner_id: ("refused", verdict.reason) for partner_id, verdict in verdicts.items()}
        reachable = self.filtered(lambda partner: verdicts[partner.id].code not in ("missing", "other_company"))
        wizard = self.env["portal.wizard"].create(
            {"partner_ids": [Command.set(reachable.ids)], "welcome_message": message}
        )
        for line in wizard.user_ids.filtered(lambda line: line.partner_id.id in (emails or {})):
            line.email = emails[line.partner_id.id]
        results = wizard.user_ids._run_one_by_one(action, outcome)
        outcomes.update({line.partner_id.id: result for line, result in results.items()})
        return verdicts, outcomes

    @api.model
    def _portal_access_shorten(self, reason):
        """:return str: what fits in a row: some errors of Odoo carry a whole template and its traceback"""
        return textwrap.shorten(reason, REASON_MAX_LENGTH, placeholder="…")
