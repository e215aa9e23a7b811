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
        """Invoice no period that the customer doesn't want, also where closing has failed.

        One that a customer has changed meanwhile is invoiced by a run of its own. The transaction, with what was made
        for others, would fail.
        """
        if self.env.context.get("portal_subscription_cron"):
            if self.filtered_domain(self._portal_close_due_domain()):
                return None
            if not self._portal_close_hold():
                # sudo: by the button of the cron, salespersons may run it, too.
                cron = self.sudo().env.ref("subscription_oca.ir_cron_subscription_management", raise_if_not_found=False)
                if cron:
                    cron._trigger()
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

        The next run closes it: nobody tries a cron that fails again on the day on which it has to make the invoices.
        """
        # sudo: salespersons who start it by hand close those of all companies, as the cron does.
        for subscription in self.sudo().search(self._portal_close_due_domain()):
            if not subscription._portal_close_hold():
                continue
            try:
                with self.env.cr.savepoint():
                    subscription._portal_close_now()
            except Exception:
                _logger.exception("Subscription %s can't be closed", subscription.id)

    def _portal_close_hold(self):
        """Have who would change this subscription wait until this transaction has ended.

        :return bool: False if it was changed since this transaction began, in which it can't be changed any more
        """
        try:
            with self.env.cr.savepoint():
                self._portal_close_lock()
        except OperationalError as error:
            _logger.info("Subscription %s is left to the next run: %s", self.id, error)
            return False
        return True
