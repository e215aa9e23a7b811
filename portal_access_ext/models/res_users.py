from ast import literal_eval

from odoo import SUPERUSER_ID, Command, _, _lt, api, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .portal_access_context import AT_WORK, QUIET
from .portal_access_login_key import login_key


class ResUsers(models.Model):
    _inherit = "res.users"

    def init(self):
        result = super().init()
        # Logins are compared without case, for a whole list of contacts at a time.
        self.env.cr.execute("DROP INDEX IF EXISTS res_users_login_lower_index")  # trimmed less
        self.env.cr.execute(
            SQL("CREATE INDEX IF NOT EXISTS res_users_login_trimmed_index ON res_users (%s)", login_key("login"))
        )
        return result

    @api.depends("login", "active")
    @api.depends_context("portal_access_show_login")
    def _compute_display_name(self):
        """Tell users of contacts that look alike apart, where somebody has to choose."""
        result = super()._compute_display_name()
        if self.env.context.get("portal_access_show_login"):
            for user in self:
                login = user.login if user.active else _("%(login)s, archived", login=user.login)
                user.display_name = f"{user.display_name} ({login})"
        return result

    def write(self, vals):
        """Let the links and open sessions of a user who is archived end, wherever that is done."""
        result = super().write(vals)
        if "active" in vals and not vals["active"]:
            self._portal_access_end()
        return result

    def unlink(self):
        partners = self.sudo().partner_id
        result = super().unlink()
        partners.exists()._portal_access_end_links()
        return result

    def _portal_access_end(self):
        """End what is left of the access of these users, who lost it: invitation, link, sessions.

        They were archived, became employees, or left the portal group. Override it to end something
        else, and call super.
        """
        self.sudo().partner_id._portal_access_end_links()
        # Odoo clears what it keeps of sessions before the commit. A request of the user in between
        # would keep the session alive in this process.
        self.env.cr.postcommit.add(self.env.registry.clear_cache)

    # -------------------------------------------------------------------------
    # Clean end, clean start
    # -------------------------------------------------------------------------

    def _portal_access_close(self, kind, details=None):
        """Take portal access from these users, so that nothing of it ever works again.

        Their callers have checked the right to do so, and pass the users as superuser.

        :param str kind: what the ledger calls it
        :param dict details: text for the ledger by user id
        """
        self.env["portal.access.event"]._record(kind, self, details)
        self._portal_access_shut()

    def _portal_access_shut(self):
        """Do what :meth:`_portal_access_close` does, where the ledger knows already."""
        group_portal, group_public = self.env.ref("base.group_portal"), self.env.ref("base.group_public")
        # Archiving ends the sessions and the invitation, see `write`.
        self.with_context(**QUIET).write(
            {"groups_id": [Command.unlink(group_portal.id), Command.link(group_public.id)], "active": False}
        )
        self._portal_access_wipe()

    def _portal_access_wipe(self):
        """Remove all that these users could sign in with: no mail, no hashing, a few statements for all.

        No password is the only one that can't be used: Odoo takes any text that is no hash for the password
        itself, and an empty one too is encrypted at the next update, which mails "Password Changed" to its user.
        """
        if not self:
            return
        columns, tables = self._get_portal_secrets()
        self.flush_recordset()
        self.env.cr.execute(
            SQL(
                "UPDATE res_users SET password = NULL, %s WHERE id IN %s",
                SQL(", ").join(SQL("%s = NULL", SQL.identifier(name)) for name in columns),
                tuple(self.ids),
            )
        )
        for table in tables:
            self.env.cr.execute(SQL("DELETE FROM %s WHERE user_id IN %s", SQL.identifier(table), tuple(self.ids)))
        self.invalidate_recordset(
            [*columns, "password", "totp_enabled", "totp_secret", "api_key_ids", "totp_trusted_device_ids"], flush=False
        )
        # The password is part of what Odoo keeps of each open session.
        self.env.registry.clear_cache()

    @api.model
    def _get_portal_secrets(self):
        """Return where users' secrets are kept. Override it to add those of another way to sign in.

        :return tuple: the columns of `res_users` that a revocation empties besides the password, and the
            tables that it deletes the user's rows from, by their column `user_id`
        """
        columns = ["totp_secret"]
        # Of `auth_oauth`, which nothing here depends on: the identity that signs in without a password.
        columns += [name for name in ("oauth_uid", "oauth_access_token") if name in self._fields]
        return columns, [self.env["res.users.apikeys"]._table, self.env["auth_totp.device"]._table]

    def _portal_access_start_again(self, logins):
        """Make users who are granted access again like new ones, before they get it.

        :param dict logins: the new login by user id
        :raise ValidationError: if somebody else has one of the logins
        """
        self._portal_access_wipe()
        changed = {user.id: user.login for user in self if user.login != logins[user.id]}
        if changed:
            users = self.browse(changed)
            users._portal_access_claim_logins(
                [(logins[user.id], ("website_id" in self._fields and user.website_id.id) or None) for user in users]
            )
            self.env.cr.execute(
                """
                UPDATE res_users u SET login = new.login FROM unnest(%s, %s) AS new (id, login) WHERE u.id = new.id
                """,
                [list(changed), [logins[user_id] for user_id in changed]],
            )
            self.invalidate_recordset(["login"])
        ids = tuple(self.ids)
        # "Latest Authentication" is of an account that is over; the ledger remembers.
        self.env.cr.execute("DELETE FROM res_users_log WHERE create_uid IN %s", [ids])
        # Who deleted the account once is not to be deleted now.
        self.env.cr.execute("DELETE FROM res_users_deletion WHERE user_id IN %s AND state = 'todo'", [ids])
        self.invalidate_recordset(["log_ids", "login_date"])
        Event = self.env["portal.access.event"]
        details = {user_id: Event._describe_change(old, logins[user_id]) for user_id, old in changed.items()}
        Event._record("login_changed", self.browse(changed), details)

    def _portal_access_move_to(self, partner):
        """Move these users to another contact, without all that a change of contact sets off."""
        self.flush_recordset()
        self.env.cr.execute(
            SQL("UPDATE res_users SET partner_id = %s WHERE id IN %s", partner.id, tuple(self.ids)),
        )
        self.invalidate_recordset()
        self.env["res.partner"].invalidate_model(["user_ids"])

    def _portal_access_names(self, fname):
        """Name these users in an error, those only whom the current user may see.

        :param str fname: `name` or `login`
        :return str: the names, in one line
        """
        visible = self.sudo(False).with_context(active_test=False).search([("id", "in", self.ids)])
        return ", ".join([*visible.mapped(fname), *([_("another user")] if len(visible) < len(self) else [])])

    def _deactivate_portal_user(self, **post):
        """Let customers who delete their account end like those whose access is revoked."""
        having = self._portal_access_having()
        deleted = _lt("The customer deleted the account.")
        # Before Odoo replaces the login.
        self.env["portal.access.event"]._record("revoked", having, dict.fromkeys(having.ids, deleted))
        users = self.with_context(portal_access_batch=AT_WORK)
        result = super(ResUsers, users)._deactivate_portal_user(**post)
        # As superuser, as Odoo does: users can't archive themselves.
        having.with_user(SUPERUSER_ID)._portal_access_shut()
        if having:
            # What Odoo leaves for the day or so until it deletes them, and its tests look for; it is no password.
            self.env.cr.execute("UPDATE res_users SET password = '' WHERE id IN %s", [tuple(having.ids)])
        return result

    # -------------------------------------------------------------------------
    # Logins
    # -------------------------------------------------------------------------

    def _find_by_login_case_insensitive(self, logins):
        """Find the users, archived ones too, that have one of these logins, whatever the case.

        :param list logins: logins in lower case, without surrounding space
        :return dict: list of user ids by login in lower case
        """
        self.flush_model(["login"])
        self.env.cr.execute(
            SQL(
                "SELECT %(key)s, array_agg(id) FROM res_users WHERE %(key)s = ANY(%(logins)s) GROUP BY 1",
                key=login_key("login"),
                logins=list(logins),
            )
        )
        return dict(self.env.cr.fetchall())

    @api.model
    def _get_portal_template_user_id(self):
        """:return: the id that the database has for the user whose copies new portal users are, or None"""
        value = self.env["ir.config_parameter"].sudo().get_param("base.template_portal_user_id", "False")
        try:
            template_id = literal_eval(value)
        except (ValueError, SyntaxError):
            return None
        return template_id if type(template_id) is int else None

    def _get_portal_template_user(self):
        """:return: the user whose copies new portal users are

        :raise UserError: if the database has none
        """
        template = self.browse(self._get_portal_template_user_id()).exists()
        if not template:
            raise UserError(_("There is no template for portal users. Set the parameter base.template_portal_user_id."))
        return template

    def _get_portal_user_values(self, company):
        """Return what a new portal user gets from the portal template user, without login and contact.

        Override it to give new portal users other values, in batch.

        :param company: the company of the new users
        :return dict: values for :meth:`create`
        :raise UserError: if the database has no template user
        """
        template = self._get_portal_template_user()
        # With a contact in the values, nothing of the template's own contact is copied.
        values = template.copy_data({"partner_id": False, "login": False})[0]
        # Portal users get their notifications by email, as the field computes; writing it costs five
        # queries for each user.
        values.pop("notification_type", None)
        groups = template.groups_id - self.env.ref("base.group_public") | self.env.ref("base.group_portal")
        return {
            **values,
            "active": True,
            "groups_id": [Command.set((groups | groups.trans_implied_ids).ids)],
            "company_id": company.id,
            "company_ids": [Command.set(company.ids)],
        }

    @api.model
    def signup(self, values, token=None):
        """Let the invitation know that its link was used, or one of a password reset in its place."""
        partner = self.env["res.partner"].sudo()._signup_retrieve_partner(token) if token else None
        invitation = self.env["portal.access.invitation"].sudo()._get_open(partner) if partner else None
        # The password of an invitation is no news by itself.
        users = self.with_context(portal_access_batch=AT_WORK) if invitation else self
        result = super(ResUsers, users).signup(values, token)
        if invitation:
            invitation._accept()
            self.env["portal.access.event"]._record("accepted", invitation.user_id, actor=invitation.user_id[:1])
        return result
