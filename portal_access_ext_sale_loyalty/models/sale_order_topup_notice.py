import logging

from psycopg2 import OperationalError

from odoo import _, models

_logger = logging.getLogger(__name__)


class SaleOrder(models.Model):
    """Whom we tell of top-ups: the staff of what they have to look after, customers by mail."""

    _inherit = "sale.order"

    def _portal_topup_warn(self, summary, note):
        """Tell whoever is responsible, by an activity on the order."""
        self.ensure_one()
        user = self.user_id or self.team_id.user_id or self.env.ref("base.user_admin", raise_if_not_found=False)
        self.with_context(mail_activity_quick_update=True).activity_schedule(
            "mail.mail_activity_data_warning",
            summary=summary,
            note=note,
            user_id=(user or self.env.ref("base.user_root")).id,
        )

    def _portal_topup_warn_of_surplus(self):
        """Tell the staff of money that no eWallet is credited for."""
        for order in self:
            captured, refunded = order.transaction_ids._portal_topup_get_sums(order.currency_id)
            surplus = captured - refunded
            if order.state == "sale":
                surplus -= order.portal_topup_amount
            elif order.state != "cancel":
                continue
            if order.currency_id.compare_amounts(surplus, 0) > 0:
                order._portal_topup_warn(
                    _("A payment too much"),
                    _(
                        "%(amount)s were paid for a top-up that is cancelled or paid already. The eWallet was not "
                        "credited for it: refund it, or use it for something else.",
                        amount=order.currency_id.format(surplus),
                    ),
                )

    def _send_order_notification_mail(self, mail_template):
        """Let no mail that can't be made undo a payment: Odoo makes them, with a PDF, while it processes that."""
        if not self._portal_topup_filter():
            return super()._send_order_notification_mail(mail_template)
        return self._portal_topup_try_mail(lambda: super(SaleOrder, self)._send_order_notification_mail(mail_template))

    def _portal_topup_try_mail(self, send):
        """Make a mail, of whichever template; where that fails, what it tells of stands."""
        self.ensure_one()
        try:
            with self.env.cr.savepoint():
                return send()
        except OperationalError:
            raise
        except Exception:
            _logger.warning("The mail about the top-up %s can't be made", self.id, exc_info=True)
            return None
