from odoo import Command, _
from odoo.exceptions import AccessError, UserError
from odoo.http import request, route

from odoo.addons.payment.controllers.portal import PaymentPortal

from ..models.payment_token import DOCUMENT_FIELDS


class PortalPayment(PaymentPortal):
    """The page of saved payment methods, and who may pay with which of them."""

    @route()
    def payment_method(self, **kwargs):
        # Nothing of the address: stock hands it on to methods with parameters of those names.
        response = super().payment_method()
        if getattr(response, "qcontext", None) is not None:
            response.qcontext.update(self._prepare_portal_saved_methods_values(response.qcontext["tokens_sudo"]))
            response.qcontext["portal_is_unavailable"] = "unavailable" in kwargs
        return response

    def _prepare_portal_saved_methods_values(self, tokens_sudo):
        """Return what the page says of the saved methods besides what stock does.

        :return dict: `portal_saved_methods` by id, see `payment.token._portal_access_describe`, and
            `portal_gone_sudo`, those that the customer has lost
        """
        partner_sudo = request.env.user.partner_id  # env.user is always superuser
        return {
            "portal_saved_methods": tokens_sudo._portal_access_describe(partner_sudo),
            # sudo: as for the saved methods, the company's and the fields of providers.
            "portal_gone_sudo": request.env["payment.token"].sudo()._portal_access_get_gone(partner_sudo),
        }

    @route("/my/payment_method/default", type="http", methods=["POST"], auth="user", website=True)
    def portal_payment_default(self, token_id=None, **kwargs):
        """Let the customer choose which of their own methods is preselected when they pay."""
        token_sudo = self._get_portal_saved_method(self._cast_as_int(token_id))
        partner_sudo = request.env.user.partner_id
        if token_sudo.partner_id != partner_sudo:
            return request.redirect("/my/payment_method?unavailable=1")
        partner_sudo.portal_default_token_id = token_sudo
        return request.redirect("/my/payment_method")

    @route()
    def archive_token(self, token_id=None):
        token_sudo = self._get_portal_saved_method(token_id)
        if not token_sudo:
            # Don't leak information about ids.
            raise UserError(_("This payment method doesn't exist any more. Please reload the page."))
        token_sudo._portal_access_check_owner()
        return super().archive_token(token_sudo.id)

    def _get_portal_saved_method(self, token_id):
        """:return: the method with an id from the browser, as superuser, if the page lists it; or none"""
        tokens_sudo = request.env["payment.token"].sudo()
        listed = tokens_sudo._get_available_tokens(None, request.env.user.partner_id.id, is_validation=True)
        return tokens_sudo._portal_access_browse(token_id) & listed

    def _create_transaction(
        self,
        provider_id=None,
        payment_method_id=None,
        token_id=None,
        amount=None,
        currency_id=None,
        partner_id=None,
        flow=None,
        tokenization_requested=None,
        landing_route=None,
        **kwargs,
    ):
        """Let nobody pay with the method of somebody else in the same company, or with one that isn't shown.

        Stock takes the id from the browser, and accepts all methods of the same commercial entity. All
        routes that make a transaction come here. What a browser leaves out is empty, and refused where it matters.
        """
        if flow == "token":
            token_sudo = request.env["payment.token"].sudo()._portal_access_browse(token_id)
            payers_sudo = self._get_portal_payers(partner_id, kwargs.get("custom_create_values"))
            if not token_sudo._portal_access_is_usable_by(payers_sudo):
                raise AccessError(_("This payment method can't be used. Please choose another one."))
        return super()._create_transaction(
            provider_id=provider_id,
            payment_method_id=payment_method_id,
            token_id=token_id,
            amount=amount,
            currency_id=currency_id,
            partner_id=partner_id,
            flow=flow,
            tokenization_requested=tokenization_requested,
            landing_route=landing_route,
            **kwargs,
        )

    def _get_portal_payers(self, partner_id, create_values=None):
        """Return whose saved methods the current user may pay with, as superuser.

        :param partner_id: the contact that the transaction is for, which may be another one's billing address
        :param dict create_values: further values of the transaction, with the documents that are paid
        """
        user_sudo = request.env.user
        partner_sudo = user_sudo.env["res.partner"].browse(self._cast_as_int(partner_id))
        if not user_sudo._is_public():
            return user_sudo.partner_id | partner_sudo if user_sudo._is_internal() else user_sudo.partner_id
        # Who has the link to a document may pay for its contacts, as in stock; see
        # `_portal_access_offered` for the methods that this is about.
        fields = request.env["payment.transaction"]._fields
        for name in DOCUMENT_FIELDS:
            for command, _id, document_ids in (create_values or {}).get(name, ()):
                if command == Command.SET:
                    documents_sudo = user_sudo.env[fields[name].comodel_name].sudo().browse(document_ids)
                    partner_sudo |= documents_sudo.partner_id
        return partner_sudo
