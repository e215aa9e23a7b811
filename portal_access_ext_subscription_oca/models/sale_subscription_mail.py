import logging

from psycopg2 import OperationalError

from odoo import SUPERUSER_ID, models

_logger = logging.getLogger(__name__)

CLOSE_TEMPLATE = "portal_access_ext_subscription_oca.mail_template_subscription_close"
LAYOUT = "portal_access_ext.login_mail_layout"
KEEP_TEMPLATE = "portal_access_ext_subscription_oca.mail_template_subscription_keep"


class SaleSubscription(models.Model):
    """The mails that confirm to customers what they asked."""

    _inherit = "sale.subscription"

    def _portal_close_mail(self, partners, withdrawn=False):
        """Confirm to contacts what became of the wish to close, each in their language, by Odoo's queue.

        What is wrong with a mail undoes nothing.
        """
        template = self.env.ref(KEEP_TEMPLATE if withdrawn else CLOSE_TEMPLATE, raise_if_not_found=False)
        if not template:  # the company deleted it: it wants no such mails
            return
        try:
            with self.env.cr.savepoint():
                addresses = {partner: partner._portal_access_normalize_email(partner.email) for partner in partners}
                # Nobody is told twice, not even as two contacts.
                recipients = {address: partner for partner, address in reversed(addresses.items()) if address}
                mails = [self._portal_close_prepare_mail(template, *recipient) for recipient in recipients.items()]
                # No default value of anybody's context, a copy to others for one.
                self.env(user=SUPERUSER_ID, su=True, context={})["mail.mail"].create(mails)
                # At once: the queue's own time is each hour.
                self.env["portal.access.invitation"]._trigger_cron("mail.ir_cron_mail_scheduler_action")
        except OperationalError:
            raise
        except Exception:
            _logger.exception("The mail about closing subscription %s can't be written", self.id)

    def _portal_close_prepare_mail(self, template, address, partner):
        """:return dict: the values of a mail to a contact"""
        # Nothing else of the customer's or an employee's context may end up in the mail.
        context = {"lang": partner.lang or self.env.lang, "portal_subscription_name": partner.name}
        subscription = self.with_env(self.env(user=SUPERUSER_ID, su=True, context=context))
        author = subscription.company_id.partner_id
        senders = author | subscription._portal_get_contact().partner_id | subscription.env.ref("base.partner_root")
        sender = senders.filtered("email")[:1].email_formatted
        envelope = partner._portal_access_format_address(address), sender, author
        [values] = template._portal_access_prepare_mails(subscription, lambda _subscription: envelope, layout=LAYOUT)
        return values
