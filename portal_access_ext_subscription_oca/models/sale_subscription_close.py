from markupsafe import Markup

from odoo import _, api, fields, models
from odoo.tools import format_date, plaintext2html

SELLERS = "sales_team.group_sale_salesman"


class SaleSubscription(models.Model):
    """How customers ask to close a subscription, and think better of it."""

    _inherit = "sale.subscription"

    portal_close_state = fields.Selection(
        selection=[
            ("asked", "Asked to close"),
            ("planned", "Closes at the end of the period"),
            ("closed", "Closed"),
        ],
        string="Customer's Wish to Close",
        readonly=True,
        copy=False,
        index="btree_not_null",
    )
    portal_close_asked_on = fields.Datetime(string="Asked to Close On", readonly=True, copy=False)
    portal_close_partner_id = fields.Many2one("res.partner", string="Asked to Close By", readonly=True, copy=False)
    portal_close_reason_id = fields.Many2one(
        "sale.subscription.close.reason", string="Customer's Reason", readonly=True, copy=False
    )
    portal_close_text = fields.Text(string="Customer's Words", readonly=True, copy=False)
    portal_close_date = fields.Date(string="Closes On", readonly=True, copy=False)
    portal_close_activity_id = fields.Many2one(
        "mail.activity", string="Activity of the Wish to Close", readonly=True, copy=False, groups="base.group_user"
    )

    def write(self, values):
        result = super().write(values)
        if "stage_id" in values:
            self._portal_close_follow_stage()
        return result

    # -------------------------------------------------------------------------
    # What is possible
    # -------------------------------------------------------------------------

    def _portal_close_is_open(self):
        """:return bool: whether the customer waits for this subscription to be closed"""
        self.ensure_one()
        return self.portal_close_state in ("asked", "planned") and not self._portal_is_over()

    def _portal_close_can_ask(self):
        """:return bool: whether a customer can ask to close this subscription"""
        self.ensure_one()
        return not self._portal_is_over() and not self._portal_close_is_open()

    def _portal_close_can_withdraw(self):
        """:return bool: whether it can be taken back; on its last day the cron may be closing it any moment"""
        self.ensure_one()
        is_due = self.portal_close_state == "planned" and self.portal_close_date <= fields.Date.today()
        return self._portal_close_is_open() and not is_due

    def _portal_close_get_setting(self):
        """:return str: what happens when a customer asks, see `res.company.portal_subscription_close`"""
        self.ensure_one()
        return self.company_id.portal_subscription_close or "activity"

    def _portal_close_get_period_end(self):
        """:return date: the first day that isn't paid, on which the next invoice would be made; or today"""
        self.ensure_one()
        today = fields.Date.today()  # as subscription_oca compares its dates
        if not self.in_progress:
            return today
        end = self.recurring_next_date or self.date or today
        return max(min(end, self.date or end), today)

    def _portal_close_get_outlook(self):
        """:return str: what happens when a customer asks today: `activity`, `now`, or the date on which it closes"""
        self.ensure_one()
        setting = self._portal_close_get_setting()
        if setting != "period_end":
            return setting
        end = self._portal_close_get_period_end()
        return fields.Date.to_string(end) if end > fields.Date.today() else "now"

    # -------------------------------------------------------------------------
    # Asking
    # -------------------------------------------------------------------------

    def _portal_close_ask(self, partner, reason, text):
        """Do what the company has set for a customer who asks to close this subscription, as superuser.

        :param partner: the contact who asks
        :param reason: a `sale.subscription.close.reason`, or none
        :param str text: what the customer says
        :return bool: False if there was nothing to be done, as after a double click
        """
        self.ensure_one()
        self._portal_close_lock()
        if not self._portal_close_can_ask():
            return False
        setting, today = self._portal_close_get_setting(), fields.Date.today()
        day = {"activity": False, "period_end": self._portal_close_get_period_end(), "now": today}[setting]
        self.write(
            {
                "portal_close_state": "planned" if day else "asked",
                "portal_close_asked_on": fields.Datetime.now(),
                "portal_close_partner_id": partner.id,
                "portal_close_reason_id": reason.id,
                "portal_close_text": text or False,
                "portal_close_date": day,
            }
        )
        if not day:
            title = _("Asked to close this subscription.")
        elif day > today:
            title = _("Closes this subscription on %(date)s.", date=format_date(self.env, day))
        else:
            title = _("Closes this subscription.")
        self._portal_close_note(partner, title)
        if day and day <= today:
            self._portal_close_now()
            return True
        if not day:
            self._portal_close_make_activity()
        self._portal_close_mail(partner | self.partner_id)
        return True

    def _portal_close_withdraw(self, partner):
        """Take back what a customer asked, as superuser.

        :param partner: the contact who does so
        :return bool: False if there was nothing to be taken back
        """
        self.ensure_one()
        self._portal_close_lock()
        if not self._portal_close_can_withdraw():
            return False
        asker = self.portal_close_partner_id
        self._portal_close_forget()
        self._portal_close_note(partner, _("Keeps this subscription after all."))
        self._portal_close_mail(partner | asker | self.partner_id, withdrawn=True)
        return True

    def action_portal_close_dismiss(self):
        """Forget what customers asked, where the salesperson has come to another agreement with them."""
        self.check_access_rights("write")
        self.check_access_rule("write")
        asked = self.filtered(lambda subscription: subscription._portal_close_is_open())
        askers = {subscription: subscription.portal_close_partner_id for subscription in asked}
        asked._portal_close_forget()
        for subscription, asker in askers.items():
            subscription.message_post(body=_("The wish to close this subscription is settled: it goes on."))
            # sudo: templates are rendered with what the salesperson may not read, as the company.
            subscription.sudo()._portal_close_mail(asker | subscription.partner_id, withdrawn=True)
        return True

    def _portal_close_lock(self):
        """Have only one at a time decide on a subscription: Odoo tries the request again that came second."""
        self.flush_recordset()
        query = "UPDATE sale_subscription SET write_date = write_date WHERE id = %s"
        self.env.cr.execute(query, [self.id], log_exceptions=False)
        self.invalidate_recordset()

    def _portal_close_forget(self):
        # sudo: the activity may be another salesperson's.
        self.sudo().portal_close_activity_id.unlink()
        self.write(
            {name: False for name, field in self._fields.items() if name.startswith("portal_close_") and field.store}
        )

    # -------------------------------------------------------------------------
    # Closing
    # -------------------------------------------------------------------------

    def _portal_close_now(self):
        """Close a subscription by the button and the dialog of `subscription_oca`."""
        self.ensure_one()
        self.action_close_subscription()
        dialog = self.env["close.reason.wizard"].create({"close_reason_id": self.portal_close_reason_id.id})
        dialog.with_context(active_id=self.id).button_confirm()
        if self.portal_close_state != "closed":
            # There is no stage for closed ones, without which the dialog only archives it.
            self.in_progress = False
            self._portal_close_settle()

    def _portal_close_follow_stage(self):
        """Note that what customers asked was done, by whoever; and that it counts no more when it is open again."""
        closed = self.filtered(lambda subscription: subscription.stage_id.type == "post")
        closed.filtered(
            lambda subscription: subscription.portal_close_state in ("asked", "planned")
        )._portal_close_settle()
        (self - closed).filtered(
            lambda subscription: subscription.portal_close_state == "closed"
        )._portal_close_forget()

    def _portal_close_settle(self):
        for subscription in self:
            # sudo: the activity may be another salesperson's, and the mail is the company's.
            subscription_sudo = subscription.sudo()
            subscription_sudo.portal_close_activity_id.unlink()
            subscription_sudo.write(
                {
                    "portal_close_state": "closed",
                    "portal_close_date": fields.Date.today(),
                    # The dialog of subscription_oca stores the reason, and then its stage wipes it.
                    "close_reason_id": subscription_sudo.portal_close_reason_id.id,
                }
            )
            subscription_sudo._portal_close_mail(
                subscription_sudo.portal_close_partner_id | subscription_sudo.partner_id
            )

    # -------------------------------------------------------------------------
    # Who is told
    # -------------------------------------------------------------------------

    def _portal_close_note(self, partner, title):
        """Write in the discussion what a contact has done, in their name."""
        body = Markup("<p>%s</p>") % title
        if self.portal_close_reason_id:
            body += Markup("<p>%s</p>") % _("Reason: %(reason)s", reason=self.portal_close_reason_id.name)
        if self.portal_close_text:
            body += plaintext2html(self.portal_close_text)
        self.with_context(mail_notify_force_send=False, mail_create_nosubscribe=True).message_post(
            body=body,
            author_id=partner.id,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            partner_ids=self._portal_get_responsible().partner_id.ids,
        )

    def _portal_close_make_activity(self):
        """Ask the salesperson, or who is responsible, to see to it."""
        user = self._portal_get_responsible()
        if not user:
            return
        self = self.with_context(lang=user.lang, mail_notify_force_send=False)
        # They are told by the note already.
        self.portal_close_activity_id = self.with_context(mail_activity_quick_update=True).activity_schedule(
            "mail.mail_activity_data_todo",
            user_id=user.id,
            summary=_("The customer asks to close this subscription"),
            note=plaintext2html(self.portal_close_text) if self.portal_close_text else False,
        )

    @api.model
    def _portal_close_can_handle(self, user, company):
        return user.active and user.has_group(SELLERS) and company in user.company_ids

    def _portal_get_responsible(self):
        """Return who has to see to what a customer asks. An override may choose somebody else."""
        contact = self._portal_get_contact()
        if contact:
            return contact
        managers = self.env.ref("sales_team.group_sale_manager").users.sorted("id")
        return managers.filtered(lambda user: self._portal_close_can_handle(user, self.company_id))[:1]

    def _portal_get_contact(self):
        """Return whom the customer is told as contact: the first of these who may open subscriptions.

        The salesperson of a subscription is whoever confirmed the order, for `subscription_oca`: also the customer.
        """
        self.ensure_one()
        company = self.company_id
        candidates = (
            self.user_id | self.sale_order_id.user_id | company.portal_subscription_user_id | self.crm_team_id.user_id
        )
        return candidates.filtered(lambda user: self._portal_close_can_handle(user, company))[:1]
