from functools import partial

import babel.dates

from odoo import _, _lt, fields
from odoo.exceptions import UserError
from odoo.http import request, route
from odoo.tools import SQL, babel_locale_parse, get_lang, lazy

from odoo.addons.portal.controllers.portal import CustomerPortal, pager

from ..models.portal_access_cast import NUMBER, as_id, as_page
from .portal_login import HEADERS

SHOWN_SESSIONS = 20
SHOWN_EVENTS = 5
EVENTS_PER_PAGE = 20
# Kinds of events that are the customer's own, or a stranger's, and those whose details are a device.
ACTORLESS_KINDS = {"signed_in", "program_signed_in", "sign_in_failed"}
DEVICE_KINDS = {"signed_in", "session_ended"}
# Translated when shown.
ACTIVITY_TITLES = {
    "signed_in": _lt("Signed in"),
    "program_signed_in": _lt("A program signed in"),
    "sign_in_failed": _lt("Sign-in failed"),
    "session_ended": _lt("Signed out on another device"),
    "other_sessions_ended": _lt("Signed out on all other devices"),
    "all_sessions_ended": _lt("Logged out from all devices"),
    "api_keys_removed": _lt("API keys removed"),
    "password_changed": _lt("Password changed"),
    "totp_enabled": _lt("Two-factor authentication turned on"),
    "totp_disabled": _lt("Two-factor authentication turned off"),
    "totp_reset": _lt("Two-factor authentication reset"),
    "recovery_codes_made": _lt("New recovery codes made"),
    "recovery_code_used": _lt("Signed in with a recovery code"),
    "login_requested": _lt("New login asked for"),
    "login_changed": _lt("Login changed"),
    "email_changed": _lt("Email address changed"),
}


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
        format_time = self._get_time_format()
        sessions, count = request.env["portal.access.session"]._describe_open(user, SHOWN_SESSIONS, format_time)
        return {
            "sessions": sessions,
            "more_count": count - len(sessions),
            "has_others": not all(session["is_current"] for session in sessions),
            "key_count": user._portal_access_count_keys(),
            "message": request.params.get("signed_out"),
            "events": self._prepare_events(self._search_own_events(limit=SHOWN_EVENTS), format_time),
        }

    def _get_time_format(self):
        """:return: what makes a text of a time, as the widget of the templates does, which looks all up for each"""
        code = get_lang(request.env)._get_cached("code")
        pattern = request.env["portal.access.session"]._get_time_pattern(code)
        locale, user = babel_locale_parse(code), request.env.user
        write = partial(babel.dates.format_datetime, format=pattern, locale=locale)
        return lambda time: write(fields.Datetime.context_timestamp(user, time))

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
        user, Event = request.env.user, request.env["portal.access.event"]
        Session = request.env["portal.access.session"]
        if session_id == "":
            count = Session._end_of(user, but_current=True)
            if count:
                Event._record("other_sessions_ended", user.sudo(), {user.id: str(count)})
            return request.redirect(f"/my/security?signed_out={'1' if count else '0'}")
        # Somebody else's answer like those that don't exist.
        session_id, sessions = as_id(session_id), Session._get_open(user)
        chosen = sessions.filtered(lambda session: session.id == session_id)
        if chosen and chosen == sessions._get_current():
            request.session.logout(keep_db=True)
            return request.redirect("/web/login")
        if chosen:
            chosen._end()
            Event._record("session_ended", user.sudo(), {user.id: chosen._get_device()})
        return request.redirect(f"/my/security?signed_out={'1' if chosen else '0'}")

    @route("/my/security/keys/remove", type="http", auth="user", website=True, methods=["POST"])
    def remove_keys(self, **_post):
        """Remove all API keys, which stock's page lists for developers only. It lets nobody in, so no password."""
        user = request.env.user
        if not user._is_portal():
            return request.redirect("/my/security")
        user._portal_access_remove_keys()
        return request.redirect("/my/security?signed_out=keys")

    # -------------------------------------------------------------------------
    # Activity
    # -------------------------------------------------------------------------

    @route("/my/security/activity", type="http", auth="user", website=True, methods=["GET"])
    def security_activity(self, page="1", **_kw):
        """Show what happened to one's own account, the latest first."""
        return self._show_activity(as_page(page))

    @route("/my/security/activity/page/<string:page>", type="http", auth="user", website=True, methods=["GET"])
    def security_activity_page(self, page, **_kw):
        """Show a page of it. Not as `int`, on which Odoo fails when it has thousands of digits."""
        if not NUMBER.fullmatch(page):
            raise request.not_found()
        return self._show_activity(as_page(page))

    def _show_activity(self, page):
        events_pager = pager(
            url="/my/security/activity", total=self._count_own_events(), page=page, step=EVENTS_PER_PAGE
        )
        events = self._search_own_events(limit=EVENTS_PER_PAGE, offset=events_pager["offset"])
        values = {
            **self._prepare_portal_layout_values(),
            "page_name": "portal_activity",
            "events": self._prepare_events(events, self._get_time_format()),
            "pager": events_pager,
        }
        return request.render("portal_access_ext.portal_my_activity", values, headers=HEADERS)

    def _get_own_events_condition(self):
        """:return SQL: which events the current user sees: their own, of the kinds that have words for customers"""
        user = request.env.user
        return SQL(
            "event.user_id = %s AND event.kind IN %s AND %s",
            user.id,
            tuple(self._get_activity_titles()),
            request.env["portal.access.event"]._get_own_condition(user),
        )

    def _count_own_events(self):
        # In SQL as customers can't read the ledger, where staff is named. These are their own.
        request.env.cr.execute(
            SQL("SELECT count(*) FROM portal_access_event event WHERE %s", self._get_own_events_condition())
        )
        return request.env.cr.fetchone()[0]

    def _search_own_events(self, limit, offset=0):
        """:return list: a dict for each event of the current user, to be shown by :meth:`_prepare_events` only"""
        request.env.cr.execute(
            SQL(
                """
                SELECT kind, create_date AS "on", actor_id, details, ip_address FROM portal_access_event event
                 WHERE %s ORDER BY id DESC LIMIT %s OFFSET %s
                """,
                self._get_own_events_condition(),
                limit,
                offset,
            )
        )
        return request.env.cr.dictfetchall()

    def _prepare_events(self, events, format_time):
        """Say what happened in the customer's words: nobody's name, and no address but of who acted as the customer."""
        titles, uid = self._get_activity_titles(), request.env.uid
        by_you, by_staff = _("by you"), _("by our staff")
        prepared = []
        for event in events:
            kind, is_own = event["kind"], event["actor_id"] == uid
            parts = [
                # Where it is a question.
                None if kind in ACTORLESS_KINDS else by_you if is_own else by_staff,
                event["details"] if kind in DEVICE_KINDS else None,
                event["ip_address"] if is_own else None,
            ]
            prepared.append(
                {
                    "on": format_time(event["on"]),
                    "title": str(titles[kind]),
                    "is_bad": kind == "sign_in_failed",
                    "text": " · ".join(filter(None, parts)),
                }
            )
        return prepared

    def _get_activity_titles(self):
        """:return dict: what customers read about events of the ledger, by kind; others they don't see"""
        return ACTIVITY_TITLES
