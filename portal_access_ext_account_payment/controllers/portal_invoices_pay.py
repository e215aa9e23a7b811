from urllib.parse import urlencode

from odoo.fields import Date
from odoo.http import request, route

from odoo.addons.payment.controllers.post_processing import PaymentPostProcessing
from odoo.addons.portal_access_ext.models.portal_access_cast import as_id

from .portal_invoice import PortalInvoice

PAGE = "/my/invoices/pay"


class PortalInvoicesPay(PortalInvoice):
    """Several invoices, chosen in the list, are paid at once."""

    @route(PAGE, type="http", methods=["GET"], auth="user", website=True)
    def portal_my_invoices_pay(self, pay=None, amount=None, paid=None, **kwargs):
        """Show what is paid, how much of it, and the form; once it's paid, what became of it."""
        invoices_sudo = self._get_portal_selected_invoices()
        if not invoices_sudo:
            return request.redirect("/my/invoices")
        values = self._prepare_portal_pay_values(invoices_sudo, pay, amount, bool(paid))
        return request.render("portal_access_ext_account_payment.portal_my_invoices_pay", values)

    def _get_portal_selected_invoices(self):
        """:return: the customer invoices in the address that the user can see, as superuser"""
        texts = request.httprequest.args.getlist("invoice_ids")
        ids = [as_id(text) for part in texts for text in part.split(",")][: self._items_per_page]
        Move = request.env["account.move"]
        if not Move.check_access_rights("read", raise_exception=False):
            return Move
        # The rules decide. Of somebody else's invoice nothing is said, as of one that doesn't exist.
        domain = [("id", "in", ids), ("move_type", "=", "out_invoice"), ("state", "=", "posted")]
        # sudo: what is read from here on are these invoices' payments and providers.
        return Move.search(domain).sudo()

    def _prepare_portal_pay_values(self, invoices_sudo, pay, typed, is_paid):
        """Return what the page shows.

        :return dict: `portal_invoices`; by invoice, what is `portal_open` and from when (`portal_due_on`);
            `portal_overdue`, those that are; `portal_paid_sudo`, the transaction the customer comes from, with
            `portal_paid_state`; `portal_groups`, those that can be paid, by whether they can be paid together; and if
            all can, the same as on an invoice's page
        """
        open_amounts = invoices_sudo._portal_payment_get_open_amounts()
        terms = invoices_sudo._portal_payment_get_open_terms()
        due_on = {move: terms[move][0][0] if terms[move] else move.invoice_date_due for move in invoices_sudo}
        invoices_sudo = invoices_sudo.sorted(lambda move: (due_on[move], move.id))
        today = Date.context_today(request.env.user)
        payable = invoices_sudo.filtered(lambda move: open_amounts[move] and move._has_to_be_paid())
        groups = payable.grouped(
            lambda move: (
                move.company_id,
                move.currency_id,
                move.commercial_partner_id,
                move._portal_payment_get_accounts(),
            )
        )
        paid_sudo = self._get_portal_transaction(invoices_sudo) if is_paid else None
        values = {
            **self._prepare_portal_layout_values(),
            "page_name": "portal_invoices_pay",
            "portal_invoices": invoices_sudo,
            "portal_open": open_amounts,
            "portal_due_on": due_on,
            "portal_overdue": invoices_sudo.filtered(lambda move: terms[move] and due_on[move] < today),
            "portal_groups": [
                {
                    "invoices": group,
                    "amount": sum(open_amounts[move] for move in group),
                    "url": self._get_pay_url(group),
                }
                for group in groups.values()
            ],
            "portal_paid_sudo": paid_sudo,
            "portal_paid_state": paid_sudo and paid_sudo._portal_payment_get_state(),
            "portal_pay_url": self._get_pay_url(payable),
        }
        if len(groups) == 1 and not paid_sudo:
            values.update(self._prepare_portal_pay_form_values(payable, pay, typed))
        return values

    def _get_pay_url(self, invoices):
        return f"{PAGE}?{urlencode({'invoice_ids': ','.join(map(str, invoices.ids))})}"

    def _get_portal_transaction(self, invoices_sudo):
        """:return: the last transaction of this session, as superuser, if it is one for some of these invoices"""
        # sudo: customers can't read transactions; it's from their own session.
        Transaction = request.env["payment.transaction"].sudo()
        monitored_id = PaymentPostProcessing.get_monitored_transaction_id()
        transaction_sudo = Transaction.browse(monitored_id or ()).exists()
        return transaction_sudo if transaction_sudo.invoice_ids & invoices_sudo else Transaction

    def _prepare_portal_pay_form_values(self, invoices_sudo, pay, typed):
        """:return dict: what the form needs, under stock's names, and what is said of each of the invoices"""
        partner_sudo = request.env.user.partner_id  # env.user is always superuser
        values = self._prepare_portal_choice_values(invoices_sudo, pay, typed)
        return {
            **values,
            **self._prepare_portal_method_values(invoices_sudo, partner_sudo, values["amount"]),
            **self._prepare_portal_parts_values(invoices_sudo, values["amount"]),
            "portal_invoice_ids": invoices_sudo.ids,
            "company_mismatch": not self._can_partner_pay_in_company(partner_sudo, invoices_sudo.company_id),
            "expected_company": invoices_sudo.company_id,
            "currency": invoices_sudo.currency_id,
            "partner_id": partner_sudo.id,
            "transaction_route": "/my/invoices/transaction",
            "landing_route": f"{self._get_pay_url(invoices_sudo)}&paid=1",
            "access_token": None,
            **self._get_extra_payment_form_values(),
        }

    def _prepare_portal_parts_values(self, invoices_sudo, amount):
        """Return what is said of each of several invoices.

        :return dict: `portal_parts`, how the amount is spread over them, if it isn't all; `portal_discounts`, what
            each saves if it is paid alone, and until when
        """
        if len(invoices_sudo) < 2:
            return {}
        open_amounts = invoices_sudo._portal_payment_get_open_amounts()
        is_part = invoices_sudo.currency_id.compare_amounts(amount, sum(open_amounts.values()))
        discounts = {move: move._portal_payment_get_discount(open_amounts[move]) for move in invoices_sudo}
        return {
            "portal_parts": invoices_sudo._portal_payment_spread(amount) if is_part else {},
            "portal_discounts": {move: discount for move, discount in discounts.items() if discount[0]},
        }
