from odoo import SUPERUSER_ID, _, api, models, tools
from odoo.exceptions import AccessDenied, UserError
from odoo.http import request

from .portal_access_login_key import is_storable
from .res_users_login import Told

# The longest password that Odoo's hashing looks at; it fails on a longer one.
PASSWORD_MAX_LENGTH = 4096
# Wrong passwords typed in a session that is signed in already, per account: whoever took the session over, or sits
# at somebody's computer, would guess there.
GUESSES = [("own_password_hour", 10, 3600), ("own_password_day", 30, 24 * 3600)]
# Programs may sign in for each call: the ledger is told once a day. From where, Odoo does not say.
PROGRAM_SECONDS = 24 * 3600


class ResUsers(models.Model):
    """Sessions and passwords of customers: who is signed in where, and no endless guessing."""

    _inherit = "res.users"

    def _compute_session_token(self, sid):
        """Give a session that was ended no token. It is looked up where Odoo does, and kept as long."""
        end_count = self.env["portal.access.session"]._get_end_count()
        return not self._portal_access_is_ended(sid, end_count) and super()._compute_session_token(sid)

    @api.model
    @tools.ormcache("sid", "end_count")
    def _portal_access_is_ended(self, sid, end_count):
        """:param tuple end_count: before looking, or what was looked up before an end could be kept after it"""
        return self.env["portal.access.session"]._is_ended(sid)

    def write(self, vals):
        """End the sessions of customers whom Odoo signs out by this; tell them of a new password in their language."""
        signed_out, is_at_work = self._portal_access_signed_out_by(vals), self._portal_access_is_at_work()
        customers = self._portal_access_having() if vals.get("password") else self.browse()
        for customer in customers:
            # What the core does is no news by itself: an invitation's password, say.
            told = {"portal_access_told": Told(customer.ids)} if is_at_work else {}
            customer = customer.with_context(lang=customer.sudo().lang or self.env.lang, **told)
            super(ResUsers, customer).write({"password": vals["password"]})
        if customers and not is_at_work:
            self.env["portal.access.invitation"].sudo()._trigger_cron("mail.ir_cron_mail_scheduler_action")
        rest = {name: value for name, value in vals.items() if name != "password"} if customers else vals
        if self - customers:
            super(ResUsers, self - customers).write(vals)
        if customers and rest:
            super(ResUsers, customers).write(rest)
        is_own = request and request.session.uid and signed_out.ids == [request.session.uid]
        self.env["portal.access.session"]._end_of(signed_out, but_current=is_own)
        return True

    def _portal_access_signed_out_by(self, vals):
        """:return: those of these users whose sessions end with a write, as Odoo makes their tokens of what changes"""
        names = self._get_session_token_fields() & vals.keys()
        if names - {"login", "active"}:
            return self
        return self.filtered(lambda user: any(user.sudo()[name] != vals[name] for name in names))

    # -------------------------------------------------------------------------
    # Passwords
    # -------------------------------------------------------------------------

    def _check_credentials(self, password, env):
        """Refuse what can be no password, and endless guessing by who is signed in; note programs that sign in."""
        if not password:
            raise AccessDenied()
        user, purposes = self.env.user, []
        is_customer = user._is_portal()
        # To sign in, Odoo has a limit of its own.
        if is_customer and env.get("interactive") and "base_location" not in env and request:
            purposes = GUESSES
        Limit = self.env["portal.access.limit"].sudo()
        if not all(Limit._take(purpose, user.id, limit, seconds) for purpose, limit, seconds in purposes):
            raise AccessDenied(_("Too many wrong passwords. Please try again later."))
        try:
            # Whatever it is: there are modules for which it is no password, but a ticket of thousands of characters.
            result = super()._check_credentials(password, env)
        except (TypeError, ValueError) as error:  # of passlib, for one; PostgreSQL takes no NUL
            if isinstance(password, str) and self._portal_is_password(password):
                raise
            raise AccessDenied() from error
        for purpose, _limit, _seconds in purposes:
            Limit._give_back(purpose, user.id)
        if is_customer and not env.get("interactive"):
            user._portal_access_note_program()
        return result

    def _check_password_policy(self, passwords):
        """Refuse a password that Odoo could not hash, too."""
        result = super()._check_password_policy(passwords)
        for password in passwords:
            if len(password or "") > PASSWORD_MAX_LENGTH:
                raise UserError(_("Passwords must have at most %d characters.", PASSWORD_MAX_LENGTH))
            if password and not self._portal_is_password(password):
                raise UserError(_("This password has characters that can't be used."))
        return result

    @api.model
    def _portal_is_password(self, text):
        return len(text) <= PASSWORD_MAX_LENGTH and is_storable(text)

    def _portal_access_note_program(self):
        """Tell the ledger that a program signed in. It has no session, so it is in no list of these."""
        if self.env["portal.access.limit"].sudo()._take("program", self.id, 1, PROGRAM_SECONDS):
            with self.pool.cursor() as cr:  # the caller's is not committed
                user = self.with_env(api.Environment(cr, SUPERUSER_ID, {}))
                user.env["portal.access.event"]._record("program_signed_in", user, actor=user)

    # -------------------------------------------------------------------------
    # Keys of programs
    # -------------------------------------------------------------------------

    def _portal_access_count_keys(self):
        """:return int: the API keys of this user, which a new password leaves as they are"""
        self.env.cr.execute("SELECT count(*) FROM res_users_apikeys WHERE user_id = %s", self.ids)
        return self.env.cr.fetchone()[0]

    def _portal_access_remove_keys(self):
        """Remove all API keys of this customer.

        :return int: how many there were
        """
        # sudo: the caller passes the current user, and these are theirs alone.
        keys_sudo = self.env["res.users.apikeys"].sudo().search([("user_id", "=", self.id)])
        count = len(keys_sudo)
        if count:
            keys_sudo.unlink()
            self.env["portal.access.event"]._record("api_keys_removed", self.sudo(), {self.id: str(count)})
        return count

    # -------------------------------------------------------------------------
    # Ends
    # -------------------------------------------------------------------------

    def _portal_access_end(self):
        """Forget the sessions of users who became employees, and stay signed in. Archiving ended the others'."""
        result = super()._portal_access_end()
        self.env["portal.access.session"]._remove_of(self.sudo().filtered("active"))
        return result

    @api.model
    def _get_portal_secrets(self):
        columns, tables = super()._get_portal_secrets()
        return columns, [*tables, self.env["portal.access.session"]._table]
