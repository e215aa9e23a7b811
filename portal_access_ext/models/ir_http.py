from werkzeug.exceptions import NotFound

from odoo import api, models
from odoo.exceptions import AccessError
from odoo.http import is_cors_preflight, request, root
from odoo.service.security import check_session

from .portal_access_session import KEY


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    @classmethod
    def _get_translation_frontend_modules_name(cls):
        """Translate our scripts on customers' pages, and Odoo's of two-factor authentication, which it forgets."""
        return [*super()._get_translation_frontend_modules_name(), "portal_access_ext", "auth_totp_portal"]

    @classmethod
    def _authenticate(cls, endpoint):
        """Note once an hour that a customer's session is used, and end it if somebody said so."""
        routing = endpoint.routing
        is_noted = (
            # What can't keep the note in its session would make one for each request.
            routing.get("save_session", True)
            # Left open by a page, which tells nothing of who is there.
            and not routing.get("websocket")
            and not is_cors_preflight(request, endpoint)
        )
        if is_noted and request.session.uid is not None:
            cls._portal_access_note_request()
        request.portal_access_mark = request.session.get(KEY)
        return super()._authenticate(endpoint)

    @classmethod
    def _serve_fallback(cls):
        """Do the same for a page of `website`, which Odoo shows without asking whether the session has ended."""
        session = request.session
        if session.uid is not None:
            cls._portal_access_note_request()
        if session.uid is not None and not check_session(session, request.env):
            cls._portal_access_sign_out()
        return super()._serve_fallback()

    @classmethod
    def _portal_access_note_request(cls):
        if not request.env["portal.access.session"]._note_request():
            cls._portal_access_sign_out()

    @classmethod
    def _portal_access_sign_out(cls):
        """End the session of this request, as Odoo does when its token is not right."""
        request.session.logout(keep_db=True)
        request.env = api.Environment(request.env.cr, None, request.session.context)

    @classmethod
    def _pre_dispatch(cls, rule, args):
        """Let another customer's document in an address of the portal answer like one that does not exist."""
        try:
            return super()._pre_dispatch(rule, args)
        except AccessError:
            if rule.rule.startswith("/my/") and not request.env.user._is_internal():
                raise NotFound()
            raise

    @classmethod
    def _dispatch(cls, endpoint):
        request.params.pop("self", None)  # no page asks for it, and each would fail
        return super()._dispatch(endpoint)

    @classmethod
    def _post_dispatch(cls, response):
        """Note a sign-in, whose session has just got its id. After the second step: before, nobody is signed in."""
        session = request.session
        is_sign_in = session.should_rotate and session.uid
        if is_sign_in:
            mark = session.pop(KEY, None)
            if mark:  # of who was signed in before in the same browser
                request.env["portal.access.session"]._note_sign_out(mark)
        result = super()._post_dispatch(response)
        if is_sign_in and session.can_save:
            request.env["portal.access.session"]._note_request(is_sign_in=True)
            root.session_store.save(session)
        return result

    @classmethod
    def _post_logout(cls):
        result = super()._post_logout()
        mark = getattr(request, "portal_access_mark", None)
        if mark:
            request.env["portal.access.session"]._note_sign_out(mark)
        return result
