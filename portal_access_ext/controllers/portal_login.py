from odoo import _
from odoo.exceptions import AccessDenied
from odoo.http import request, route

from odoo.addons.portal.controllers.portal import CustomerPortal, get_error

GUESSES_PER_HOUR = 5
REQUESTS_PER_DAY = 5
HEADERS = {"X-Frame-Options": "SAMEORIGIN", "Content-Security-Policy": "frame-ancestors 'self'"}
# The address of the page is the secret.
LINK_HEADERS = {**HEADERS, "Referrer-Policy": "no-referrer", "Cache-Control": "no-store", "X-Robots-Tag": "noindex"}


class PortalLogin(CustomerPortal):
    """The customer's login: shown, asked to be changed, confirmed, undone."""

    # -------------------------------------------------------------------------
    # Connection and security
    # -------------------------------------------------------------------------

    @route()
    def security(self, **post):
        return self._show_login(super().security(**post))

    @route()
    def deactivate_account(self, validation="", password="", **post):
        return self._show_login(super().deactivate_account(validation, password, **post))

    @route("/my/security/login", type="http", auth="user", website=True, methods=["POST"])
    def change_login(self, new_login="", password="", **_post):
        """Ask for another login: nothing changes before it is confirmed."""
        login_values = self._prepare_portal_login_values()
        if not login_values or not login_values["may_change"]:
            return request.redirect("/my/security")
        # A form may carry files, too.
        new_login, password = (text if isinstance(text, str) else "" for text in (new_login, password))
        login_values["new_login"] = new_login.strip()
        errors, email = self._request_login(request.env.user, new_login, password)
        login_values.update(errors=errors, sent_to=email)
        values = {
            **self._prepare_portal_layout_values(),
            "get_error": get_error,
            "allow_api_keys": bool(request.env["ir.config_parameter"].sudo().get_param("portal.allow_api_keys")),
            "open_deactivate_modal": False,
            "portal_login": login_values,
        }
        return request.render("portal.portal_my_security", values, headers=HEADERS)

    def _show_login(self, response):
        """Add the login to the page of stock, if it is that page."""
        if response.is_qweb:
            response.qcontext["portal_login"] = self._prepare_portal_login_values()
        return response

    def _prepare_portal_login_values(self):
        """:return dict: what the card about the login shows; None for who is no customer"""
        user = request.env.user
        if not user._is_portal():
            return None
        return {
            "login": user.login,
            "may_change": request.env["portal.access.login.change"]._is_offered(),
            # Customers can't read a company; its name, email and phone are in every mail.
            "company": user.company_id.sudo(),
            "new_login": "",
            "sent_to": False,
            "errors": {},
        }

    def _request_login(self, user, new_login, password):
        """Check what the customer typed, and send the link.

        :return tuple: the errors by field, and the address that the link goes to, or False
        """
        Partner, Limit = request.env["res.partner"], request.env["portal.access.limit"].sudo()
        errors = {}
        email = Partner._portal_access_normalize_email(new_login)
        if not email:
            errors["new_login"] = _("Type one email address.")
        elif email == user.login.strip().lower():
            errors["new_login"] = _("This is your login already.")
        if not password:
            errors["password"] = _("Type your password.")
        if errors:
            return errors, False
        if not Limit._take("login_password", user.id, GUESSES_PER_HOUR, 3600):
            return {"form": _("Too many attempts. Please try again in an hour.")}, False
        try:
            user._check_credentials(password, {"interactive": True})
        except AccessDenied as error:
            wrong = error.args[0] == AccessDenied().args[0]
            return {"password": _("This is not your password.") if wrong else error.args[0]}, False
        if not Limit._take("login_request", user.id, REQUESTS_PER_DAY, 24 * 3600):
            return {"form": _("You have asked for a new login often today. Please try again tomorrow.")}, False
        # The password is checked: customers have no rights of their own on their user.
        request.env["portal.access.login.change"].sudo()._request_by_customer(user.sudo(), email)
        return {}, email

    # -------------------------------------------------------------------------
    # The links in the mails
    # -------------------------------------------------------------------------

    @route(
        "/my/login/<any(confirm,undo):purpose>/<int:change_id>/<string:signature>",
        type="http",
        auth="public",
        website=True,
        multilang=False,
        sitemap=False,
        methods=["GET", "POST"],
    )
    def login_link(self, purpose, change_id, signature, **_post):
        """Show what the link does, for mail scanners too; do it when the button is pressed."""
        change = request.env["portal.access.login.change"].sudo()._find_by_link(purpose, change_id, signature)
        if change:
            lang = change.partner_id.lang or request.env.lang
            # Who holds the link acts as the customer, signed in or not.
            change = change.with_user(change.user_id).with_context(lang=lang).sudo()
            request.update_context(lang=lang)
        problem, outcome = change._get_problem(purpose), None
        if not problem and request.httprequest.method == "POST":
            problem = change._confirm() if purpose == "confirm" else change._undo()
            if not problem:
                outcome = "confirmed" if purpose == "confirm" else "undone"
                self._stay_signed_in(change.user_id, outcome)
        values = {
            "change": change,
            "purpose": purpose,
            "problem": problem,
            "outcome": problem["code"] if problem else outcome,
            "contact_company": change.company_id or request.env.company.sudo(),
        }
        return request.render("portal_access_ext.login_link", values, headers=LINK_HEADERS)

    def _stay_signed_in(self, user, outcome):
        """Keep the customer signed in who confirms in the browser that is; undoing signs everybody out."""
        if outcome == "confirmed" and request.session.uid == user.id:
            user.env.flush_all()
            request.session.session_token = user._compute_session_token(request.session.sid)
