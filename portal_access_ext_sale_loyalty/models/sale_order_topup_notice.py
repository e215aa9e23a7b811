import logging

from psycopg2 import OperationalError

from odoo import _, fields, models

_logger = logging.getLogger(__name__)


class SaleOrder(models.Model):
    """Whom we tell of top-ups: the staff of what they have to look after, customers by mail."""

    _inherit = "sale.order"

    portal_topup_surplus_activity_id = fields.Many2one(
        "mail.activity", readonly=True, copy=False, index="btree_not_null", groups="sales_team.group_sale_salesman"
    )

    def _portal_topup_warn(self, kind, **values):
        """Tell whoever is responsible, by an activity on the order: the same one if it is told again.

        :param str kind: what, see :meth:`_portal_topup_get_warning`
        :return: the activity
        """
        self.ensure_one()
        # Whoever was told before may have another language, or have had one.
        known = {
            self.with_context(lang=lang)._portal_topup_get_warning(kind, **values)[0]
            for lang, _name in self.env["res.lang"].get_installed()
        }
        told = self.activity_ids.filtered(lambda activity: activity.summary in known)[:1]
        user = told.user_id or self._portal_topup_get_responsible()
        summary, note = self.with_context(lang=user.lang or self.env.lang)._portal_topup_get_warning(kind, **values)
        if told:
            told.write({"summary": summary, "note": note})
            return told
        return self.with_context(mail_activity_quick_update=True).activity_schedule(
            "mail.mail_activity_data_warning",
            summary=summary,
            note=note,
            user_id=user.id,
        )

    def _portal_topup_get_warning(self, kind, amount=0.0, balance=0.0, error=""):
        """:return tuple: summary and note of an activity"""
        amount, balance = self.currency_id.format(amount), self.currency_id.format(balance)
        if kind == "surplus":
            return _("A payment too much"), _(
                "%(amount)s were paid for a top-up that is cancelled or paid already. The eWallet was not "
                "credited for it: refund it, or use it for something else.",
                amount=amount,
            )
        if kind == "other_currency":
            return _("The eWallet was not credited"), _(
                "%(amount)s were paid, but the eWallet has another currency by now. Credit it by hand, or refund "
                "the payment.",
                amount=amount,
            )
        if kind == "overdrawn":
            return _("The eWallet is overdrawn"), _(
                "%(amount)s were taken back from an eWallet that has been spent: it is at %(balance)s now.",
                amount=amount,
                balance=balance,
            )
        return _("The invoice could not be made"), error

    def _portal_topup_get_responsible(self):
        """:return: the first of those responsible who sees what is told: active, and allowed to read this order"""
        self.ensure_one()
        nobody = self.env["res.users"]
        managers = self.env.ref("sales_team.group_sale_manager", raise_if_not_found=False)
        admin = self.env.ref("base.user_admin", raise_if_not_found=False)
        candidates = self.user_id | self.team_id.user_id | (admin or nobody) | (managers.users if managers else nobody)
        for user in candidates:
            order = self.with_user(user).with_context(allowed_company_ids=user.company_ids.ids)
            if (
                user.active
                and user._is_internal()
                and order.check_access_rights("read", raise_exception=False)
                and order._filter_access_rules("read")
            ):
                return user
        return self.env.ref("base.user_root")

    def _portal_topup_warn_of_surplus(self, is_paid=True):
        """Tell the staff of money that no eWallet is credited for, as long as it is there.

        :param bool is_paid: whether money has come; what was given back is no news, but what is left changes
        """
        for order in self:
            captured, refunded = order.transaction_ids._portal_topup_get_sums(order.currency_id)
            surplus = captured - refunded
            if order.state == "sale":
                surplus -= order.portal_topup_amount
            elif order.state != "cancel":
                surplus = 0
            activity = order.portal_topup_surplus_activity_id
            if order.currency_id.compare_amounts(surplus, 0) <= 0:
                activity.unlink()
                continue
            if activity:
                lang = activity.user_id.lang or self.env.lang
                activity.note = order.with_context(lang=lang)._portal_topup_get_warning("surplus", amount=surplus)[1]
            elif is_paid:
                order.portal_topup_surplus_activity_id = order._portal_topup_warn("surplus", amount=surplus)

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
