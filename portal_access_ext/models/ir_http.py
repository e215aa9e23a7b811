from odoo import api, models
from odoo.http import is_cors_preflight, request, root

from .portal_access_session import KEY


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    @classmethod
    def _authenticate(cls, endpoint):
        """Note once an hour that a customer's session is used, and end it if somebody said so."""
        session, routing = request.session, endpoint.routing
        is_noted = (
            session.uid is not None
            # What can't keep the note in its session would make one for each request.
            and routing.get("save_session", True)
            # Left open by a page, which tells nothing of who is there.
            and not routing.get("websocket")
            and not is_cors_preflight(request, endpoint)
        )
        if is_noted and not request.env["portal.access.session"]._note_request():
            # As Odoo does with a session whose token is not right.
            session.logout(keep_db=True)
            request.env = api.Environment(request.env.cr, None, session.context)
        request.portal_access_mark = session.get(KEY)
        return super()._authenticate(endpoint)

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
            request.env["portal.access.session"]._note_request()
            root.session_store.save(session)
        return result

    @classmethod
    def _post_logout(cls):
        result = super()._post_logout()
        mark = getattr(request, "portal_access_mark", None)
        if mark:
            request.env["portal.access.session"]._note_sign_out(mark)
        return result
