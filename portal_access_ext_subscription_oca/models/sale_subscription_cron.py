import logging

from psycopg2 import OperationalError

from odoo import api, fields, models

_logger = logging.getLogger(__name__)


class SaleSubscription(models.Model):
    """Closing at the end of the period, before the next one is invoiced."""

    _inherit = "sale.subscription"

    def cron_subscription_management(self):
        """Close first what customers have ended.

        :raise AccessError: for customers, whom `subscription_oca` stops only at what it changes
        """
        self.check_access_rights("write")
        self._portal_close_due()
        self._portal_close_hold()
        subscriptions = self.with_context(portal_subscription_cron=True)
        return super(SaleSubscription, subscriptions).cron_subscription_management()

    def generate_invoice(self):
        """Invoice no period that the customer doesn't want, also where closing has failed."""
        if self.env.context.get("portal_subscription_cron") and self.filtered_domain(self._portal_close_due_domain()):
            return None
        return super().generate_invoice()

    @api.model
    def _cron_portal_close(self):
        self._portal_close_due()

    @api.model
    def _portal_close_due_domain(self):
        return [("portal_close_state", "=", "planned"), ("portal_close_date", "<=", fields.Date.today())]

    @api.model
    def _portal_close_due(self):
        """Close the subscriptions whose time has come. One that can't be closed stops no other, nor the invoices.

        Not even one that was changed since this transaction began: nobody tries a cron again on the same day, and
        `subscription_oca` makes invoices on that day only. The next run closes it.
        """
        # sudo: salespersons who start it by hand close those of all companies, as the cron does.
        for subscription in self.sudo().search(self._portal_close_due_domain()):
            try:
                with self.env.cr.savepoint():
                    subscription._portal_close_lock()
                    subscription._portal_close_now()
            except OperationalError as error:
                _logger.info("Subscription %s is closed later: %s", subscription.id, error)
            except Exception:
                _logger.exception("Subscription %s can't be closed", subscription.id)

    def _portal_close_hold(self):
        """Have customers wait who would change what is about to be invoiced, which would stop the invoices of all."""
        query = """
            UPDATE sale_subscription SET write_date = write_date
             WHERE in_progress AND %(today)s IN (recurring_next_date, date)
        """
        try:
            with self.env.cr.savepoint():
                self.env.cr.execute(query, {"today": fields.Date.today()}, log_exceptions=False)
        except OperationalError as error:
            _logger.info("What is to be invoiced today can't be held: %s", error)
