import logging
import threading
from datetime import timedelta
from smtplib import SMTPException

from psycopg2 import OperationalError

from odoo import SUPERUSER_ID, _, api, fields, models
from odoo.osv import expression
from odoo.service.model import PG_CONCURRENCY_ERRORS_TO_RETRY
from odoo.tools import SQL

from .portal_access_invitation import hash_token

_logger = logging.getLogger(__name__)

# Invitations that one run of the cron renders between two commits.
RENDER_BATCH = 100
# First wait before a failed invitation is tried again; it doubles each time, so often.
RETRY_DELAY = timedelta(minutes=10)
RETRY_DOUBLINGS = 7
# Wait before a reminder that the mail server did not take is tried again.
REMINDER_RETRY_DELAY = timedelta(hours=4)
# What an invitation mails: the template, its name for those who deleted it, and the field that knows the mail.
MAILS = {
    "invitation": ("portal_access_ext.mail_template_portal_invitation", "Portal: Invitation", "mail_mail_id_int"),
    "reminder": (
        "portal_access_ext.mail_template_portal_invitation_reminder",
        "Portal: Invitation reminder",
        "reminder_mail_id_int",
    ),
}


class PortalAccessInvitation(models.Model):
    """The mails of an invitation: rendered, handed to Odoo's mail queue, and what becomes of them."""

    _inherit = "portal.access.invitation"

    reminded_on = fields.Datetime(readonly=True, help="When the customer was reminded, or that was tried last.")
    reminder_failure = fields.Text(readonly=True, help="Why the reminder did not reach the customer.")
    # While it waits, or after it failed.
    reminder_mail_id_int = fields.Integer(string="Reminder Mail ID", readonly=True, index="btree_not_null")

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
        """Render the invitations and reminders that are due and hand them to Odoo's mail queue, in batches.

        Each batch is committed, and the queue starts on it while the next one is rendered.
        """
        auto_commit = not getattr(threading.current_thread(), "testing", False)
        try:
            self._recover_lost_mails()
            for purpose in MAILS:
                while invitations := self._claim_due(purpose):
                    invitations._create_mails(purpose)
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
    def _claim_due(self, purpose="invitation"):
        """Lock the next batch of invitations to render a mail for, but for those that are being sent right now.

        A row button holds its invitation for as long as the mail server takes.

        :param str purpose: a key of :data:`MAILS`
        :return: the invitations, none when nothing is left to do
        """
        domain = self._get_due_domain() if purpose == "invitation" else self._get_reminder_domain()
        due = self.search(domain, limit=RENDER_BATCH, order="id")
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
            *self._get_access_domain(),
            *self._get_no_reset_domain(),
            "|",
            "&",
            ("state", "=", "queued"),
            ("rendered_on", "=", False),
            "&",
            ("state", "=", "failed"),
            ("next_attempt_on", "<=", now),
        ]

    @api.model
    def _get_reminder_domain(self):
        """:return list: the domain of the invitations whose customer is to be reminded now"""
        days, now = self._get_reminder_days(), fields.Datetime.now()
        if not days:
            return expression.FALSE_DOMAIN
        return [
            *self._get_waiting_domain(),
            *self._get_no_reset_domain(),
            ("valid_until", "<=", now + timedelta(days=days)),
            "|",
            ("reminded_on", "=", False),
            # The mail server did not take it. Without a mail, somebody stopped it, or it can't be made.
            "&",
            "&",
            ("reminder_failure", "!=", False),
            ("reminder_mail_id_int", ">", 0),
            ("reminded_on", "<=", now - REMINDER_RETRY_DELAY),
        ]

    @api.model
    def _get_waiting_domain(self):
        """:return list: the domain of the invitations that reached a customer who did not come yet, and still can"""
        return [
            ("state", "=", "sent"),
            ("valid_until", ">", fields.Datetime.now()),
            *self._get_access_domain(),
            ("is_connected", "=", False),
        ]

    @api.model
    def _get_access_domain(self):
        """:return list: the domain of the invitations whose user has portal access"""
        return [
            ("user_id.active", "=", True),
            ("user_id.groups_id", "in", self.env.ref("base.group_portal").ids),
            ("user_id.groups_id", "not in", self.env.ref("base.group_user").ids),
        ]

    @api.model
    def _get_no_reset_domain(self):
        """:return list: the domain of the invitations whose customer has no working link of a password reset

        A mail of the invitation would end that link, for which the customer asked a moment ago; and who
        follows it accepts the invitation.
        """
        return [
            "|",
            ("partner_id.signup_type", "!=", "reset"),
            ("partner_id.signup_expiration", "<=", fields.Datetime.now()),
        ]

    @api.model
    def _recover_lost_mails(self):
        """Mark as failed what was given up without telling us.

        The mail queue does so when the server hangs up in mid-sentence. What an administrator cancelled
        or deleted among the outgoing mails is not tried again.
        """
        self = self._portal_access_for_employees()
        waiting = self.search([("state", "=", "queued"), ("rendered_on", "!=", False)])
        mails = {mail.id: mail for mail in waiting._get_mails()}
        for invitation in waiting:
            mail = mails.get(invitation.mail_mail_id_int)
            if mail and mail.state == "exception":
                invitation._fail({invitation.id: mail.failure_reason})
            elif not mail or mail.state == "cancel":
                invitation._fail({invitation.id: _("The mail was cancelled or deleted.")}, retry=False)
        reminded = self.search(
            [*self._get_waiting_domain(), ("reminder_mail_id_int", ">", 0), ("reminder_failure", "=", False)]
        )
        mails = {mail.id: mail for mail in reminded._get_mails("reminder")}
        for invitation in reminded:
            mail = mails.get(invitation.reminder_mail_id_int)
            if mail and mail.state == "exception":
                invitation.reminder_failure = mail.failure_reason or _("Unknown error")
            elif not mail or mail.state == "cancel":
                invitation._fail_reminder(_("The mail was cancelled or deleted."))

    def _get_mails(self, purpose="invitation"):
        """:return: the mails of these invitations that exist still, `mail.mail` as superuser"""
        _template, _name, field = MAILS[purpose]
        return self.env["mail.mail"].sudo().browse(filter(None, self.mapped(field))).exists()

    def _create_mails(self, purpose="invitation"):
        """Make a mail of each invitation, as its inviter, in the customer's language.

        :param str purpose: a key of :data:`MAILS`
        :return: the outgoing `mail.mail` records; an invitation that can't be rendered is marked
            failed and has none
        """
        mails = self.env["mail.mail"].sudo()
        # A mail of an earlier, failed attempt would be sent twice if somebody retried it by hand.
        self._get_mails(purpose).unlink()
        self._renew_tokens()
        for inviter, invitations in self.grouped("inviter_id").items():
            sender = inviter if inviter.active else invitations.env.ref("base.user_root")
            # sudo: the inviter needs no right on mails, and the link is only shown to a superuser.
            mails |= invitations.with_user(sender).sudo()._create_mails_of_one_inviter(purpose)
        return mails.with_user(self.env.user).sudo()

    def _renew_tokens(self):
        """Make new tokens where a password reset has overwritten the invitation's in the meantime, and is over."""
        if not self:
            return
        self.env["res.partner"].flush_model(["signup_type", "signup_expiration"])
        self.env.cr.execute(
            """
            SELECT invitation.id FROM portal_access_invitation invitation
              JOIN res_partner partner ON partner.id = invitation.partner_id
             WHERE invitation.id IN %s
               AND invitation.token_hash
                   IS DISTINCT FROM encode(sha256(convert_to(partner.signup_token, 'UTF8')), 'hex')
               AND (partner.signup_token IS NULL OR partner.signup_type IS DISTINCT FROM 'reset'
                    OR partner.signup_expiration <= %s)
            """,
            [tuple(self.ids), fields.Datetime.now()],
        )
        for invitation in self.browse(row[0] for row in self.env.cr.fetchall()):  # few, if any
            tokens = invitation.partner_id._portal_access_mint_tokens(invitation.valid_until)
            invitation.token_hash = hash_token(tokens[invitation.partner_id.id])

    def _create_mails_of_one_inviter(self, purpose):
        try:
            with self.env.cr.savepoint():
                return self._create_mails_in_one_go(purpose)
        except OperationalError:
            raise
        except Exception as error:
            if len(self) == 1:
                _logger.warning("The %s mail of invitation %s can't be rendered", purpose, self.id, exc_info=True)
                if purpose == "invitation":
                    self._fail({self.id: str(error)}, retry=False)
                else:
                    self._fail_reminder(str(error))
                return self.env["mail.mail"]
        # Whichever is the bad one, the others go out.
        middle = len(self) // 2
        first_half = self[:middle]._create_mails_of_one_inviter(purpose)
        return first_half | self[middle:]._create_mails_of_one_inviter(purpose)

    def _create_mails_in_one_go(self, purpose):
        xmlid, name, field = MAILS[purpose]
        template = self.env["mail.template"]._portal_access_get(xmlid, name)
        author = self.env.user.partner_id
        sender = author.email_formatted or self.env.company.email_formatted
        mails = self.env["mail.mail"].create(
            template._portal_access_prepare_mails(
                self, lambda invitation: (invitation._get_recipient(), sender, author)
            )
        )
        if purpose == "invitation":
            # "Queued" says that the mail waits to be sent, whether or not it is rendered.
            self.write({"state": "queued", "next_attempt_on": False, "rendered_on": fields.Datetime.now()})
        else:
            self.write({"reminded_on": fields.Datetime.now(), "reminder_failure": False})
        self.flush_recordset()
        self.env.cr.execute(
            SQL(
                """
                UPDATE portal_access_invitation invitation SET %(field)s = mail.id
                  FROM unnest(%(mail_ids)s, %(invitation_ids)s) AS mail (id, invitation_id)
                 WHERE invitation.id = mail.invitation_id
                """,
                field=SQL.identifier(field),
                mail_ids=mails.ids,
                invitation_ids=mails.mapped("res_id"),
            )
        )
        self.invalidate_recordset([field])
        return mails

    def _get_recipient(self):
        """:return str: the one address of the invitation, whose mail has the link to the account, with a name"""
        return self.partner_id._portal_access_format_address(self.email)

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

    def _is_mail_wanted(self, mail_id):
        """Say whether a mail that waited may still go out: the invitation can be over, or have a newer mail.

        :param int mail_id: the id of the `mail.mail`
        """
        if not self.valid_until or self.valid_until <= fields.Datetime.now():
            return False
        if not self.user_id._portal_access_having():
            return False
        if mail_id == self.reminder_mail_id_int:
            return self.state == "sent" and not self.is_connected
        # "Failed" too: an administrator may send the mail again by hand.
        return mail_id == self.mail_mail_id_int and self.state in ("queued", "failed")

    def _mark_reminded(self):
        """Note that the reminders were sent."""
        self.write({"reminded_on": fields.Datetime.now(), "reminder_failure": False, "reminder_mail_id_int": False})
        self.env["portal.access.event"]._record("reminded", self.user_id)

    def _fail_reminder(self, reason):
        """Note that a reminder can't be sent, and don't try again. The invitation itself is as good as before."""
        self.write({"reminded_on": fields.Datetime.now(), "reminder_failure": reason, "reminder_mail_id_int": False})
