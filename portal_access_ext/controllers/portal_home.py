from odoo.http import request, route
from odoo.tools import lazy

from odoo.addons.portal.controllers.portal import CustomerPortal


class PortalHome(CustomerPortal):
    """The dashboard: a number on each card, and the customer's own account beside them."""

    @route()
    def counters(self, counters, **kw):
        request.update_context(portal_access_count_all=True)
        return super().counters(counters, **kw)

    def _prepare_portal_layout_values(self):
        values = super()._prepare_portal_layout_values()
        # All pages of /my have these values, few show them.
        values["portal_account"] = lazy(self._prepare_portal_account_values)
        return values

    def _prepare_portal_account_values(self):
        """Look up what the column beside the dashboard says about the current user's account.

        An override may add entries, and show them in `portal.side_content`.

        :return dict: `has_two_factor`; `last_sign_in`, what to say of the sign-in before this one, or None;
            `payment_token_count`; `is_payment_offered`, whether there is anything to be managed
        """
        user = request.env.user
        partner = user.partner_id
        # sudo: customers can't read the payment methods of their company, which the page lists too.
        # They are counted only: no need to read each field of each.
        tokens = request.env["payment.token"].sudo().with_context(prefetch_fields=False)
        tokens = tokens._get_available_tokens(None, partner.id, is_validation=True)
        return {
            "has_two_factor": bool(user._mfa_type()),
            "last_sign_in": request.env["portal.access.session"]._get_other_sign_in(user),
            "payment_token_count": len(tokens),
            "is_payment_offered": bool(
                tokens
                or self._can_save_payment_method(partner)
                or request.env["payment.token"].sudo()._portal_access_get_gone(partner, limit=1)
            ),
        }

    def _can_save_payment_method(self, partner):
        """:return bool: whether the page of payment methods has any to choose from"""
        # sudo: customers can't read providers. The same two questions as on the page itself.
        providers = (
            request.env["payment.provider"]
            .sudo()
            ._get_compatible_providers(
                request.env.company.id, partner.id, 0.0, force_tokenization=True, is_validation=True
            )
        )
        return bool(providers) and bool(
            request.env["payment.method"]
            .sudo()
            ._get_compatible_payment_methods(providers.ids, partner.id, force_tokenization=True)
        )
