from odoo import models


class PaymentLinkWizard(models.TransientModel):
    _inherit = "payment.link.wizard"

    def _get_additional_link_values(self):
        """Sign the amount for this invoice: customers may pay it whatever they may choose themselves."""
        values = super()._get_additional_link_values()
        if self.res_model == "account.move":
            invoice = self.env["account.move"].browse(self.res_id)
            values["portal_offer"] = invoice._portal_payment_sign_offer(self.amount)
        return values
