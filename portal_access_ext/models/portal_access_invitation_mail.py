import logging
import re
import threading
from datetime import timedelta
from smtplib import SMTPException

from psycopg2 import OperationalError

from odoo import SUPERUSER_ID, _, api, fields, models
from odoo.exceptions import UserError
from odoo.service.model import PG_CONCURRENCY_ERRORS_TO_RETRY
from odoo.tools import formataddr

from .portal_access_invitation import hash_token

_logger = logging.getLogger(__name__)

# Invitations that one run of the cron renders between two commits.
RENDER_BATCH = 100
# First wait before a failed invitation is tried again; it doubles each time, so often.
RETRY_DELAY = timedelta(minutes=10)
RETRY_DOUBLINGS = 7


class PortalAccessInvitation(models.Model):
    """The mail of an invitation: rendered, handed to Odoo's mail queue, and what becomes of it."""

    _inherit = "portal.access.invitation"

    def _send_after_commit(self):
        """Send these invitations as soon as the current transaction is committed.

        For the one-row buttons, whose user waits for the mail. A failure is written on the
        invitation and tried again by the cron. In test mode there is no commit: it sends at once,
        as `mail` does.
        """
        if getattr(threading.current_thread(), "testing", False):
            self._send_now()
            return
        ids, context = self.ids, self.env.context

        @self.env.cr.postcommit.add
        def send_invitations():
            try:
                with self.pool.cursor() as cr:
                    env = api.Environment(cr, self.env.uid, context)
                    env["portal.access.invitation"].sudo().browse(ids)._send_now()
            except Exception as error:
                # Access is granted and committed: the user must not see an error. The invitation tells
                # what it was (the server hung up, say), and the cron tries again.
                is_expected = isinstance(error, (OSError, SMTPException, OperationalError))
                _logger.warning("Invitations %s can't be sent now: %r", ids, error, exc_info=not is_expected)
                with self.pool.cursor() as cr:
                    env = api.Environment(cr, SUPERUSER_ID, context)
                    invitations = env["portal.access.invitation"].browse(ids).exists()
                    # A failure on the way out hides the one that caused it (smtplib: "run connect() first").
                    reason = str(error.__context__ or error)
                    waiting = invitations.filtered(lambda invitation: invitation.state == "queued")
                    waiting._fail(dict.fromkeys(waiting.ids, reason))

    def _send_now(self):
        """Render and send, with one connection to the mail server."""
        mails = self.filtered(lambda invitation: invitation.state in ("queued", "failed"))._create_mails()
        # Takes the rows now: a conflict after the mail is out would send it twice.
        self.env.flush_all()
        mails.send()

    @api.model
    def _cron_send(self):
        """Render the invitations that wait and hand them to Odoo's mail queue, in batches.

        Each batch is committed, and the queue starts on it while the next one is rendered.
        """
        auto_commit = not getattr(threading.current_thread(), "testing", False)
        try:
            self._recover_lost_mails()
            while invitations := self._claim_due():
                invitations._create_mails()
                self._trigger_cron("mail.ir_cron_mail_scheduler_action")
                if auto_commit:
                    self.env.cr.commit()  # pylint: disable=invalid-commit
                    self.env.invalidate_all()
        except OperationalError as error:
            if error.pgcode not in PG_CONCURRENCY_ERRORS_TO_RETRY or not auto_commit:
                raise
            # Somebody revoked or invited again at this very moment. What is committed stays; go on at once.
            self.env.cr.rollback()
            _logger.info("Sending invitations starts again: %s", error)
            self._trigger_cron("portal_access_ext.ir_cron_send_invitations")

    @api.model
    def _trigger_cron(self, xmlid):
        """Start a cron at once. Without it, whoever deleted it has to send by hand; nothing else is lost."""
        cron = self.env.ref(xmlid, raise_if_not_found=False)
        if cron:
            cron.sudo()._trigger()
        else:
            _logger.warning("The scheduled action %s was deleted: invitations wait until somebody sends them", xmlid)

    @api.model
    def _claim_due(self):
        """Lock the next batch of invitations to render, but for those that are being sent right now.

        A row button holds its invitation for as long as the mail server takes.

        :return: the invitations, none when nothing is left to do
        """
        due = self.search(self._get_due_domain(), limit=RENDER_BATCH, order="id")
        if not due:
            return due
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT id FROM portal_access_invitation WHERE id IN %s ORDER BY id FOR NO KEY UPDATE SKIP LOCKED",
            [tuple(due.ids)],
            log_exceptions=False,
        )
        return self.browse(row[0] for row in self.env.cr.fetchall())

    @api.model
    def _get_due_domain(self):
        """:return list: the domain of the invitations whose mail is to be made now"""
        now = fields.Datetime.now()
        return [
            ("valid_until", ">", now),
            ("user_id.active", "=", True),
            "|",
            "&",
            ("state", "=", "queued"),
            ("rendered_on", "=", False),
            "&",
            ("state", "=", "failed"),
            ("next_attempt_on", "<=", now),
        ]

    @api.model
    def _recover_lost_mails(self):
        """Mark as failed what was given up without telling us.

        The mail queue does so when the server hangs up in mid-sentence. What an administrator cancelled
        or deleted among the outgoing mails is not tried again.
        """
        waiting = self.search([("state", "=", "queued"), ("rendered_on", "!=", False)])
        mails = {mail.id: mail for mail in waiting._get_mails()}
        for invitation in waiting:
            mail = mails.get(invitation.mail_mail_id_int)
            if mail and mail.state == "exception":
                invitation._fail({invitation.id: mail.failure_reason})
            elif not mail or mail.state == "cancel":
                invitation._fail({invitation.id: _("The mail was cancelled or deleted.")}, retry=False)

    def _get_mails(self):
        """:return: the mails of these invitations that exist still, `mail.mail` as superuser"""
        return self.env["mail.mail"].sudo().browse(filter(None, self.mapped("mail_mail_id_int"))).exists()

    def _create_mails(self):
        """Make the mail of each invitation, as its inviter, in the customer's language.

        :return: the outgoing `mail.mail` records; an invitation that can't be rendered is marked
            failed and has none
        """
        mails = self.env["mail.mail"].sudo()
        # A mail of an earlier, failed attempt would be sent twice if somebody retried it by hand.
        self._get_mails().unlink()
        self._renew_tokens()
        for inviter, invitations in self.grouped("inviter_id").items():
            sender = inviter if inviter.active else invitations.env.ref("base.user_root")
            # sudo: the inviter needs no right on mails, and the link is only shown to a superuser.
            mails |= invitations.with_user(sender).sudo()._create_mails_of_one_inviter()
        return mails.with_user(self.env.user).sudo()

    def _renew_tokens(self):
        """Make new tokens where a password reset has overwritten the invitation's in the meantime."""
        if not self:
            return
        self.env.cr.execute(
            """
            SELECT invitation.id FROM portal_access_invitation invitation
              JOIN res_partner partner ON partner.id = invitation.partner_id
             WHERE invitation.id IN %s
               AND encode(sha256(partner.signup_token::bytea), 'hex') IS DISTINCT FROM invitation.token_hash
            """,
            [tuple(self.ids)],
        )
        for invitation in self.browse(row[0] for row in self.env.cr.fetchall()):  # few, if any
            tokens = invitation.partner_id._portal_access_mint_tokens(invitation.valid_until)
            invitation.token_hash = hash_token(tokens[invitation.partner_id.id])

    def _create_mails_of_one_inviter(self):
        try:
            with self.env.cr.savepoint():
                return self._create_mails_in_one_go()
        except OperationalError:
            raise
        except Exception as error:
            if len(self) == 1:
                _logger.warning("Invitation %s can't be rendered", self.id, exc_info=True)
                self._fail({self.id: str(error)}, retry=False)
                return self.env["mail.mail"]
        # Whichever is the bad one, the others go out.
        middle = len(self) // 2
        return self[:middle]._create_mails_of_one_inviter() | self[middle:]._create_mails_of_one_inviter()

    def _create_mails_in_one_go(self):
        template = self.env.ref("portal_access_ext.mail_template_portal_invitation", raise_if_not_found=False)
        if not template:
            raise UserError(_("The mail template Portal: Invitation was deleted."))
        values_list = []
        for _lang, (lang_template, ids) in template._classify_per_lang(self.ids).items():
            bodies = lang_template._portal_access_render_bodies(ids)
            values_by_id = lang_template._generate_template(
                ids, ["subject", "email_from", "reply_to", "auto_delete", "mail_server_id"]
            )
            for res_id, values in values_by_id.items():
                author = self.env.user.partner_id
                email_from = values.get("email_from") or author.email_formatted or self.env.company.email_formatted
                values_list.append(
                    {
                        **values,
                        "body_html": bodies[res_id],
                        "email_to": self.browse(res_id)._get_recipient(),
                        "email_from": email_from,
                        "reply_to": values.get("reply_to") or email_from,
                        "author_id": author.id,
                        "model": self._name,
                        "res_id": res_id,
                        "record_name": False,
                    }
                )
        mails = self.env["mail.mail"].create(values_list)
        # "Queued" says that the mail waits to be sent, whether or not it is rendered.
        self.write({"state": "queued", "next_attempt_on": False, "rendered_on": fields.Datetime.now()})
        self.flush_recordset()
        self.env.cr.execute(
            """
            UPDATE portal_access_invitation invitation SET mail_mail_id_int = mail.id
              FROM unnest(%s, %s) AS mail (id, invitation_id)
             WHERE invitation.id = mail.invitation_id
            """,
            [mails.ids, mails.mapped("res_id")],
        )
        self.invalidate_recordset(["mail_mail_id_int"])
        return mails

    def _get_recipient(self):
        """Return the one address of the invitation, with the contact's name.

        Odoo sends a mail to every address in its recipient, one in a quoted name too. Names come from
        web forms and from customers, and the mail has the link to the account.
        """
        name = " ".join(re.sub(r'[<>"@,;:()\[\]\\]', " ", self.partner_id.name or "").split())
        return formataddr((name, self.email))

    def _mark_sent(self):
        self.write(
            {"state": "sent", "sent_on": fields.Datetime.now(), "failure_reason": False, "next_attempt_on": False}
        )
        for invitation in self:
            invitation.attempt_count += 1

    def _fail(self, reasons, retry=True):
        """Mark as failed, and plan the next attempt while the link is valid.

        :param dict reasons: by invitation id, what the mail server (or the template) answered
        :param bool retry: whether another attempt could help
        """
        now = fields.Datetime.now()
        first_failures = self.filtered(lambda invitation: not invitation.attempt_count)
        for invitation in self:
            next_attempt = now + RETRY_DELAY * 2 ** min(invitation.attempt_count, RETRY_DOUBLINGS)
            invitation.write(
                {
                    "state": "failed",
                    "failure_reason": reasons.get(invitation.id),
                    "attempt_count": invitation.attempt_count + 1,
                    "next_attempt_on": next_attempt if retry and next_attempt < invitation.valid_until else False,
                }
            )
        self.env["portal.access.event"]._record(
            "invitation_failed",
            first_failures.user_id,
            {invitation.user_id.id: reasons.get(invitation.id) for invitation in first_failures},
        )
