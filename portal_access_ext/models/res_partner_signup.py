from odoo import _, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.auth_signup.models.res_partner import random_token

TOKEN_FIELDS = ("signup_token", "signup_type", "signup_expiration")


class ResPartner(models.Model):
    _inherit = "res.partner"

    def init(self):
        result = super().init()
        # Stock looks a token up by scanning all contacts.
        self.env.cr.execute(
            """
            CREATE INDEX IF NOT EXISTS res_partner_signup_token_index
                ON res_partner (signup_token) WHERE signup_token IS NOT NULL
            """
        )
        return result

    @api.model_create_multi
    def create(self, vals_list):
        """Take no sign-up token from who may not write one.

        Odoo checks the groups of fields when a record is written, not when it is created: a contact
        manager could plant a token that they know, and own the account once access is granted.
        """
        if self._portal_access_may_see_tokens():
            return super().create(vals_list)
        vals_list = [{name: value for name, value in vals.items() if name not in TOKEN_FIELDS} for vals in vals_list]
        defaults = {f"default_{name}": False for name in TOKEN_FIELDS if f"default_{name}" in self.env.context}
        return super(ResPartner, self.with_context(**defaults) if defaults else self).create(vals_list)

    @api.model
    def _portal_access_may_see_tokens(self):
        """Say whether the current user may see links with which customers' accounts can be taken over.

        Odoo makes each new employee a contact manager, so these may not.
        """
        return self.env.su or self.env.user.has_group("base.group_erp_manager")

    @api.depends_context("uid", "su")
    def _compute_token(self):
        """Hide tokens also where no group of a field is asked: exports, `mapped` over RPC, templates.

        In stock, any signed-in user, a customer too, gets anybody's token that way.
        """
        if self._portal_access_may_see_tokens():
            return super()._compute_token()
        self.signup_token = False
        return None

    @api.depends_context("uid", "su")
    def _compute_signup_url(self):
        """Hide links that carry a token; stock shows them to every contact manager."""
        result = super()._compute_signup_url()
        if not self._portal_access_may_see_tokens():
            for partner, partner_sudo in zip(self, self.sudo(), strict=True):
                if partner_sudo.signup_token and partner != self.env.user.partner_id:
                    partner.signup_url = False
        return result

    def _get_signup_url_for_action(self, *args, **kwargs):
        """Give who may not see tokens the address of the sign-in page, for a contact that has an account."""
        urls = super()._get_signup_url_for_action(*args, **kwargs)
        if not self._portal_access_may_see_tokens():
            hidden = self.filtered(
                lambda partner: partner.user_ids and partner.sudo().signup_token and partner != self.env.user.partner_id
            ).with_context(signup_force_type_in_url="")
            urls.update(super(ResPartner, hidden)._get_signup_url_for_action(*args, **kwargs))
        return urls

    def signup_prepare(self, signup_type="signup", expiration=False):
        """Give every token an end, and none to a contact whose access was revoked.

        Without a user, such a token would let its holder sign up as a new one, under any login.
        """
        partners = self - self._portal_access_revoked()
        if not expiration:
            # As in stock, a token that still works is kept.
            partners = partners.filtered(lambda partner: not partner.signup_valid)
            expiration = self.env["portal.access.invitation"]._get_valid_until()
        return super(ResPartner, partners).signup_prepare(signup_type=signup_type, expiration=expiration)

    def _portal_access_revoked(self):
        """:return: the contacts in `self` that have users, but only archived ones"""
        users = self.env["res.users"].sudo().with_context(active_test=False).search([("partner_id", "in", self.ids)])
        return users.partner_id.with_env(self.env) - users.filtered("active").partner_id.with_env(self.env)

    def _portal_access_mint_tokens(self, valid_until, kept_hashes=None):
        """Give each contact a sign-up token for an invitation, in one statement.

        :param datetime valid_until: the end of the tokens (UTC)
        :param dict kept_hashes: by contact id, the hash of a token that is to be kept if the contact
            still has it, so that the link of an earlier mail to the same address works on. One that
            expired is not kept: nobody's request may bring the link of an old mail back to life
        :return dict: token by contact id
        """
        if not self:
            return {}
        kept_hashes = kept_hashes or {}
        self.flush_model(["signup_type", "signup_expiration"])
        self.env.cr.execute(
            """
            UPDATE res_partner partner
               SET signup_token = CASE WHEN minted.kept_hash
                                          = encode(sha256(convert_to(partner.signup_token, 'UTF8')), 'hex')
                                        AND partner.signup_type = 'signup'
                                        AND partner.signup_expiration > %s
                                       THEN partner.signup_token ELSE minted.token END,
                   signup_type = 'signup',
                   signup_expiration = %s
              FROM unnest(%s, %s, %s::varchar[]) AS minted (id, token, kept_hash)
             WHERE partner.id = minted.id
         RETURNING partner.id, partner.signup_token
            """,
            [
                fields.Datetime.now(),
                valid_until,
                self.ids,
                [random_token() for _partner in self],
                [kept_hashes.get(partner_id) for partner_id in self.ids],
            ],
        )
        self.invalidate_recordset(["signup_token", "signup_type", "signup_expiration", "signup_valid", "signup_url"])
        return dict(self.env.cr.fetchall())

    def _portal_access_get_link(self):
        """:return tuple: the token of the contact with its type and its end, as the database has them"""
        self.ensure_one()
        self.flush_recordset(["signup_type", "signup_expiration"])
        self.env.cr.execute(
            "SELECT signup_token, signup_type, signup_expiration FROM res_partner WHERE id = %s", self.ids
        )
        return self.env.cr.fetchone()

    def _portal_access_take_link(self, link):
        """Let the link of a contact that was merged into this one work on, unless this one has a link that works.

        :param tuple link: see :meth:`_portal_access_get_link`
        """
        if not link[0]:
            return
        self.flush_recordset(["signup_type", "signup_expiration"])
        self.env.cr.execute(
            """
            UPDATE res_partner SET signup_token = %s, signup_type = %s, signup_expiration = %s
             WHERE id = %s AND (signup_token IS NULL OR signup_expiration <= %s)
            """,
            [*link, self.id, fields.Datetime.now()],
        )
        self.invalidate_recordset(["signup_token", *TOKEN_FIELDS[1:], "signup_valid", "signup_url"], flush=False)

    def _portal_access_end_links(self):
        """Cancel the invitations and drop the tokens of the contacts that have no portal access any more.

        With a token and no active user, `signup()` would make a new user, under any login; with one of
        an employee, a customer's link would open the employee's account.
        """
        if not self:
            return
        Users = self.env["res.users"].sudo().with_context(active_test=True)
        active = Users.search([("partner_id", "in", self.ids)])
        having = active._portal_access_having()
        # A link opens whichever active user is the first: all of them have to be customers.
        ended = self.sudo() - (having.partner_id - (active - having).partner_id)
        self.env["portal.access.invitation"].sudo()._get_open(ended)._cancel("ended")
        if ended:
            self.flush_model(["signup_type", "signup_expiration"])
            self.env.cr.execute(
                """
                UPDATE res_partner SET signup_token = NULL, signup_type = NULL, signup_expiration = NULL
                 WHERE id IN %s AND signup_token IS NOT NULL
                """,
                [tuple(ended.ids)],
            )
            self.invalidate_model(["signup_token", *TOKEN_FIELDS[1:], "signup_valid", "signup_url"])

    @api.model
    def _signup_retrieve_partner(self, token, check_validity=False, raise_exception=False):
        """Take no token of a contact whose users are all archived; see :meth:`_portal_access_end_links`."""
        if token and (not isinstance(token, str) or "\x00" in token):
            token = None  # a file, or what PostgreSQL can't even look for
        partner = super()._signup_retrieve_partner(
            token, check_validity=check_validity, raise_exception=raise_exception
        )
        if partner and partner._portal_access_revoked():
            if raise_exception:
                raise UserError(_("Signup token '%s' is not valid", token))
            return False
        return partner

    @api.model
    def _portal_access_link_holder(self, token):
        """:return: the contact whose sign-up link this is or was once, as superuser; empty if nobody's"""
        if not isinstance(token, str):  # a form can send a file
            return self.browse()
        holder = self._signup_retrieve_partner(token)
        return holder or self.env["portal.access.invitation"]._find_by_token(token).partner_id

    @api.model
    def _portal_access_link_problem(self, token):
        """Say why a sign-up or password link does not work, to whoever holds it.

        Called as superuser for visitors: it tells nothing about the account but what became of
        the very link that they hold.

        :param str token: the token in the link
        :return: a dictionary with `code` (`expired`, `used` or `invalid`), `title`, `text`, and whether the
            visitor may ask for a new invitation; None if the link works
        """
        partner = invitation = None
        if isinstance(token, str):  # a form can send a file
            partner = self._signup_retrieve_partner(token)
            invitation = self.env["portal.access.invitation"]._find_by_token(token)
        if partner and partner.signup_valid:
            return None
        # Employees have no invitation to the portal to ask for.
        can_request = not (partner and any(user._is_internal() for user in partner.user_ids))
        if partner or (
            invitation and invitation.state != "accepted" and invitation.valid_until < fields.Datetime.now()
        ):
            return {
                "code": "expired",
                "title": _("This link has expired."),
                "text": _("Links work for a limited time, for the safety of your account."),
                "can_request": can_request,
            }
        if invitation and invitation.state == "accepted" and invitation.user_id.active:
            return {
                "code": "used",
                "title": _("This link was used already."),
                "text": _("You have chosen your password. Sign in with your email address and your password."),
                "can_request": can_request,
            }
        return {
            "code": "invalid",
            "title": _("This link does not work any more."),
            "text": _("It may have been replaced by a newer one: please look for a later message from us."),
            "can_request": can_request,
        }
