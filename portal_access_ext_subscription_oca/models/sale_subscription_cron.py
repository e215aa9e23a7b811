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
        """Close the subscriptions whose time has come. One that can't be closed stops no other."""
        # sudo: salespersons who start it by hand close those of all companies, as the cron does.
        for subscription in self.sudo().search(self._portal_close_due_domain()):
            try:
                with self.env.cr.savepoint():
                    subscription._portal_close_now()
            except OperationalError:
                raise
            except Exception:
                _logger.exception("Subscription %s can't be closed", subscription.id)
