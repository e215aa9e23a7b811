from urllib.parse import urlencode

from werkzeug.exceptions import NotFound

from odoo import _
from odoo.exceptions import AccessError, MissingError, ValidationError
from odoo.fields import Command
from odoo.http import request, route

from odoo.addons.account_payment.controllers.payment import PaymentPortal
from odoo.addons.portal_access_ext.models.portal_access_cast import ID_MAX, as_id

# More than one payment can sensibly stand for.
INVOICES_MAX = 100


class InvoicePayment(PaymentPortal):
    """Who pays invoices, and how much: decided here, whatever the browser sends."""

    @route()
    def invoice_transaction(self, invoice_id, access_token=None, **kwargs):
        # What is no token is none. Stock fails on some.
        if not isinstance(access_token, str) or not access_token.isascii():
            access_token = None
        try:
            if not 0 < invoice_id <= ID_MAX:
                raise MissingError(_("This invoice doesn't exist."))
            self._document_check_access("account.move", invoice_id, access_token)
        except (AccessError, MissingError) as error:
            # Don't leak information about ids.
            raise self._get_portal_no_invoice() from error
        return super().invoice_transaction(invoice_id, access_token, **kwargs)

    @route("/my/invoices/transaction", type="json", auth="user")
    def portal_invoices_transaction(self, invoice_ids=None, **kwargs):
        """Make a transaction for several invoices of the customer, see :meth:`invoice_transaction`.

        :param list invoice_ids: ids of the invoices to pay
        :param dict kwargs: further data passed to `_create_transaction`
        :return dict: the values for the processing of the transaction
        :raise ValidationError: if they can't be paid together, or not this amount
        """
        kwargs.pop("access_token", None)  # who is signed in needs none
        self._validate_transaction_kwargs(kwargs)
        invoices_sudo = self._get_portal_invoices(invoice_ids)
        invoices_sudo._portal_payment_check_together()
        kwargs.update(
            currency_id=invoices_sudo.currency_id.id,
            partner_id=request.env.user.partner_id.id,
            custom_create_values={"invoice_ids": [Command.set(invoices_sudo.ids)]},
        )
        if len(invoices_sudo) > 2:  # a reference with the names of many is too long for providers
            kwargs["reference_prefix"] = f"{invoices_sudo[0].name}-and-{len(invoices_sudo) - 1}-more"
        return self._create_transaction(**kwargs)._get_processing_values()

    def _get_portal_invoices(self, invoice_ids):
        """Return the invoices with ids from the browser as superuser, if the current user may read them all.

        :raise ValidationError: if not
        """
        invoices = request.env["account.move"]._portal_payment_browse(invoice_ids)
        if len(invoices) > INVOICES_MAX:
            raise ValidationError(_("At most %s invoices can be paid together.", INVOICES_MAX))
        if not invoices.check_access_rights("read", raise_exception=False):
            raise self._get_portal_no_invoice()
        # No other journal entries: what pays them is no matter of ours, and no check is made of it.
        domain = [("id", "in", invoices.ids), ("move_type", "in", invoices.get_invoice_types())]
        found = invoices.search(domain, order="invoice_date_due, id")
        if not found or len(found) != len(invoices):
            raise self._get_portal_no_invoice()
        return found.sudo()  # found by the rules of the current user

    @staticmethod
    def _get_portal_no_invoice():
        return ValidationError(
            _("This invoice can't be paid here. Please sign in, or use the link that you were sent.")
        )

    # -------------------------------------------------------------------------
    # All transactions
    # -------------------------------------------------------------------------

    def _create_transaction(self, *args, amount=None, custom_create_values=None, **kwargs):
        """Decide whether this may be paid before anything is made, and before any provider is asked.

        All routes that make a transaction come here, with whichever documents.
        """
        field = request.env["payment.transaction"]._fields["invoice_ids"]
        # sudo: the routes have checked the access to them.
        Transaction = request.env["payment.transaction"].sudo()
        invoice_ids = field.convert_to_cache((custom_create_values or {}).get(field.name) or [], Transaction)
        invoices_sudo = request.env["account.move"].sudo().browse(invoice_ids)
        # Other entries and receipts over the counter are as in stock, where transactions don't hold them.
        if any(move.is_invoice() for move in invoices_sudo):
            if kwargs.pop("is_validation", False):
                raise ValidationError(_("An invoice is paid with an amount."))
            invoices_sudo._portal_payment_lock()
            offered = self._get_portal_offer(invoices_sudo)
            amount = invoices_sudo._portal_payment_check(amount, offered)
            self._check_portal_means(invoices_sudo, amount, **kwargs)
            custom_create_values = {
                **custom_create_values,
                "portal_discount": invoices_sudo._portal_payment_get_discount_of(amount),
            }
            if offered and not invoices_sudo.currency_id.compare_amounts(amount, offered):
                custom_create_values["portal_offer"] = request.httprequest.args["offer"]
            if not _is_text(kwargs.get("landing_route")):
                kwargs["landing_route"] = "/my/invoices"
        return super()._create_transaction(*args, amount=amount, custom_create_values=custom_create_values, **kwargs)

    @staticmethod
    def _check_portal_means(
        invoices_sudo,
        amount,
        flow=None,
        provider_id=None,
        payment_method_id=None,
        token_id=None,
        partner_id=None,
        currency_id=None,
        **kwargs,
    ):
        """Check that this is a way to pay that the page offers for this. Stock takes any from the browser.

        A disabled provider, or another company's, would take money that nobody can book.

        :raise ValidationError: if it isn't
        """
        currency = invoices_sudo.currency_id
        # sudo: as the page does.
        env = request.env(su=True)
        if flow == "token":  # whose it is, is checked where all transactions are made
            provider_id = env["payment.token"]._portal_access_browse(token_id).provider_id.id
        providers = env["payment.provider"]._get_compatible_providers(
            invoices_sudo.company_id.id, partner_id, amount, currency_id=currency.id
        )
        provider = providers.filtered(lambda provider: type(provider_id) is int and provider.id == provider_id)
        is_offered = bool(provider) and currency_id == currency.id
        if is_offered and flow != "token":
            methods = env["payment.method"]._get_compatible_payment_methods(
                provider.ids, partner_id, currency_id=currency.id
            )
            is_offered = type(payment_method_id) is int and payment_method_id in methods.ids
        if not is_offered:
            raise ValidationError(_("This payment method can't be used. Please choose another one."))

    # -------------------------------------------------------------------------
    # Payment links
    # -------------------------------------------------------------------------

    @route()
    def payment_pay(self, *args, amount=None, invoice_id=None, access_token=None, **kwargs):
        """Show the invoice instead, with what is due now, where a link offers what can't be paid any more."""
        invoice_id = as_id(invoice_id) or None  # stock fails on great ones
        response = super().payment_pay(*args, amount=amount, invoice_id=invoice_id, access_token=access_token, **kwargs)
        if not invoice_id:
            return response
        # sudo: the link's token was checked for this invoice.
        invoice_sudo = request.env["account.move"].sudo().browse(invoice_id)
        if invoice_sudo.is_invoice():
            if invoice_sudo.state == "draft":
                raise NotFound()  # it was not sent to anybody yet
            offered = invoice_sudo._portal_payment_read_offer(amount, kwargs.get("portal_offer"))
            try:
                invoice_sudo._portal_payment_check(self._cast_as_float(amount), offered)
            except ValidationError:
                return request.redirect(invoice_sudo.get_portal_url())
        return response

    def _get_extra_payment_form_values(self, portal_offer=None, **kwargs):
        """Let the form send on what the company has offered in its link."""
        form_values = super()._get_extra_payment_form_values(**kwargs)
        if kwargs.get("invoice_id") and isinstance(portal_offer, str):
            offer = urlencode({"amount": kwargs.get("amount"), "offer": portal_offer})
            form_values["transaction_route"] += f"?{offer}"
        return form_values

    def _get_portal_offer(self, invoices_sudo):
        """:return: the amount that a payment link of the company offers for the invoice, or None"""
        arguments = request.httprequest.args
        return invoices_sudo._portal_payment_read_offer(arguments.get("amount"), arguments.get("offer"))


def _is_text(value):
    """:return bool: whether it is text that the database can keep"""
    return isinstance(value, str) and value.isprintable()
