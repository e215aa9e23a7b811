from odoo import models


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _portal_payment_get_credits(self, companies):
        """Return what a customer has paid, or was credited, and no invoice has used yet.

        :param companies: whose books
        :return dict: an amount for each currency in which there is any
        """
        self.ensure_one()
        # sudo: customers can't read payments; the caller says whose credit is shown to whom.
        groups = (
            self.env["account.move.line"]
            .sudo()
            ._read_group(
                [
                    ("partner_id", "=", self.commercial_partner_id.id),
                    ("company_id", "in", companies.ids),
                    ("account_type", "=", "asset_receivable"),
                    ("parent_state", "=", "posted"),
                    ("reconciled", "=", False),
                    ("amount_residual_currency", "<", 0),
                ],
                ["currency_id"],
                ["amount_residual_currency:sum"],
            )
        )
        return {currency: -amount for currency, amount in groups}
