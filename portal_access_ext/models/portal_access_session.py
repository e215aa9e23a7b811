import hashlib
import logging
import re
import time
from datetime import timedelta

import psycopg2

from odoo import SUPERUSER_ID, _, api, fields, models, tools
from odoo.http import SESSION_LIFETIME, request
from odoo.service.security import check_session
from odoo.tools import SQL

_logger = logging.getLogger(__name__)

# Where a session keeps what it needs to know of its own row.
KEY = "portal_access_session"
STAMP_SECONDS = 3600
# Sessions are forgotten when Odoo's daily cleaning comes by, and are good until then.
FORGETTING_SECONDS = 24 * 3600
LIFETIME_MAX = 10 * 365 * 24 * 3600
# Newer ones than Odoo's own parser knows, which takes them for those that they claim to be alike.
BROWSERS = [
    (re.compile(r"\bEdg(e|A|iOS)?/"), "Edge"),
    (re.compile(r"\bOPR/|\bOPiOS/"), "Opera"),
    (re.compile(r"\bSamsungBrowser/"), "Samsung Internet"),
    (re.compile(r"\bFxiOS/"), "Firefox"),
]
NAMES = {
    "msie": "Internet Explorer",
    "seamonkey": "SeaMonkey",
    "webkit": "WebKit",
    "chromeos": "ChromeOS",
    "ipad": "iPad",
    "iphone": "iPhone",
    "macos": "macOS",
}


