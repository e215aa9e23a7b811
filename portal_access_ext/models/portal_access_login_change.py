import secrets
from datetime import timedelta

from psycopg2 import IntegrityError

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

from .portal_access_context import AT_WORK
from .portal_access_login_key import is_storable, login_key

LINK_HOURS = 72
# For how many days a change that is over is kept; the ledger remembers it longer.
KEPT_DAYS = 90


class PortalAccessLoginChange(models.Model):
    """One change of a customer's login: asked for, done, perhaps undone.

    Its links are signed over a secret of its own. The one that confirms goes to the new login, the one
    that undoes to the old login only: whoever reads the mail of an address decides what becomes of it.
    """

    _name = "portal.access.login.change"
    _description = "Portal Login Change"
    _order = "id desc"
    _rec_name = "new_login"

    user_id = fields.Many2one(
        "res.users", string="Portal User", required=True, readonly=True, ondelete="cascade", index=True
    )
    partner_id = fields.Many2one(related="user_id.partner_id", string="Contact")
    company_id = fields.Many2one("res.company", readonly=True, ondelete="cascade")
    old_login = fields.Char(required=True, readonly=True)
    new_login = fields.Char(required=True, readonly=True)
    old_email = fields.Char(string="Contact's Email Before", readonly=True)
    with_email = fields.Boolean(
        string="Email Too", readonly=True, help="Whether the contact's email changes with the login."
    )
    can_undo = fields.Boolean(default=True, readonly=True, help="Whether the old login is sent a link that undoes it.")
    state = fields.Selection(
        [
            ("waiting", "Waiting for confirmation"),
            ("done", "Done"),
            ("undone", "Undone"),
            ("cancelled", "Cancelled"),
            ("expired", "Expired"),
        ],
        required=True,
        readonly=True,
        index=True,
    )
    requested_by_id = fields.Many2one("res.users", string="Asked For By", readonly=True, ondelete="set null")
    confirm_until = fields.Datetime(readonly=True, help="Until when the link that confirms works.")
    undo_until = fields.Datetime(readonly=True, help="Until when the link that undoes works.")
    nonce = fields.Char(required=True, readonly=True, copy=False, groups=fields.NO_ACCESS)

    # -------------------------------------------------------------------------
    # Asking, doing, undoing: callers have checked the right to do so
    # -------------------------------------------------------------------------

    @api.model
    def _request(self, user, new_login, with_email=False, can_undo=True, is_free=True):
        """Have a change confirmed by who reads the mail of the new login.

        :param user: the portal user, as superuser
        :param bool is_free: if False, all is done but for the mail: nobody gets a link to a login that is
            somebody else's, and who asks can't tell
        :return: the change
        """
        change = self._make(user, user.login, new_login, state="waiting", with_email=with_email, can_undo=can_undo)
        change._get_others().filtered(lambda other: other.state == "waiting").write({"state": "cancelled"})
        mail_values = change._prepare_mail("portal_access_ext.mail_template_login_confirm", new_login)
        if is_free:
            self._send([mail_values])
        self.env["portal.access.event"]._record("login_requested", user, {user.id: change._get_details()})
        return change

    @api.model
    def _request_by_customer(self, user, new_login):
        """Let a customer ask for another login. They can't tell whether it is free.

        :param user: the customer, as superuser
        :param str new_login: one address, in lower case
        """
        is_free = user._portal_access_is_login_free(new_login) and not self._is_reserved(new_login, user)
        self._request(user, new_login, is_free=is_free)

    @api.model
    def _is_offered(self):
        """:return bool: whether customers may ask for another login themselves"""
        value = self.env["ir.config_parameter"].sudo().get_param("portal_access_ext.login_change_by_customer")
        return str(value).lower() in ("true", "1")

    @api.model
    def _make(self, user, old_login, new_login, **values):
        until = fields.Datetime.now() + timedelta(hours=LINK_HOURS)
        return self.sudo().create(
            {
                "user_id": user.id,
                "company_id": user.company_id.id,
                "old_login": old_login,
                "new_login": new_login,
                "old_email": user.email,
                "requested_by_id": self.env.uid,
                "confirm_until": until,
                "undo_until": until,
                "nonce": secrets.token_urlsafe(),
                **values,
            }
        )

    @api.model
    def _change_at_once(self, user, new_login, with_email=False, can_undo=True):
        """Change a login without asking the customer, and tell them.

        :param user: the portal user, as superuser
        :raise ValidationError: if the login is somebody else's
        """
        change = self._make(user, user.login, new_login, state="done", with_email=with_email, can_undo=can_undo)
        change._write_login(new_login)
        change._announce()

    @api.model
    def _remember(self, users, before, with_email=False):
        """Keep and tell what was changed by writing the login on users, in Settings for one.

        :param users: the portal users, as superuser
        :param dict before: login and email that they had, by user id
        """
        # Who lost access by the same write must not come back by undoing it.
        having = users._portal_access_having()
        for user in users:
            old_login, old_email = before[user.id]
            values = {"old_email": old_email, "with_email": with_email, "can_undo": user in having}
            self._make(user, old_login, user.login, state="done", **values)._announce()

    def _confirm(self):
        """Do what was asked for: whoever reads the mail of the new login agrees.

        :return dict: why it can't be done, see :meth:`_get_problem`; None if it is done
        """
        self._lock()
        problem = self._get_problem("confirm")
        if problem:
            return problem
        try:
            with self.env.cr.savepoint():
                until = fields.Datetime.now() + timedelta(hours=LINK_HOURS)
                self.write({"state": "done", "old_login": self.user_id.login, "undo_until": until})
                self._write_login(self.new_login)
                self.env.flush_all()
        except (ValidationError, IntegrityError):
            return self._get_problem_texts()["taken"]
        self._announce()
        return None

    def _undo(self):
        """Give the account back to whoever reads the mail of the old login.

        All that somebody who took it could sign in with goes: sessions, password, keys, trusted
        devices, and two-factor authentication that was turned on since; not one that was on before.

        :return dict: why it can't be done, see :meth:`_get_problem`; None if it is done
        """
        self._lock()
        problem = self._get_problem("undo")
        if problem:
            return problem
        user = self.user_id
        undone_login = user.login
        try:
            with self.env.cr.savepoint():
                self.state = "undone"
                # What somebody did with the login afterwards, and could confirm or undo, ends with it.
                later = self._get_others().filtered(lambda other: other.id > self.id)
                later.write({"state": "cancelled"})
                user._portal_access_write_login(self.old_login)
                email = self._get_email_to_restore(later)
                if email is not None:
                    self._write_email(email)
                self.env.flush_all()
        except (ValidationError, IntegrityError):
            return self._get_problem_texts()["taken"]
        user._portal_access_wipe_after_undo(self._get_suspect_since())
        self.partner_id.signup_prepare(
            signup_type="reset", expiration=self.env["portal.access.invitation"]._get_valid_until()
        )
        change = self.env["portal.access.event"]._describe_change(undone_login, self.old_login)
        details = _("%(change)s, undone by the old login", change=change)
        if email is not None:
            details = _("%(change)s, the contact's email too", change=details)
        self._log(details)
        self._send_to_both(
            "portal_access_ext.mail_template_login_undone", "portal_access_ext.mail_template_login_undone_new"
        )
        return None

    def _get_suspect_since(self):
        """:return datetime: since when the owner may not have been the one who used the account

        A customer's change may be a thief's, who prepared it before.
        """
        is_customers = self.requested_by_id == self.user_id
        return self.create_date - timedelta(hours=LINK_HOURS if is_customers else 0)

    def _get_email_to_restore(self, later):
        """Say which email the contact is to have again after an undo, or None if it keeps the one it has.

        :param later: the changes after this one, which end with it
        """
        changed_by_customer = [
            ("user_id", "=", self.user_id.id),
            ("actor_id", "=", self.user_id.id),
            ("kind", "=", "email_changed"),
            ("create_date", ">=", self.create_date - timedelta(hours=LINK_HOURS)),
        ]
        address = self.partner_id._portal_access_normalize_email(self.old_login)
        if address and self.env["portal.access.event"].search_count(changed_by_customer, limit=1):
            return address
        return self.old_email if self.with_email or any(later.mapped("with_email")) else None

    def _close(self):
        """Let the links of these changes not work any more."""
        if not self:
            return
        self.filtered(lambda change: change.state == "waiting").state = "cancelled"
        self.can_undo = False

    def action_close(self):
        """Cancel changes that wait, and let those that are done not be undone any more."""
        self.check_access_rights("read")  # which only administrators of access rights have
        self.check_access_rule("read")
        self.sudo()._close()

    def _lock(self):
        """Let nobody else confirm, undo or revoke at the same moment; see `res.partner._portal_access_lock`."""
        self.partner_id._portal_access_lock()
        self.env.cr.execute("UPDATE portal_access_login_change SET write_uid = write_uid WHERE id = %s", self.ids)
        self.invalidate_recordset()

    def _get_others(self):
        """:return: the user's other changes whose links work"""
        return self.search(
            [
                ("user_id", "=", self.user_id.id),
                ("id", "!=", self.id),
                "|",
                ("state", "=", "waiting"),
                "&",
                ("state", "=", "done"),
                ("can_undo", "=", True),
            ]
        )

    def _write_login(self, login):
        self.user_id._portal_access_write_login(login)
        if self.with_email:
            self._write_email(login)

    def _write_email(self, email):
        """Change the contact's email, where the ledger is told of it with the login."""
        self.partner_id.with_context(portal_access_batch=AT_WORK).email = email

    def _get_details(self):
        self = self._portal_access_for_employees()
        details = self.env["portal.access.event"]._describe_change(self.old_login, self.new_login)
        return _("%(change)s, the contact's email too", change=details) if self.with_email else details

    def _announce(self):
        """Tell the ledger, the chatter and both logins of a change that was done."""
        others = self._get_others()
        if self.requested_by_id == self.user_id:
            # Whoever took an account must not be able to end the owner's link by changing the login twice.
            others = others.filtered(lambda other: other.state == "waiting")
        others._close()
        self._log(self._get_details())
        self._send_to_both("portal_access_ext.mail_template_login_old", "portal_access_ext.mail_template_login_new")

    def _log(self, details):
        self = self._portal_access_for_employees()
        self.env["portal.access.event"]._record("login_changed", self.user_id, {self.user_id.id: details})
        self.partner_id._message_log(body=_("Portal login changed: %s", details))

    # -------------------------------------------------------------------------
    # Keeping
    # -------------------------------------------------------------------------

    @api.model
    def _end(self, users):
        """Let no link of these users work again, who lost access: not even after they are granted it again."""
        self.sudo().search(
            [("user_id", "in", users.ids), "|", ("state", "=", "waiting"), ("can_undo", "=", True)]
        )._close()

    @api.model
    def _is_reserved(self, login, user=None):
        """Say whether a login may come back to the user who had it until lately.

        Else who took an account could sign up with its old login, and it could not be given back.

        :param user: who may have it nevertheless
        """
        if not is_storable(login):
            return False
        self.flush_model(["old_login", "state", "can_undo", "undo_until"])
        self.env.cr.execute(
            SQL(
                """
                SELECT FROM portal_access_login_change
                 WHERE %s = lower(%s) AND state = 'done' AND can_undo AND undo_until > %s AND user_id != %s LIMIT 1
                """,
                login_key("old_login"),
                login.strip(),
                fields.Datetime.now(),
                user.id if user else 0,
            )
        )
        return bool(self.env.cr.rowcount)

    @api.autovacuum
    def _gc_changes(self):
        now = fields.Datetime.now()
        self.search([("state", "=", "waiting"), ("confirm_until", "<", now)]).write({"state": "expired"})
        self.search([("undo_until", "<", now - timedelta(days=KEPT_DAYS))]).unlink()
