from odoo import _
from odoo.exceptions import UserError
from odoo.fields import Date
from odoo.http import request
from odoo.tools import lazy

from odoo.addons.account_payment.controllers.portal import PortalAccount

TO_PAY = [("move_type", "=", "out_invoice"), ("state", "=", "posted"), ("payment_state", "in", ("not_paid", "partial"))]


class PortalInvoice(PortalAccount):
    """An invoice's page: how much to pay, and what has been paid. What is due, on the dashboard and in the list."""

    # One invoice

    def _invoice_get_page_view_values(self, invoice, access_token, pay=None, amount=None, **kwargs):
        values = super()._invoice_get_page_view_values(invoice, access_token, **kwargs)
        if invoice.move_type == "out_invoice" and invoice.state == "posted":
            is_customer = self._is_portal_customer_of(invoice)
            values["portal_payments"] = invoice._portal_payment_describe(is_customer)
            if is_customer:
                customer_sudo = invoice.commercial_partner_id
                values["portal_credits"] = customer_sudo._portal_payment_get_credits(invoice.company_id)
        if "payment_methods_sudo" in values:  # it has to be paid
            values.update(self._prepare_portal_choice_values(invoice, pay, amount))
            if values["amount"] != invoice.amount_total:  # for which stock has asked
                partner_sudo = request.env["res.partner"].sudo().browse(values["partner_id"])
                values.update(self._prepare_portal_method_values(invoice, partner_sudo, values["amount"]))
        return values

    def _is_portal_customer_of(self, invoice_sudo):
        """:return bool: whether the current user may know of this customer's payments; who only has a link may not"""
        return (
            request.env.user.partner_id.commercial_partner_id == invoice_sudo.commercial_partner_id
            and self._can_see_portal_invoices()
        )

    @staticmethod
    def _can_see_portal_invoices():
        """:return bool: whether the current user can see any; visitors and employees without accounting can't"""
        return request.env["account.move"].check_access_rights("read", raise_exception=False)

    def _prepare_portal_choice_values(self, invoices_sudo, pay, typed):
        """Return what the page says of how much is paid.

        :param invoices_sudo: one invoice or several, which have to be paid and may be paid together
        :param pay: the key of a choice, as the browser sends it
        :param typed: the amount that the customer typed, if the choice is to do that
        :return dict: `amount`, which is paid; `portal_choices`, see `_portal_payment_get_choices`; `portal_choice`,
            the key of the one that is shown; `portal_typed`, `portal_amount_error`
        """
        choices = invoices_sudo._portal_payment_get_choices()
        if not choices:
            return {"amount": sum(invoices_sudo._portal_payment_get_open_amounts().values())}
        chosen = next((choice for choice in choices if choice["key"] == pay), None)
        values = {
            "amount": choices[0]["amount"],
            "portal_choices": choices,
            "portal_choice": chosen["key"] if chosen else choices[0]["key"],
            "portal_is_chosen": bool(chosen),
            "portal_typed": typed if isinstance(typed, str) else "",
            "portal_amount_error": "",
        }
        if chosen:
            try:
                values["amount"] = invoices_sudo._portal_payment_get_amount(chosen["key"], typed)
            except UserError as problem:
                values["portal_amount_error"] = str(problem)
        return values

    def _prepare_portal_method_values(self, invoices_sudo, partner_sudo, amount):
        """:return dict: what stock's form needs to pay an amount: providers, methods, saved methods"""
        company = invoices_sudo.company_id or request.env.company
        currency = invoices_sudo.currency_id
        # sudo: as in stock, customers can't read providers.
        providers_sudo = (
            request.env["payment.provider"]
            .sudo()
            ._get_compatible_providers(company.id, partner_sudo.id, amount, currency_id=currency.id)
        )
        return {
            "providers_sudo": providers_sudo,
            "payment_methods_sudo": request.env["payment.method"]
            .sudo()
            ._get_compatible_payment_methods(providers_sudo.ids, partner_sudo.id, currency_id=currency.id),
            "tokens_sudo": request.env["payment.token"]
            .sudo()
            ._get_available_tokens(providers_sudo.ids, partner_sudo.id),
            "show_tokenize_input_mapping": self._compute_show_tokenize_input_mapping(providers_sudo),
        }

    # The list

    def _get_account_searchbar_filters(self):
        overdue = [
            ("display_type", "=", "payment_term"),
            ("reconciled", "=", False),
            ("date_maturity", "<", Date.context_today(request.env.user)),
        ]
        return {
            **super()._get_account_searchbar_filters(),
            "to_pay": {"label": _("To Pay"), "domain": TO_PAY},
            "overdue": {"label": _("Overdue"), "domain": [*TO_PAY, ("line_ids", "any", overdue)]},
        }

    def _prepare_my_invoices_values(self, page, date_begin, date_end, sortby, filterby, *args, **kwargs):
        values = super()._prepare_my_invoices_values(page, date_begin, date_end, sortby, filterby, *args, **kwargs)
        # Stock's second page has all invoices, whatever the first was of.
        values["pager"]["url_args"]["filterby"] = filterby
        values["portal_describe_invoices"] = self._prepare_portal_invoices_values
        return values

    def _prepare_portal_invoices_values(self, invoices):
        """Return what the list says of invoices that the current user can read.

        :return dict: `payable`, those that can be ticked; `overdue`, which have something overdue
        """
        invoices_sudo = invoices.sudo().filtered(lambda move: move.move_type == "out_invoice")
        terms = invoices_sudo._portal_payment_get_open_terms()
        today = Date.context_today(request.env.user)
        return {
            "payable": invoices_sudo.filtered(lambda move: terms[move] and move._has_to_be_paid()),
            "overdue": invoices_sudo.filtered(lambda move: terms[move] and terms[move][0][0] < today),
        }

    # The dashboard

    def _prepare_portal_layout_values(self):
        values = super()._prepare_portal_layout_values()
        # All pages of /my have these values, one shows them.
        values["portal_dues"] = lazy(self._prepare_portal_dues_values)
        return values

    def _prepare_portal_dues_values(self):
        """Look up what the current user's company owes, as far as they can see its invoices.

        :return dict: `dues`, for each currency a dict of `currency`, `amount` and `overdue`; `credits` by currency
        """
        if not self._can_see_portal_invoices():
            return {"dues": [], "credits": {}}
        customer = request.env.user.partner_id.commercial_partner_id
        # Only what the sums need: an invoice has more than a hundred fields.
        invoices = request.env["account.move"].search_fetch(
            [*TO_PAY, ("commercial_partner_id", "=", customer.id)],
            ["move_type", "state", "payment_state", "amount_residual", "currency_id"],
        )
        terms = invoices.sudo()._portal_payment_get_open_terms() if invoices else {}
        today = Date.context_today(request.env.user)
        dues = {}
        for move, its_terms in terms.items():
            for due_on, amount in its_terms:
                due = dues.setdefault(move.currency_id, {"currency": move.currency_id, "amount": 0.0, "overdue": 0.0})
                due["amount"] += amount
                due["overdue"] += amount if due_on < today else 0.0
        return {
            "dues": sorted(dues.values(), key=lambda due: due["currency"].name),
            "credits": customer._portal_payment_get_credits(request.env.user.company_ids),
        }
