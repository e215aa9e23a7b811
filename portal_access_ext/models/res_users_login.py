from odoo import _, api, models
from odoo.exceptions import UserError, ValidationError
from odoo.osv import expression
from odoo.tools import SQL

from odoo.addons.auth_signup.models.res_partner import SignupError


def is_storable(text):
    """:return bool: whether PostgreSQL can store a text at all"""
    return "\x00" not in text and text.encode(errors="replace").decode() == text


class ResUsers(models.Model):
    """Logins: the same one whatever its case, when it is typed and when it is set."""

    _inherit = "res.users"

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
            "SELECT DISTINCT login FROM res_users WHERE lower(trim(login)) = lower(trim(%s))", [login.strip()]
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
        vals = self._portal_access_tidy_login(vals)
        changing = self.sudo().filtered(lambda user: user.login != vals["login"])
        has_websites = "website_id" in self._fields
        changing._portal_access_claim_logins(
            [(vals["login"], has_websites and vals.get("website_id", user.website_id.id) or None) for user in changing]
        )
        return super().write(vals)

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
        for login, other_id in self._portal_access_find_clashes(wanted):
            if other_id:
                raise ValidationError(self._portal_access_clash_reason(login, other_id))
            raise ValidationError(_("The login %(login)s is there twice.", login=login))

    def _portal_access_find_clashes(self, wanted):
        """Find out which logins somebody else has already, an archived user too.

        What the unique constraint of `website` says about logins that are equal is left to it.

        :param list wanted: see :meth:`_portal_access_claim_logins`; `self` are users that don't count
        :return list: login and id of the other user, or None if it is wanted twice
        """
        self.flush_model(["login", *(["website_id"] if "website_id" in self._fields else [])])
        website_column = SQL("website_id" if "website_id" in self._fields else "NULL::int")
        self.env.cr.execute(
            SQL(
                """
                WITH wanted AS (
                     SELECT position, login, website_id, lower(trim(login)) AS key
                       FROM unnest(%(logins)s::varchar[], %(website_ids)s::int[])
                            WITH ORDINALITY AS wanted (login, website_id, position)
                )
                SELECT wanted.login, other.id
                  FROM wanted
                  JOIN (SELECT id, login, %(website)s AS website_id FROM res_users WHERE id != ALL(%(ids)s)) AS other
                    ON lower(trim(other.login)) = wanted.key
                 WHERE other.website_id IS NOT DISTINCT FROM wanted.website_id
                   AND (other.website_id IS NULL OR other.login != wanted.login)
                 UNION ALL
                SELECT max(login), NULL FROM wanted GROUP BY key, website_id HAVING count(*) > 1
                """,
                logins=[login for login, _website_id in wanted],
                website_ids=[website_id for _login, website_id in wanted],
                website=website_column,
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
        try:
            return super()._signup_create_user(values)
        except SignupError as error:
            login = str(values.get("login") or "").strip().lower()
            if isinstance(error.__context__, ValidationError) and self._find_by_login_case_insensitive([login]):
                raise UserError(_("Another user is already registered using this email address.")) from error
            raise
