from odoo import api, fields, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    portal_partial_payment = fields.Boolean(
        string="Partial Payment in the Portal",
        groups="account.group_account_invoice",
        copy=False,
        help="This customer may pay any part of an invoice online, from the minimum that is set for the company.",
    )
    portal_partial_payment_counts = fields.Boolean(
        compute="_compute_portal_partial_payment_counts", groups="account.group_account_invoice"
    )

    @api.depends_context("allowed_company_ids")
    def _compute_portal_partial_payment_counts(self):
        """Whether the mark decides anything: not where the company lets all customers, or none."""
        self.portal_partial_payment_counts = "flagged" in self.env.companies.mapped("portal_partial_payment")