class PortalAccessSession(models.Model):
    """Where a customer is, or was lately, signed in.

    A row belongs to a session of Odoo's session store, wherever that is, by the hash of its id: nothing
    in here opens a session. The session itself knows that it has a row, and when the next stamp is due,
    so that requests in between cost nothing. A row that says that its session has ended ends it at its
    next request, see `_compute_session_token`; and so does one that is gone, when the next stamp is due.

    Nobody has any right on this model. Customers see their own on their pages.
    """

    _name = "portal.access.session"
    _description = "Portal Session"
    _order = "last_on desc, id desc"
    _log_access = False
    _rec_name = "user_id"

    user_id = fields.Many2one("res.users", required=True, readonly=True, ondelete="cascade", index=True)
    sid_hash = fields.Char(required=True, readonly=True, groups=fields.NO_ACCESS)
    browser = fields.Char(readonly=True)
    system = fields.Char(readonly=True)
    ip_address = fields.Char(readonly=True, help="Where it was last used from.")
    first_on = fields.Datetime(required=True, readonly=True)
    is_older = fields.Boolean(readonly=True, help="The customer had signed in before it was first noted.")
    last_on = fields.Datetime(required=True, readonly=True, index=True, help="Exact to the hour.")
    ended_on = fields.Datetime(readonly=True)

    _sql_constraints = [("sid_hash_unique", "UNIQUE (sid_hash)", "A session has one row.")]

    # -------------------------------------------------------------------------
    # Requests
    # -------------------------------------------------------------------------

    @api.model
    def _note_request(self, is_sign_in=False):
        """Take note that the session of this request is used, once an hour.

        :param bool is_sign_in: whether it begins with this request
        :return bool: False for a session that was ended
        """
        session = request.session
        mark, sid_hash = session.get(KEY), self._hash(session.sid)
        if mark and mark["uid"] != session.uid:
            mark = None
        if mark and mark["sid"] == sid_hash and time.time() < mark["due"]:
            return True
        env = request.env(user=session.uid)
        if not env.user._is_portal() or not check_session(session, env):
            return True  # of the latter, Odoo takes care
        try:
            is_alive = self._stamp(env.user, sid_hash, mark and mark["sid"], is_sign_in)
        except psycopg2.Error:
            _logger.warning("A portal session could not be noted", exc_info=True)  # the next request tries again
            return True
        session[KEY] = {"uid": session.uid, "sid": sid_hash, "due": int(time.time()) + STAMP_SECONDS}
        return is_alive

    @api.model
    def _stamp(self, user, sid_hash, known_hash, is_sign_in=False):
        """Write down that a session is used, at once: also if the request fails, and beside others of the session.

        :param str known_hash: the hash that the session's row was last known by; Odoo may have given it another id
        :param bool is_sign_in: whether the session begins now
        :return bool: False if the session was ended
        """
        agent, ip_address = request.httprequest.user_agent, request.httprequest.remote_addr
        with self._own_cursor() as cr:
            now = cr.now()
            if known_hash:
                cr.execute(
                    """
                    UPDATE portal_access_session SET sid_hash = %s, last_on = %s, ip_address = %s
                     WHERE user_id = %s AND sid_hash IN %s AND ended_on IS NULL
                    """,
                    [sid_hash, now, ip_address, user.id, (sid_hash, known_hash)],
                )
                return bool(cr.rowcount)
            browser, system = self._parse_agent(agent)
            cr.execute(
                """
                INSERT INTO portal_access_session AS session
                            (user_id, sid_hash, browser, system, ip_address, first_on, last_on, is_older)
                     VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
                ON CONFLICT (sid_hash)
                  DO UPDATE SET user_id = excluded.user_id, last_on = excluded.last_on, ip_address = excluded.ip_address
                      WHERE session.ended_on IS NULL
                  RETURNING xmax = 0
                """,
                [user.id, sid_hash, browser, system, ip_address, now, now, not is_sign_in],
            )
            [is_new] = cr.fetchone() or [None]
            if is_new and is_sign_in:
                user = user.with_env(api.Environment(cr, SUPERUSER_ID, {}))
                details = {user.id: self._name_device(browser, system)}
                user.env["portal.access.event"]._record("signed_in", user, details, actor=user)
            return is_new is not None

    @api.model
    def _note_sign_out(self, mark):
        """Take note that the session that a mark is of was signed out, for whatever reason. It may be gone already."""
        try:
            with self._own_cursor() as cr:
                # Whoever has locked the row is ending it, too: the request itself, perhaps.
                cr.execute(
                    """
                    UPDATE portal_access_session SET ended_on = %s
                     WHERE id IN (SELECT id FROM portal_access_session
                                   WHERE sid_hash = %s AND ended_on IS NULL FOR UPDATE SKIP LOCKED)
                    """,
                    [cr.now(), mark["sid"]],
                )
        except psycopg2.Error:  # they are signed out all the same
            _logger.warning("The end of a portal session could not be noted", exc_info=True)

    def _own_cursor(self):
        """:return: a cursor of its own, committed at once, on which nobody waits for long"""
        cr = self.pool.cursor()
        if not self.pool.in_test_mode():  # tests share one cursor
            # Several requests of a session at a time wait for each other, where Odoo's level would have them fail.
            cr.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
            cr.execute("SET LOCAL lock_timeout = '3s'")
        return cr

    # -------------------------------------------------------------------------
    # Ends
    # -------------------------------------------------------------------------

    @api.model
    def _is_ended(self, sid):
        """Look it up as it is now: the request may have begun before the end was committed, and its answer is kept.

        :return bool: whether the session with an id was ended by a row
        """
        query = "SELECT FROM portal_access_session WHERE sid_hash = %s AND ended_on IS NOT NULL"
        with self.pool.cursor() as cr:
            cr.execute(query, [self._hash(sid)])
            return bool(cr.rowcount)

    @api.model
    def _get_end_count(self):
        """:return tuple: what changes in this process when sessions end, before they are looked at again"""
        return getattr(self.pool, "portal_access_end_count", 0), self.pool.cache_sequences.get("default")

    @api.model
    def _get_open(self, user):
        """:return: the sessions in which a user is signed in, the latest used first"""
        # sudo: nobody has rights on this model. The caller asks for the current user's.
        return self.sudo().search_fetch(
            [
                *[("user_id", "=", user.id), ("ended_on", "=", False)],
                *["|", ("last_on", ">=", self._get_oldest()), ("sid_hash", "=", self._hash(request.session.sid))],
            ],
            ["sid_hash", "browser", "system"],
        )

    @api.model
    def _get_other_sign_in(self, user):
        """:return dict: when and from where a user last signed in, this time excepted, or None"""
        self.env.cr.execute(
            SQL(
                """
                SELECT create_date AS "on", kind, details AS device, ip_address FROM portal_access_event event
                 WHERE user_id = %(user_id)s AND kind IN ('signed_in', 'program_signed_in') AND %(is_own)s
                   AND NOT EXISTS (SELECT FROM portal_access_session
                                    WHERE sid_hash = %(sid_hash)s AND first_on = event.create_date)
                 ORDER BY id DESC LIMIT 1
                """,
                user_id=user.id,
                is_own=self.env["portal.access.event"]._get_own_condition(user),
                sid_hash=self._hash(request.session.sid),
            )
        )
        sign_in = self.env.cr.dictfetchone()
        if sign_in and sign_in["kind"] == "program_signed_in":
            sign_in["device"] = _("A program")
        return sign_in

    def _get_current(self):
        """:return: that of these sessions which the request is made in"""
        sid_hash = self._hash(request.session.sid)
        return self.filtered(lambda session: session.sid_hash == sid_hash)

    def _get_device(self):
        """:return str: browser and system of the session, the same in each language"""
        return self._name_device(self.browser, self.system)

    @api.model
    def _describe_open(self, user, limit, format_time):
        """Say of the sessions in which a user is signed in what the user reads: this one first, then the latest used.

        :param format_time: what makes a text of a time
        :return tuple: a list of a dict each, and how many there are without the limit
        """
        self.flush_model()
        self.env.cr.execute(
            """
            SELECT id, browser, system, ip_address, first_on, last_on, is_older,
                   sid_hash = %(current)s AS is_current, count(*) OVER () AS count
              FROM portal_access_session
             WHERE user_id = %(user)s AND ended_on IS NULL AND (last_on >= %(oldest)s OR sid_hash = %(current)s)
             ORDER BY is_current DESC, last_on DESC, id DESC LIMIT %(limit)s
            """,
            {
                "user": user.id,
                "current": self._hash(request.session.sid),
                "oldest": self._get_oldest(),
                "limit": limit,
            },
        )
        sessions, pattern = self.env.cr.dictfetchall(), _("%(browser)s on %(system)s")
        for session in sessions:
            if session["browser"] and session["system"]:
                session["device"] = pattern % session
            else:
                session["device"] = session["browser"] or session["system"] or _("Unknown browser")
            session.update({name: format_time(session[name]) for name in ("first_on", "last_on")})
        return sessions, sessions[0]["count"] if sessions else 0

    def _end(self):
        """End these sessions: they are signed out at their next request, in whichever process.

        :return int: how many there were to end
        """
        open_sessions = self.filtered(lambda session: not session.ended_on)
        if open_sessions:
            open_sessions.write({"ended_on": fields.Datetime.now()})
            open_sessions.flush_recordset()
            self._forget_tokens()
        return len(open_sessions)

    @api.model
    def _end_of(self, users, but_current=False):
        """End the sessions of these users, also those that were not used for long.

        :param bool but_current: except the one of this request
        :return int: how many there were to end
        """
        if not users:
            return 0
        current = self._hash(request.session.sid) if but_current and request else ""
        self.flush_model()
        self.env.cr.execute(
            "UPDATE portal_access_session SET ended_on = %s"
            " WHERE user_id IN %s AND ended_on IS NULL AND sid_hash != %s",
            [fields.Datetime.now(), tuple(users.ids), current],
        )
        count = self.env.cr.rowcount
        if count:
            self.invalidate_model(["ended_on"], flush=False)
            self._forget_tokens()
        return count

    @api.model
    def _remove_of(self, users):
        """Forget the sessions of these users without ending them."""
        if users:
            self.flush_model()
            self.env.cr.execute("DELETE FROM portal_access_session WHERE user_id IN %s", [tuple(users.ids)])
            self.invalidate_model(flush=False)

    def _forget_tokens(self):
        """Have all processes look at each session again.

        Once the end is committed, too: a request in between would keep the session alive in this process.
        """
        self.env.registry.clear_cache()
        self.env.cr.postcommit.add(self._forget_committed)

    def _forget_committed(self):
        # Who looked before the commit, and is still about to keep the answer, keeps it for nobody.
        self.pool.portal_access_end_count = self._get_end_count()[0] + 1
        self.env.registry.clear_cache()

    # -------------------------------------------------------------------------
    # What it says
    # -------------------------------------------------------------------------

    @api.model
    @tools.ormcache("lang_code")
    def _get_time_pattern(self, lang_code):
        """:return str: how times without seconds are written in a language, as babel takes it"""
        # sudo: everybody's languages.
        lang = self.env["res.lang"].sudo()._lang_get(lang_code)
        locale = tools.babel_locale_parse(lang_code)
        pattern = tools.posix_to_ldml(f"{lang.date_format} {lang.time_format}", locale=locale)
        return pattern.replace(":ss", "").replace(":s", "")

    @api.model
    def _hash(self, sid):
        # Session ids are random: there is nothing to guess that a slower hash would protect.
        return hashlib.sha256(sid.encode()).hexdigest()

    @api.model
    def _parse_agent(self, agent):
        """:return tuple: the names of the browser and of the system, or None"""
        browser = next((name for pattern, name in BROWSERS if pattern.search(agent.string)), agent.browser)
        return tuple(
            name and NAMES.get(name, name if name[0].isupper() else name.title()) for name in (browser, agent.platform)
        )

    @api.model
    def _name_device(self, browser, system):
        """:return str: browser and system, the same in each language"""
        return ", ".join(filter(None, (browser, system))) or None

    # -------------------------------------------------------------------------
    # Retention
    # -------------------------------------------------------------------------

    @api.model
    def _get_lifetime(self):
        """:return int: after how many seconds without use Odoo forgets a session"""
        value = self.env["ir.config_parameter"].sudo().get_param("sessions.max_inactivity_seconds")
        try:
            # Use is known to the hour only.
            return min(max(int(value or SESSION_LIFETIME), STAMP_SECONDS), LIFETIME_MAX)
        except ValueError:
            return SESSION_LIFETIME

    @api.model
    def _get_oldest(self):
        """:return datetime: when a session was last used that Odoo may still know"""
        return fields.Datetime.now() - timedelta(seconds=self._get_lifetime() + FORGETTING_SECONDS)

    @api.autovacuum
    def _gc_rows(self):
        """Remove sessions that Odoo has forgotten, ended or not."""
        before = self._get_oldest()
        self.env.cr.execute(
            "DELETE FROM portal_access_session WHERE last_on < %s AND COALESCE(ended_on, last_on) < %s",
            [before, before],
        )
