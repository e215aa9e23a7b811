from odoo import _lt, api, models
from odoo.exceptions import AccessDenied
from odoo.tools import SQL

from odoo.addons.base.models.res_users import is_reified_group

from .portal_access_context import AT_WORK
from .portal_access_login_key import is_storable

# Failed sign-ins that the ledger keeps, per user and hour.
KEPT_FAILURES = 5


class ResUsers(models.Model):
    """What the ledger is told, whichever door is used: the dialog, Settings, the customer's pages, RPC.

    The core remembers itself what it does, see `AT_WORK`.
    """

    _inherit = "res.users"

    def _portal_access_having(self):
        """:return: those of these users who have portal access: active, in the portal group, not internal"""
        if not self.ids:
            return self.browse()
        self.flush_model(["active", "groups_id"])
        self.env.cr.execute(SQL("%s AND u.id IN %s", self.env["res.users"]._get_portal_access_query(), tuple(self.ids)))
        having = {row[0] for row in self.env.cr.fetchall()}
        return self.filtered(lambda user: user.id in having)

    @api.model
    def _get_portal_access_query(self):
        """:return SQL: the query for the ids of the users, as `u`, who have portal access"""
        xmlid_to_id = self.env["ir.model.data"]._xmlid_to_res_id
        return SQL(
            """
            SELECT u.id FROM res_users u
              JOIN res_groups_users_rel portal ON portal.uid = u.id AND portal.gid = %s
              LEFT JOIN res_groups_users_rel internal ON internal.uid = u.id AND internal.gid = %s
             WHERE u.active AND internal.uid IS NULL
            """,
            xmlid_to_id("base.group_portal"),
            xmlid_to_id("base.group_user"),
        )

    def _portal_access_is_at_work(self):
        return self.env.context.get("portal_access_batch") is AT_WORK

    @api.model_create_multi
    def create(self, vals_list):
        users = super().create(vals_list)
        if not self._portal_access_is_at_work():
            users._portal_access_remember_access(self.browse(), users._portal_access_having())
        return users

    def write(self, vals):
        if self._portal_access_is_at_work():
            return super().write(vals)
        is_access = any(name in ("active", "groups_id") or is_reified_group(name) for name in vals)
        before = self._portal_access_having() if is_access else None
        result = super().write(vals)
        if is_access:
            after = self._portal_access_having()
            self._portal_access_remember_access(before, after)
            # `mail` notes what it sees: a change of groups that does not come from the form of Settings.
            if "groups_id" not in vals:
                (after - before).sudo().partner_id._portal_access_log(_lt("Portal Access Granted"))
                (before - after).sudo().partner_id._portal_access_log(_lt("Portal Access Revoked"))
        if not {"password", "totp_secret"}.isdisjoint(vals):
            self._portal_access_remember_secrets(vals)
        return result

    def unlink(self):
        having = self._portal_access_having()
        deleted = _lt("The user was deleted.")
        self.env["portal.access.event"]._record("revoked", having.sudo(), dict.fromkeys(having.ids, deleted))
        return super().unlink()

    @api.model
    def _portal_access_remember_access(self, before, after):
        """Tell the ledger who gained access, and who lost it, by something else than the core.

        Those lose what opens their account.

        :param before: users who had access before
        :param after: those who have it now
        """
        Event = self.env["portal.access.event"]
        granted, revoked = (after - before).sudo(), (before - after).sudo()
        if self.env.user._is_public():
            for user in granted:  # customers who sign up, one at a time
                Event._record("granted", user, {user.id: _lt("The customer signed up.")}, actor=user)
        else:
            Event._record("granted", granted)
        promoted = revoked.filtered("active")
        if promoted:  # for the others, archiving did so
            promoted._portal_access_end()
        self._portal_access_wipe_outsiders(revoked)
        internal = _lt("The user became an internal user, or left the portal group.")
        Event._record("revoked", revoked, dict.fromkeys(promoted.ids, internal))

    @api.model
    def _portal_access_wipe_outsiders(self, users_sudo):
        """Remove all that those of these users could sign in with who are neither customers nor employees any more.

        Who is archived only is still a customer: unarchiving in Settings brings everything back, as in stock.
        """
        if not users_sudo:
            return
        xmlid_to_id = self.env["ir.model.data"]._xmlid_to_res_id
        self.env.cr.execute(
            """
            SELECT u.id FROM res_users u
             WHERE u.id IN %s
               AND NOT EXISTS (SELECT FROM res_groups_users_rel WHERE uid = u.id AND gid IN %s)
            """,
            [tuple(users_sudo.ids), (xmlid_to_id("base.group_portal"), xmlid_to_id("base.group_user"))],
        )
        users_sudo.browse(row[0] for row in self.env.cr.fetchall())._portal_access_wipe()

    def _portal_access_remember_secrets(self, vals):
        """Tell the ledger of changed passwords and of two-factor authentication that is turned on or off."""
        Event = self.env["portal.access.event"]
        users = self._portal_access_having().sudo()
        own = users if users == self.env.user else users.browse()
        if vals.get("password"):
            by_link = users if self.env.user._is_public() else None  # a link in a mail says who it is
            Event._record("password_changed", users, actor=by_link and by_link[:1])
        if "totp_secret" in vals:
            kind = "totp_enabled" if vals["totp_secret"] else "totp_disabled" if own else "totp_reset"
            Event._record(kind, users)

    # -------------------------------------------------------------------------
    # Signing in
    # -------------------------------------------------------------------------

    @classmethod
    def _login(cls, db, login, password, user_agent_env):
        try:
            return super()._login(db, login, password, user_agent_env)
        except AccessDenied:
            with cls.pool.cursor() as cr:  # the failed one is rolled back
                Users = api.Environment(cr, api.SUPERUSER_ID, {})[cls._name]
                Users._find_portal_user_by_login(login)._portal_access_remember_failure()
            raise

    def _totp_check(self, code):
        try:
            return super()._totp_check(code)
        except AccessDenied:
            with self.pool.cursor() as cr:
                user = self.with_env(api.Environment(cr, api.SUPERUSER_ID, self.env.context))
                details = _lt("The password was right, the code of the authenticator wrong.")
                user._portal_access_having()._portal_access_remember_failure(details)
            raise

    @api.model
    def _find_portal_user_by_login(self, login):
        """:return: the customer whose login somebody typed, also one whose access was revoked, or an empty recordset"""
        if not isinstance(login, str) or not is_storable(login):  # over RPC it may be anything
            return self.browse()
        login = login.strip().lower()
        user_ids = self._find_by_login_case_insensitive([login]).get(login, [])
        users = self.browse(user_ids).filtered(lambda user: not user._is_internal() and user.login)
        return users.sorted("active", reverse=True)[:1]

    def _portal_access_remember_failure(self, details=None):
        """Tell the ledger that a sign-in failed, but of a guesser's thousand attempts only the first."""
        for user in self:
            if self.env["portal.access.limit"]._take("sign_in_failed", user.id, KEPT_FAILURES, 3600):
                self.env["portal.access.event"]._record("sign_in_failed", user, {user.id: details}, actor=user)
