from odoo import models


class Website(models.Model):
    _inherit = "website"

    def _prepare_sale_order_values(self, partner_sudo):
        """Let what the customer chose in the portal go before the addresses of the last order, which the shop takes."""
        values = super()._prepare_sale_order_values(partner_sudo)
        for kind, name in (("delivery", "partner_shipping_id"), ("invoice", "partner_invoice_id")):
            address = partner_sudo._portal_access_default(kind)
            if address:
                values[name] = address.id
        return values
