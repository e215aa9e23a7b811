from odoo import _
from odoo.exceptions import ValidationError
from odoo.http import request

from odoo.addons.payment.controllers.portal import PaymentPortal

from ..models.loyalty_program import AMOUNT_MAX


class TopupPayment(PaymentPortal):
    def _create_transaction(self, *args, amount=None, custom_create_values=None, **kwargs):
        """Let top-ups be paid with a number: Odoo hands on what the browser sends.

        Whether it is the right one is decided where transactions are made, see `_portal_topup_check_payable`.
        """
        field = request.env["payment.transaction"]._fields["sale_order_ids"]
        # sudo: the route has checked the access to the order.
        Transaction = request.env["payment.transaction"].sudo()
        order_ids = field.convert_to_cache((custom_create_values or {}).get(field.name) or [], Transaction)
        is_number = isinstance(amount, int | float) and not isinstance(amount, bool) and 0 < amount <= AMOUNT_MAX
        if request.env["sale.order"].sudo().browse(order_ids)._portal_topup_filter() and not is_number:
            raise ValidationError(_("A top-up is paid with an amount."))
        return super()._create_transaction(*args, amount=amount, custom_create_values=custom_create_values, **kwargs)
