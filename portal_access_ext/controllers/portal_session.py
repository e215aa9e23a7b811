from odoo import _, http
from odoo.exceptions import UserError
from odoo.http import request, route
from odoo.tools import lazy

from odoo.addons.portal.controllers.portal import CustomerPortal, pager

from .portal_login import HEADERS

SHOWN_SESSIONS = 20
SHOWN_EVENTS = 5
EVENTS_PER_PAGE = 20
ID_MAX = 2**31 - 1


class PortalSession(CustomerPortal):
    """Connection & Security: the password, where the customer is signed in, and what happened to the account."""

    def _prepare_portal_layout_values(self):
        values = super()._prepare_portal_layout_values()
        # All pages of /my have these values, one shows them.
        values["portal_security"] = lazy(self._prepare_portal_security_values)
        return values

    def _prepare_portal_security_values(self):
        """:return dict: what the page shows about the account of a customer; None for others"""
        user = request.env.user
        if not user._is_portal():
            return None
        sessions = request.env["portal.access.session"]._get_open(user)
        current = sessions._get_current()
        events = self._search_own_events(limit=SHOWN_EVENTS)
        return {
            "sessions": (current + (sessions - current))[:SHOWN_SESSIONS],
            "current": current,
            "session_count": len(sessions),
            "session_message": request.params.get("signed_out"),
            "events": self._prepare_events(events),
        }

    # -------------------------------------------------------------------------
    # Password
    # -------------------------------------------------------------------------

    @route()
    def security(self, **post):
        if request.httprequest.method == "POST":
            # Stock expects three texts. A form may lack them, or carry files.
            names = ("old", "new1", "new2")
            post.update({name: post[name] if isinstance(post.get(name), str) else "" for name in names})
        return super().security(**post)

    def _update_password(self, old, new1, new2):
        """Say at the field that the new password is not allowed."""
        if all((old, new1, new2)) and new1 == new2:
            try:
                request.env.user._check_password_policy([new1])
            except UserError as error:
                return {"errors": {"password": {"new1": str(error)}}}
        return super()._update_password(old, new1, new2)

    # -------------------------------------------------------------------------
    # Sessions
    # -------------------------------------------------------------------------

    @route("/my/security/sessions/end", type="http", auth="user", website=True, methods=["POST"])
    def end_session(self, session_id="", **_post):
        """Sign out one of one's own sessions, or all but this one without an id."""
        user = request.env.user
        sessions = request.env["portal.access.session"]._get_open(user)
        current = sessions._get_current()
        if session_id == "":
            chosen = sessions - current
            details = _("All others: %s", len(chosen))
        else:
            # Somebody else's answer like those that don't exist.
            is_id = isinstance(session_id, str) and session_id.isdecimal() and int(session_id) <= ID_MAX
            chosen = sessions.filtered(lambda session: is_id and session.id == int(session_id))
            details = chosen._get_device()
        if chosen and chosen == current:
            request.session.logout(keep_db=True)
            return request.redirect("/web/login")
        if chosen:
            chosen._end()
            request.env["portal.access.event"]._record("session_ended", user.sudo(), {user.id: details})
        return request.redirect(f"/my/security?signed_out={'1' if chosen else '0'}")

    # -------------------------------------------------------------------------
    # Activity
    # -------------------------------------------------------------------------

    @http.route(
        ["/my/security/activity", "/my/security/activity/page/<int:page>"],
        type="http",
        auth="user",
        website=True,
        methods=["GET"],
    )
    def security_activity(self, page=1, **_kw):
        """Show what happened to one's own account, the latest first."""
        events_pager = pager(
            url="/my/security/activity", total=self._count_own_events(), page=page, step=EVENTS_PER_PAGE
        )
        events = self._search_own_events(limit=EVENTS_PER_PAGE, offset=events_pager["offset"])
        values = {
            **self._prepare_portal_layout_values(),
            "page_name": "portal_activity",
            "events": self._prepare_events(events),
            "pager": events_pager,
        }
        return request.render("portal_access_ext.portal_my_activity", values, headers=HEADERS)

    def _get_own_events_domain(self):
        return [("user_id", "=", request.env.uid), ("kind", "in", list(self._get_activity_titles()))]

    def _count_own_events(self):
        # sudo: customers can't read the ledger, where staff is named. These are their own.
        return request.env["portal.access.event"].sudo().search_count(self._get_own_events_domain())

    def _search_own_events(self, limit, offset=0):
        """:return: events of the current user, as superuser: to be shown by :meth:`_prepare_events` only"""
        Event = request.env["portal.access.event"].sudo()
        names = ["kind", "create_date", "actor_id", "details", "ip_address"]
        return Event.search_fetch(self._get_own_events_domain(), names, limit=limit, offset=offset)

    def _prepare_events(self, events_sudo):
        """Say what happened in the customer's words: nobody's name, and no address but of who acted as the customer."""
        titles, uid = self._get_activity_titles(), request.env.uid
        return [
            {
                "on": event.create_date,
                "title": titles[event.kind],
                "is_bad": event.kind == "sign_in_failed",
                "by": self._get_activity_actor(event),
                "device": event.details if event.kind == "signed_in" else None,
                "ip_address": event.ip_address if event.actor_id.id == uid else None,
            }
            for event in events_sudo
        ]

    def _get_activity_actor(self, event):
        """:return str: who did it, where that is a question"""
        if event.kind in ("signed_in", "sign_in_failed"):
            return None
        return _("by you") if event.actor_id.id == request.env.uid else _("by our staff")

    def _get_activity_titles(self):
        """:return dict: what customers read about events of the ledger, by kind; others they don't see"""
        return {
            "signed_in": _("Signed in"),
            "sign_in_failed": _("Sign-in failed"),
            "session_ended": _("Signed out on other devices"),
            "password_changed": _("Password changed"),
            "totp_enabled": _("Two-factor authentication turned on"),
            "totp_disabled": _("Two-factor authentication turned off"),
            "totp_reset": _("Two-factor authentication reset"),
            "recovery_codes_made": _("New recovery codes made"),
            "recovery_code_used": _("Signed in with a recovery code"),
            "login_requested": _("New login asked for"),
            "login_changed": _("Login changed"),
            "email_changed": _("Email address changed"),
        }
