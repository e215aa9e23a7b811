from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.osv import expression
from odoo.tools import SQL

from odoo.addons.auth_signup.models.res_partner import SignupError

from .portal_access_context import AT_WORK
from .portal_access_login_key import is_storable, login_key


class Told(frozenset):
    """In the context: ids of the users who are told of a new login by us. Nobody can put one there over RPC."""


class ResUsers(models.Model):
    """Logins: the same one whatever its case, when it is typed and when it is set."""

    _inherit = "res.users"

    portal_login_key = fields.Char(
        string="Login Without Case",
        compute="_compute_portal_login_key",
        search="_search_portal_login_key",
        groups="base.group_erp_manager",
        help="The login as it is compared: in lower case, without surrounding space.",
    )
    has_portal_login_twin = fields.Boolean(
        string="Login Differs in Case Only",
        compute="_compute_has_portal_login_twin",
        search="_search_has_portal_login_twin",
        groups="base.group_erp_manager",
        help="Whether another user has a login that differs from this one only in case.",
    )

    @api.depends("login")
    def _compute_portal_login_key(self):
        for user in self:
            user.portal_login_key = (user.login or "").strip().lower()

    @api.model
    def _search_portal_login_key(self, operator, value):
        if operator not in ("=", "!=", "in", "not in"):
            return [("login", operator, value)]
        keys = [str(key) for key in (value if isinstance(value, (list, tuple)) else [value])]
        user_ids = [user_id for ids in self._find_by_login_case_insensitive(keys).values() for user_id in ids]
        return [("id", "in" if operator in ("=", "in") else "not in", user_ids)]

    @api.depends("login")
    def _compute_has_portal_login_twin(self):
        twins = self.with_context(active_test=False).search(
            [("id", "in", self.ids), ("has_portal_login_twin", "=", True)]
        )
        for user in self:
            user.has_portal_login_twin = user._origin in twins

    @api.model
    def _search_has_portal_login_twin(self, operator, value):
        if operator not in ("=", "!=", "in", "not in"):
            raise UserError(_("Search for logins that differ in case with = or !=."))
        wanted = {bool(each) for each in (value if isinstance(value, (list, tuple)) else [value])}
        if operator in ("!=", "not in"):
            wanted = {True, False} - wanted
        if len(wanted) != 1:
            return expression.TRUE_DOMAIN if wanted else expression.FALSE_DOMAIN
        self.flush_model(["login", *(["website_id"] if "website_id" in self._fields else [])])
        query = SQL(
            """
            SELECT id FROM (
                SELECT id, count(*) OVER (PARTITION BY %s) AS count FROM res_users
            ) AS twin WHERE count > 1
            """,
            SQL("%s, website_id" if "website_id" in self._fields else "%s", login_key("login")),
        )
        return [("id", "inselect" if True in wanted else "not inselect", (query.code, query.params))]

    def _field_to_sql(self, alias, fname, query=None):
        if fname == "portal_login_key":
            return login_key(alias, "login")
        return super()._field_to_sql(alias, fname, query)

    # -------------------------------------------------------------------------
    # Typed: to sign in, to reset a password
    # -------------------------------------------------------------------------

    @api.model
    def _get_login_domain(self, login):
        """Find the user who has exactly this login, and otherwise the one whose login differs in case or space only.

        Where old logins differ from each other only in case, they have to be typed exactly.
        """
        if not isinstance(login, str) or self.env.context.get("portal_access_exact_login"):
            return super()._get_login_domain(login)
        if not is_storable(login):
            return expression.FALSE_DOMAIN
        self.flush_model(["login"])
        self.env.cr.execute(
            SQL("SELECT DISTINCT login FROM res_users WHERE %s = lower(%s)", login_key("login"), login.strip())
        )
        spellings = [row[0] for row in self.env.cr.fetchall()]
        return [
            ("login", "in", self._portal_access_choose_spellings(login, spellings))
            if tuple(leaf) == ("login", "=", login)
            else leaf
            for leaf in super()._get_login_domain(login)
        ]

    def _portal_access_choose_spellings(self, login, spellings):
        """:return list: those of the existing spellings of a login that it stands for"""
        if spellings in ([], [login]):
            return [login]
        # As any other module restricts logins: `website` to the current website.
        exact = self.with_context(portal_access_exact_login=True)
        if login in spellings and exact.search_count(exact._get_login_domain(login), limit=1):
            return [login]
        users = exact.search(expression.OR([exact._get_login_domain(spelling) for spelling in spellings]))
        # With `website`, somebody may have one account for the website and one for all of them.
        scopes = {user.website_id if "website_id" in self._fields else None for user in users.sudo()}
        return users.mapped("login") if len(users) == len(scopes) else [login]

    @api.model
    def _get_email_domain(self, email):
        """Take an email that PostgreSQL can't store for unknown. Stock fails on it."""
        if isinstance(email, str) and not is_storable(email):
            return expression.FALSE_DOMAIN
        return super()._get_email_domain(email)

    # -------------------------------------------------------------------------
    # Set: wherever that is done
    # -------------------------------------------------------------------------

    @api.onchange("login")
    def on_change_login(self):
        """Leave the contact's email of a portal user alone: the login is not the address."""
        if self._origin.share:
            return None
        return super().on_change_login()

    @api.model_create_multi
    def create(self, vals_list):
        # Before anything is looked up: who may make no users must not learn which logins there are.
        self.check_access_rights("create")
        vals_list = [self._portal_access_tidy_login(vals) for vals in vals_list]
        wanted = [
            (vals.get("login") or self.env.context.get("default_login"), website_id)
            for vals, website_id in zip(vals_list, self._portal_access_websites(vals_list), strict=True)
        ]
        self.browse()._portal_access_claim_logins(wanted)
        return super().create(vals_list)

    def write(self, vals):
        """Refuse a login that is somebody else's but for its case; only if it changes: old pairs may be edited."""
        if "login" not in vals:
            return super().write(vals)
        if self != self.env.user or "login" not in self.SELF_WRITEABLE_FIELDS:
            self.check_access_rights("write")  # as in `create`
        vals = self._portal_access_tidy_login(vals)
        changing = self.sudo().filtered(lambda user: user.login != vals["login"])
        has_websites = "website_id" in self._fields
        changing._portal_access_claim_logins(
            [(vals["login"], has_websites and vals.get("website_id", user.website_id.id) or None) for user in changing]
        )
        customers = changing._portal_access_having()
        if self._portal_access_is_at_work() or not customers:
            return super().write(vals)
        before = {user.id: (user.login, user.email) for user in customers}
        super(ResUsers, self.with_context(portal_access_told=Told(customers.ids))).write({"login": vals["login"]})
        # The rest by itself: only of the login somebody else tells.
        rest = {name: value for name, value in vals.items() if name != "login"}
        if rest:
            super().write(rest)
        self.env["portal.access.login.change"]._remember(customers, before, with_email=bool(rest.get("email")))
        return True

    def _portal_access_write_login(self, login):
        """Change the login of these users, where the caller tells them and the ledger."""
        return self.with_context(portal_access_batch=AT_WORK, portal_access_told=Told(self.ids)).write({"login": login})

    def _notify_security_setting_update(self, subject, content, mail_values=None, **kwargs):
        """Hold back the notice of a changed login, which goes to the contact's email: both logins are told."""
        told = self.env.context.get("portal_access_told")
        users = self.filtered(lambda user: user.id not in told) if isinstance(told, Told) else self
        return super(ResUsers, users)._notify_security_setting_update(subject, content, mail_values, **kwargs)

    def _portal_access_end(self):
        result = super()._portal_access_end()
        self.env["portal.access.login.change"]._end(self)
        return result

    def _portal_access_wipe_after_undo(self, since):
        """Remove all that somebody may sign in with who changed the login.

        :param datetime since: since when they may have had the account. Two-factor authentication that
            was on before stays: it is the owner's, and the mail of the old login alone must not get around it.
        """
        enabled = [("user_id", "=", self.id), ("kind", "=", "totp_enabled"), ("create_date", ">=", since)]
        keeps_totp = not self.env["portal.access.event"].sudo().search_count(enabled, limit=1)
        secret = self.sudo().totp_secret
        self._portal_access_wipe()
        if keeps_totp and secret:
            self.env.cr.execute("UPDATE res_users SET totp_secret = %s WHERE id = %s", [secret, self.id])
            self.invalidate_recordset(["totp_enabled", "totp_secret"], flush=False)

    @api.model
    def _portal_access_tidy_login(self, vals):
        """:return dict: the values, with a login without surrounding space"""
        login = vals.get("login")
        if not login:
            return vals
        login = str(login)
        if not is_storable(login):
            raise ValidationError(_("This login has characters that can't be stored."))
        return {**vals, "login": login.strip() or False}

    def _portal_access_websites(self, vals_list):
        """:return list: for the values of each new user, the id of the website that its login belongs to, or None"""
        if "website_id" not in self._fields:
            return [None] * len(vals_list)
        # sudo: whoever makes a user may not read each contact; nothing of it is shown.
        partners = (
            self.env["res.partner"].sudo().browse(vals["partner_id"] for vals in vals_list if vals.get("partner_id"))
        )
        website_ids = {partner.id: partner.website_id.id for partner in partners}
        return [vals.get("website_id", website_ids.get(vals.get("partner_id"))) or None for vals in vals_list]

    def _portal_access_claim_logins(self, wanted):
        """Let these users have logins that nobody else has, whatever the case, now and until we commit.

        :param list wanted: login and website id (or None) of each of the users, or of users to be made
        :raise ValidationError: if somebody else has one
        """
        wanted = [(login, website_id) for login, website_id in wanted if login]
        if not wanted:
            return
        self.env["portal.access.login.key"].sudo()._claim([login for login, _website_id in wanted])
        for login, other_id, is_left_to_database in self._portal_access_find_clashes(wanted):
            if is_left_to_database:
                continue
            if other_id:
                raise ValidationError(self._portal_access_clash_reason(login, other_id))
            raise ValidationError(_("The login %(login)s is there twice.", login=login))

    def _portal_access_check_login_free(self, login):
        """:raise ValidationError: if this user can't have a login, because somebody else has it"""
        website_id = "website_id" in self._fields and self.website_id.id or None
        for _login, other_id, _is_left_to_database in self._portal_access_find_clashes([(login, website_id)]):
            raise ValidationError(self._portal_access_clash_reason(login, other_id))

    def _portal_access_is_login_free(self, login):
        """:return bool: whether this user can have a login, which nobody else has"""
        website_id = "website_id" in self._fields and self.website_id.id or None
        return not self._portal_access_find_clashes([(login, website_id)])

    def _portal_access_find_clashes(self, wanted):
        """Find out which logins somebody else has already, an archived user too.

        :param list wanted: see :meth:`_portal_access_claim_logins`; `self` are users that don't count
        :return list: login, id of the other user, or None if it is wanted twice, and whether the unique
            constraint of `website` is about to say so, as other modules expect
        """
        self.flush_model(["login", *(["website_id"] if "website_id" in self._fields else [])])
        website_column = SQL("website_id" if "website_id" in self._fields else "NULL::int")
        self.env.cr.execute(
            SQL(
                """
                WITH wanted AS (
                     SELECT position, login, website_id, %(key)s AS key
                       FROM unnest(%(logins)s::varchar[], %(website_ids)s::int[])
                            WITH ORDINALITY AS wanted (login, website_id, position)
                )
                SELECT wanted.login, other.id, other.website_id IS NOT NULL AND other.login = wanted.login
                  FROM wanted
                  JOIN (SELECT id, login, %(website)s AS website_id FROM res_users WHERE id != ALL(%(ids)s)) AS other
                    ON %(other_key)s = wanted.key
                 WHERE other.website_id IS NOT DISTINCT FROM wanted.website_id
                 UNION ALL
                SELECT max(login), NULL, FALSE FROM wanted GROUP BY key, website_id HAVING count(*) > 1
                """,
                logins=[login for login, _website_id in wanted],
                website_ids=[website_id for _login, website_id in wanted],
                website=website_column,
                key=login_key("login"),
                other_key=login_key("other", "login"),
                ids=self.ids,
            )
        )
        return self.env.cr.fetchall()

    def _portal_access_clash_reason(self, login, other_id):
        """:return str: why a login can't be had, with the other user's name if the current user may see it"""
        seer = self.env["res.users"].sudo(False).with_context(active_test=False)
        other = seer.env.user._is_internal() and seer.search([("id", "=", other_id)])
        if other:
            return _("The login %(login)s is that of %(name)s already.", login=login, name=other.name)
        return _("The login %(login)s is that of another user already.", login=login)

    @api.model
    def _signup_create_user(self, values):
        """Say to a visitor whose login exists in another case what stock says when it exists in the same."""
        login = str(values.get("login") or "").strip()
        taken = _("Another user is already registered using this email address.")
        is_known = is_storable(login) and self._find_by_login_case_insensitive([login.lower()])
        if "partner_id" not in values and self.env["portal.access.login.change"]._is_reserved(login):
            raise UserError(taken)
        try:
            return super()._signup_create_user(values)
        except SignupError as error:
            if isinstance(error.__context__, ValidationError) and is_known:
                raise UserError(taken) from error
            raise
