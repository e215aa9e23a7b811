from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL


class PortalTopupReceived(models.TransientModel):
    """A bank transfer for a top-up has arrived: what no provider tells, the accountant does."""

    _name = "portal.topup.received"
    _description = "Payment of a Top-Up Received"
    _check_company_auto = True

    order_id = fields.Many2one("sale.order", required=True, readonly=True)
    company_id = fields.Many2one(related="order_id.company_id")
    transaction_id = fields.Many2one(
        "payment.transaction", string="Payment", compute="_compute_transaction_id", compute_sudo=True
    )
    reference = fields.Char(related="transaction_id.reference", related_sudo=True)
    amount = fields.Monetary(related="transaction_id.amount", related_sudo=True)
    currency_id = fields.Many2one(related="transaction_id.currency_id", related_sudo=True)
    journal_id = fields.Many2one(
        "account.journal",
        string="Received In",
        required=True,
        check_company=True,
        domain="[('type', 'in', ('bank', 'cash')), ('company_id', '=', company_id)]",
        compute="_compute_journal_id",
        store=True,
        precompute=True,
        readonly=False,
    )
    date = fields.Date(string="Received On", required=True, default=fields.Date.context_today)

    @api.depends("order_id")
    def _compute_transaction_id(self):
        for wizard in self:
            wizard.transaction_id = wizard.order_id._portal_topup_get_transfers()[:1]

    @api.depends("order_id")
    def _compute_journal_id(self):
        for wizard in self:
            wizard.journal_id = self.env["account.journal"].search(
                [("type", "=", "bank"), ("company_id", "=", wizard.order_id.company_id.id)], limit=1
            )

    def action_confirm(self):
        """Book the payment, once, and let it do what a payment by a provider does."""
        self.ensure_one()
        self.check_access_rights("write")
        self.env["account.payment"].check_access_rights("create")
        self.order_id.check_access_rights("read")
        self.order_id.check_access_rule("read")
        # sudo: accountants have no right to process payments of providers. They may book this one by hand.
        order = self.order_id.sudo()
        order._portal_topup_lock()
        transaction = order._portal_topup_get_transfers()[:1]
        if not transaction or transaction != self.transaction_id:
            raise UserError(_("There is no payment of this top-up to wait for any more."))
        self.env.cr.execute(SQL("UPDATE payment_transaction SET write_date = write_date WHERE id = %s", transaction.id))
        payment = self.env["account.payment"].create(
            {
                "amount": transaction.amount,
                "currency_id": transaction.currency_id.id,
                "date": self.date,
                "journal_id": self.journal_id.id,
                "partner_id": transaction.partner_id.commercial_partner_id.id,
                "partner_type": "customer",
                "payment_type": "inbound",
                "ref": f"{transaction.reference} - {order.name}",
            }
        )
        payment.action_post()
        payment.sudo().payment_transaction_id = transaction
        transaction.payment_id = payment
        transaction._set_done()
        transaction._finalize_post_processing()
        return {"type": "ir.actions.act_window_close"}
