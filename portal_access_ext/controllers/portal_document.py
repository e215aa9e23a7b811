from odoo.http import request

from odoo.addons.portal.controllers.portal import CustomerPortal


class PortalDocument(CustomerPortal):
    """The page of a document."""

    def _get_page_view_values(self, document, access_token, values, session_history, no_breadcrumbs, **kwargs):
        values = super()._get_page_view_values(
            document, access_token, values, session_history, no_breadcrumbs, **kwargs
        )
        # Odoo lets customers write a message on most documents only with the token that is in the links of its lists.
        # Who came another way, and has been let in, gets the same.
        user = request.env.user
        if (
            not values.get("token")
            and user.share
            and not user._is_public()
            and hasattr(document, "_portal_ensure_token")
        ):
            # sudo: customers can't write the token where there is none yet.
            values["token"] = document.sudo()._portal_ensure_token()
        return values
