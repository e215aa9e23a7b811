import logging

from psycopg2 import OperationalError

from odoo import _, models
from odoo.service.model import PG_CONCURRENCY_ERRORS_TO_RETRY

_logger = logging.getLogger(__name__)


class MailMail(models.Model):
    _inherit = "mail.mail"

    def _prepare_outgoing_list(self, *args, **kwargs):
        """Send nothing for an invitation that came to its end while its mail waited."""
        self.ensure_one()
        if self.model == "portal.access.invitation":
            invitation = self.env["portal.access.invitation"].sudo().browse(self.res_id).exists()
            if not invitation._is_mail_wanted(self.id):
                return []
        return super()._prepare_outgoing_list(*args, **kwargs)

    def _postprocess_sent_message(self, success_pids, failure_reason=False, failure_type=None):
        """Tell invitations what became of their mail, whoever sent it (cron, mail queue, an administrator)."""
        # Those of the stock dialog too, which other modules send; see `portal.wizard.user._send_email`.
        mails = self.filtered(lambda mail: mail.model in ("portal.access.invitation", "portal.wizard.user"))
        if mails:
            mails._portal_access_for_employees()._portal_access_tell_invitations(failure_reason, failure_type)
        return super()._postprocess_sent_message(success_pids, failure_reason=failure_reason, failure_type=failure_type)

    def _portal_access_tell_invitations(self, failure_reason, failure_type):
        """Note on the invitations of these mails what became of them; see :meth:`_postprocess_sent_message`."""
        invitations = (
            self.env["portal.access.invitation"]
            .sudo()
            .search([("mail_mail_id_int", "in", self.ids), ("state", "in", ("queued", "failed"))])
        )
        mail_reasons = {mail.id: failure_reason or mail.failure_reason for mail in self}
        reasons = {invitation.id: mail_reasons[invitation.mail_mail_id_int] for invitation in invitations}
        is_address_bad = failure_type in ("mail_email_invalid", "mail_email_missing")
        if is_address_bad:
            reasons = dict.fromkeys(invitations.ids, _("The mail server does not accept this address."))
        reminded = self.env["portal.access.invitation"].sudo().search([("reminder_mail_id_int", "in", self.ids)])
        try:
            # The mail is out: a conflict here must not roll that back, and send it again.
            with self.env.cr.savepoint():
                if failure_type:
                    invitations._fail(reasons)
                    if is_address_bad:
                        reminded._fail_reminder(_("The mail server does not accept this address."))
                    for invitation in reminded.filtered("reminder_mail_id_int"):
                        reason = mail_reasons[invitation.reminder_mail_id_int]
                        invitation.reminder_failure = reason or _("Unknown error")
                else:
                    # Not one that was held back: Odoo calls that a success too.
                    sent_ids = set(self.filtered(lambda mail: mail.state == "sent").ids)
                    invitations.filtered(lambda i: i.mail_mail_id_int in sent_ids)._mark_sent()
                    reminded.filtered(lambda i: i.reminder_mail_id_int in sent_ids)._mark_reminded()
        except OperationalError as error:
            if error.pgcode not in PG_CONCURRENCY_ERRORS_TO_RETRY:
                raise
            _logger.info("Invitations %s changed while they were sent: %s", invitations.ids, error)
