import logging

from odoo.http import request, route

from odoo.addons.auth_signup.controllers.main import AuthSignupHome

from ..models.portal_access_invitation import hash_token
from .portal_invitation import show_in_language

_logger = logging.getLogger(__name__)

OPENED = "portal_access_link"  # in the session: the hash of the last link
REDIRECTED = "in_language"  # in the address


class PortalAccessSignup(AuthSignupHome):
    @route()
    def web_auth_signup(self, *args, **kw):
        """Open an invitation in the language of its mail; let in whoever has signed up, whatever fails afterwards."""
        redirection = self._portal_redirect_to_language()
        if redirection:
            return redirection
        was_signed_in = bool(request.session.uid)
        response = super().web_auth_signup(*args, **kw)
        error = response.is_qweb and response.qcontext.get("error")
        if error and request.session.uid and not was_signed_in:
            # Odoo tells the customer, signed in by now, that a mail to welcome them failed: the French one always does.
            _logger.warning("After user %s had signed up: %s", request.session.uid, error)
            return self.web_login(*args, **kw)
        return response

    @route()
    def web_auth_reset_password(self, *args, **kw):
        """Open the link of a new password in the language of its mail."""
        return self._portal_redirect_to_language() or super().web_auth_reset_password(*args, **kw)

    def _portal_redirect_to_language(self):
        """Send who opens a link that works to the same page in the contact's language, once.

        Odoo takes the browser's. Who chooses another language on the page keeps it.

        :return: a redirection; None if there is nothing to change
        """
        token = request.params.get("token")
        if request.httprequest.method != "GET" or not token or not isinstance(token, str):
            return None
        # sudo: visitors read no contacts; the mail of the very link that they hold is in this language.
        holder = request.env["res.partner"].sudo()._signup_retrieve_partner(token, check_validity=True)
        if not holder:
            return None
        link = hash_token(token)
        is_opened = request.session.get(OPENED) == link
        request.session[OPENED] = link
        code = request.env["ir.http"].get_nearest_lang(holder.lang)
        # Without cookies, Odoo leads from the site's own language back to the browser's: not more than once.
        if is_opened or REDIRECTED in request.params or not code or code == request.env.lang:
            return None
        path = f"/{request.env['res.lang']._lang_get(code).url_code}{request.httprequest.path}"
        return request.redirect_query(path, {**request.httprequest.args, REDIRECTED: 1})

    def get_auth_signup_qcontext(self):
        """Say at once that a link is expired or used; stock shows the form, and fails when it is sent."""
        qcontext = super().get_auth_signup_qcontext()
        token = qcontext.get("token")
        if token:
            # sudo: visitors read no contacts; they are told about the very link that they hold.
            Partner = request.env["res.partner"].sudo()
            if Partner._portal_access_link_problem(token):
                show_in_language(Partner._portal_access_link_holder(token).lang)
                problem = request.env["res.partner"].sudo()._portal_access_link_problem(token)
                qcontext.update(invalid_token=True, portal_link_problem=problem, error=problem["title"])
        return qcontext
