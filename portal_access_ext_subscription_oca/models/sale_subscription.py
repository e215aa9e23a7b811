from odoo import _, api, fields, models
from odoo.osv.expression import AND, OR
from odoo.tools import format_date

STAFF = "base.group_user"
# The stages that subscription_oca makes, by the name that it gives them.
SHIPPED_STAGES = {
    "Ready to start": "subscription_oca.subscription_stage_draft",
    "In progress": "subscription_oca.subscription_stage_in_progress",
    "Closed": "subscription_oca.subscription_stage_closed",
}


class SaleSubscription(models.Model):
    """What customers see of their subscriptions."""

    _name = "sale.subscription"
    _inherit = ["sale.subscription", "portal.mixin"]

    # What the company notes for itself. Customers read the rest of the record, over RPC as well.
    color = fields.Integer(groups=STAFF)
    sequence = fields.Integer(groups=STAFF)
    description = fields.Text(groups=STAFF)
    tag_ids = fields.Many2many(groups=STAFF)
    journal_id = fields.Many2one(groups=STAFF)
    fiscal_position_id = fields.Many2one(groups=STAFF)
    crm_team_id = fields.Many2one(groups=STAFF)
    image = fields.Binary(groups=STAFF)

    def _compute_access_url(self):
        for subscription in self:
            subscription.access_url = f"/my/subscriptions/{subscription.id}"

    # -------------------------------------------------------------------------
    # Which ones
    # -------------------------------------------------------------------------

    @api.model
    def _portal_get_filters(self):
        """Return the domains of the filters of the customer's list, which the record rules limit to the own ones.

        `subscription_oca` archives what it closes. What the company archived otherwise is none of the customer's
        business. To be used with `active_test=False`.

        :return dict: domains by name; `all` is what the others are a part of
        """
        # sudo: customers can't read stages.
        closed_stages = self.env["sale.subscription.stage"].sudo().search([("type", "=", "post")])
        closed = ["|", ("stage_id", "in", closed_stages.ids), ("portal_close_state", "=", "closed")]
        not_closed = [("stage_id", "not in", closed_stages.ids), ("portal_close_state", "!=", "closed")]
        active = [("active", "=", True)]
        today = fields.Date.today()
        # At its end the cron of subscription_oca takes the next date from a subscription, and doesn't close it.
        ended = [("in_progress", "=", True), ("recurring_next_date", "=", False), ("date", "<=", today)]
        # Not as "!" of what is over: without a date that would be neither.
        not_ended = OR(
            [
                [("in_progress", "=", False)],
                [("recurring_next_date", "!=", False)],
                [("date", "=", False)],
                [("date", ">", today)],
            ]
        )
        over = OR([closed, AND([active, ended])])
        open_ = AND([active, not_closed, not_ended])
        return {
            "all": OR([active, closed]),
            "in_progress": AND([open_, [("in_progress", "=", True)]]),
            "to_renew": AND([open_, [("to_renew", "=", True)]]),
            "closed": over,
        }

    @api.model
    def _portal_get_search_domain(self, text, where):
        """:return list: a domain for what a customer looks for, in `reference`, in `product` or in both (`all`)"""
        domains = {
            "reference": [("name", "ilike", text)],
            "product": [("sale_subscription_line_ids.name", "ilike", text)],
        }
        if where in domains:
            return domains[where]
        # sudo: customers can't read templates; the name of theirs is on the page.
        templates = self.env["sale.subscription.template"].sudo().search([("name", "ilike", text)])
        return OR([*domains.values(), [("template_id", "in", templates.ids)]])

    def _portal_is_over(self):
        """:return bool: whether this subscription is closed, or has reached its end; see `_portal_get_filters`"""
        self.ensure_one()
        return (
            not self.active
            or self.stage_id.type == "post"
            or self.portal_close_state == "closed"
            or bool(
                self.in_progress and not self.recurring_next_date and self.date and self.date <= fields.Date.today()
            )
        )

    # -------------------------------------------------------------------------
    # What the pages say
    # -------------------------------------------------------------------------

    def _portal_get_status(self):
        """:return tuple: the stage in words for the customer, and the style of its badge"""
        self.ensure_one()
        if self._portal_is_over():
            is_closed = self.stage_id.type == "post" or self.portal_close_state == "closed"
            return (_("Closed") if is_closed else _("Ended")), "text-bg-light border"
        if self.portal_close_state == "planned":
            return _("Closes on %(date)s", date=format_date(self.env, self.portal_close_date)), "text-bg-warning"
        if self.portal_close_state == "asked":
            return _("Asked to close"), "text-bg-warning"
        if self.to_renew:
            return _("To renew"), "text-bg-warning"
        style = "text-bg-primary" if self.in_progress else "text-bg-light border"
        words = _("In progress") if self.in_progress else _("Not started")
        return self._portal_get_stage_name() or words, style

    def _portal_get_stage_name(self):
        """:return str: the stage's name; none for those of `subscription_oca` in a language that it doesn't speak"""
        stage = self.stage_id
        if (self.env.lang or "en_US") == "en_US":
            return stage.name
        # What the company renamed it in any language, it wants to be read.
        xmlid = SHIPPED_STAGES.get(stage.name)
        if xmlid and stage.id == self.env["ir.model.data"]._xmlid_to_res_id(xmlid):
            return False
        return stage.name

    def _portal_get_recurrence(self):
        """:return str: how often it is paid; nothing if the template doesn't say so"""
        self.ensure_one()
        count = self.template_id.recurring_interval
        if count < 1:
            return ""
        texts = {
            "days": (_("every day"), _("every %(count)s days", count=count)),
            "weeks": (_("every week"), _("every %(count)s weeks", count=count)),
            "months": (_("every month"), _("every %(count)s months", count=count)),
            "years": (_("every year"), _("every %(count)s years", count=count)),
        }
        one, many = texts.get(self.template_id.recurring_rule_type, ("", ""))
        return one if count == 1 else many

    def _portal_get_totals(self):
        """Add up the lines: the totals that subscription_oca stores are not updated when a line changes.

        :return dict: `untaxed`, `tax`, `total`
        """
        self.ensure_one()
        lines = self.sale_subscription_line_ids
        untaxed, tax = sum(lines.mapped("price_subtotal")), sum(lines.mapped("amount_tax_line_amount"))
        return {"untaxed": untaxed, "tax": tax, "total": untaxed + tax}

    def _portal_get_orders(self):
        """:return: the own sale orders of this subscription that the customer was sent, newest first"""
        orders = self.sale_order_id | self.sale_order_ids
        return self._portal_only_own(orders.filtered(lambda order: order.state in ("sent", "sale", "done")))

    def _portal_get_invoices(self):
        """:return: the own invoices of this subscription, newest first"""
        moves = self.invoice_ids | self.sale_order_ids.invoice_ids
        return self._portal_only_own(
            moves.filtered(lambda move: move.state == "posted" and move.move_type in ("out_invoice", "out_refund"))
        )

    def _portal_get_saved_method(self, partner):
        """Return the saved method with which its invoices were paid last, if that is a contact's or their company's.

        `subscription_oca` has none of its own.

        :param partner: the contact who looks
        :return: a `payment.token`, or none
        """
        transactions = self._portal_get_invoices().transaction_ids
        paid = transactions.filtered(lambda transaction: transaction.state == "done" and transaction.token_id)
        token = paid.sorted("id")[-1:].token_id
        return token if token._portal_access_is_usable_by(partner) else token.browse()

    def _portal_only_own(self, documents):
        """Leave out what is for somebody else, whatever it has to do with this subscription."""
        customer = self.partner_id.commercial_partner_id
        documents = documents.filtered(lambda document: document.partner_id.commercial_partner_id == customer)
        return documents.sorted("id", reverse=True)

    # -------------------------------------------------------------------------
    # Messages
    # -------------------------------------------------------------------------

    def _message_get_suggested_recipients(self):
        """Offer to write to the customer, whom subscription_oca doesn't make a follower."""
        recipients = super()._message_get_suggested_recipients()
        for subscription in self.filtered("partner_id"):
            subscription._message_add_suggested_recipient(
                recipients, partner=subscription.partner_id, reason=_("Customer")
            )
        return recipients

    def _notify_get_recipients_groups(self, message, model_description, msg_vals=None):
        """Notify others of what customers write."""
        # sudo: portal makes links for those who are told, which it refuses to customers who came without a token.
        subscriptions = self.sudo()
        return super(SaleSubscription, subscriptions)._notify_get_recipients_groups(
            message, model_description, msg_vals=msg_vals
        )

    def _message_post_after_hook(self, message, msg_vals):
        """Have customers who write hear of the answer, and somebody hear of them.

        subscription_oca makes neither the customer nor the salesperson a follower.
        """
        author = message.sudo().author_id
        if message.message_type in ("comment", "email") and author.partner_share and not message.is_internal:
            subscription = self.sudo()  # they can't add followers
            if author.commercial_partner_id == subscription.partner_id.commercial_partner_id:
                partners = author
                if all(follower.partner_share for follower in subscription.message_partner_ids):
                    partners |= subscription._portal_get_responsible().partner_id
                subscription.message_subscribe(partners.ids)
        return super()._message_post_after_hook(message, msg_vals)
