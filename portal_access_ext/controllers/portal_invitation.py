from odoo import http
from odoo.http import request


def show_in_language(code):
    """Render the rest of this request in a language, or the nearest one that visitors can choose."""
    lang = request.env["ir.http"].get_nearest_lang(code) if isinstance(code, str) else None
    if lang:
        request.update_context(lang=lang)


class PortalInvitation(http.Controller):
    @http.route(
        "/portal_access/invitation/request",
        type="http",
        auth="public",
        methods=["GET", "POST"],
        website=True,
        sitemap=False,
    )
    def request_invitation(self, token=None, lang=None, **_values):
        """Have a new invitation sent to whoever's link this was. The answer does not say whether there is somebody."""
        if request.httprequest.method != "POST":
            return request.redirect("/web/login")
        # Not the contact's, which would tell that there is one: the language that the button was shown in.
        show_in_language(lang)
        # sudo: visitors have no rights. What they can cause is decided, and limited, in there.
        request.env["res.partner"].sudo()._portal_access_request_invitation(token, request.httprequest.remote_addr)
        response = request.render("portal_access_ext.invitation_requested")
        response.headers["X-Frame-Options"] = "SAMEORIGIN"
        response.headers["Content-Security-Policy"] = "frame-ancestors 'self'"
        return response
