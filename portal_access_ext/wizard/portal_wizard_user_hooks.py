import logging

from psycopg2 import OperationalError

from odoo import _, api, models
from odoo.exceptions import UserError
from odoo.service.model import PG_CONCURRENCY_ERRORS_TO_RETRY

_logger = logging.getLogger(__name__)

# What another module may change about one row; see `_is_customized`.
ROW_HOOKS = (
    "action_grant_access",
    "action_revoke_access",
    "action_invite_again",
    "_create_user",
    "_send_email",
    "_update_partner_email",
    "_assert_user_email_uniqueness",
)


class PortalWizardUser(models.TransientModel):
    """The seams of one row: what stock and other modules hook into, and living with what they change."""

    _inherit = "portal.wizard.user"

    # -------------------------------------------------------------------------
    # Stock hooks that say whether a row clashes with a user: a login is a login whatever its case
    # -------------------------------------------------------------------------

    def _get_similar_users_domain(self, portal_users_with_email):
        emails = [(line.email or "").strip().lower() for line in portal_users_with_email]
        owners = self.env["res.users"].sudo()._find_by_login_case_insensitive(emails)
        user_ids = [user_id for ids in owners.values() for user_id in ids]
        return [
            ("id", "in", user_ids) if tuple(leaf)[:2] == ("login", "in") else leaf
            for leaf in super()._get_similar_users_domain(portal_users_with_email)
        ]

    def _is_portal_similar_than_user(self, user, portal_user):
        return super()._is_portal_similar_than_user({**user, "login": user["login"].strip().lower()}, portal_user)

    # -------------------------------------------------------------------------
    # Living with modules that change what happens to one row
    # -------------------------------------------------------------------------

    @api.model
    def _is_customized(self):
        """Say whether another module overrides what happens to one row.

        Then each row goes through its own action, on stock code, so that the override has its say;
        the batch is for databases where nobody has one.
        """
        ours = ("portal", "portal_access_ext")
        return any(
            name in cls.__dict__ and cls.__dict__.get("_module") not in ours
            for cls in type(self).mro()
            for name in ROW_HOOKS
        ) or any(
            "_create_user_from_template" in cls.__dict__ and cls.__dict__.get("_module") != "auth_signup"
            for cls in type(self.env["res.users"]).mro()
        )

    def _run_one_by_one(self, action, outcome):
        """Call one row's action on each row, in a savepoint of its own.

        :param str action: name of the action
        :param str outcome: the outcome of a row whose action succeeds
        :return dict: (outcome, reason) by row
        """
        results = {}
        for line in self:
            try:
                with self.env.cr.savepoint():
                    getattr(line, action)()
                results[line] = (outcome, line.outcome_reason)
            except OperationalError as error:
                if error.pgcode in PG_CONCURRENCY_ERRORS_TO_RETRY:
                    raise  # Odoo starts the whole request again
                results[line] = ("refused", line.partner_id._portal_access_shorten(str(error)))
            except UserError as error:
                results[line] = ("refused", line.partner_id._portal_access_shorten(str(error)))
            except Exception as error:  # of whichever module: one bad row must not stop the others
                _logger.exception("Portal access of contact %s can't be changed", line.partner_id.id)
                reason = _("Unexpected error: %(error)s", error=error)
                results[line] = ("refused", line.partner_id._portal_access_shorten(reason))
        return results

    def _call_stock(self, stock_action, outcome):
        """Run a stock action, which other modules extend, and remember what it did.

        :param stock_action: the bound method
        :param str outcome: what the row shows when it succeeds
        """
        self.partner_id._portal_access_lock()
        had_access = self.is_portal
        verdict = self._get_verdicts()[self]
        if not verdict.is_grantable and verdict.code != "has_access":
            raise UserError(verdict.reason)
        if outcome == "invited" and verdict.email_code:
            raise UserError(verdict.email_reason)
        if self._get_stale():
            # Stock would write the old address back on the contact.
            self.email = self.seen_email = self.partner_id.email
        user = self.env["res.users"].sudo().browse(verdict.user_id or [])
        if verdict.is_grantable and user:
            user._portal_access_start_again({user.id: verdict.email})
        problem = outcome != "revoked" and self._get_end_problems(is_grant=outcome == "granted").get(self)
        if problem:
            raise UserError(problem)
        result = stock_action()
        if outcome == "granted":
            self.partner_id._portal_access_set_ends(self._get_ends_to_grant())
        elif outcome == "invited" and self._is_end_typed():
            self._save_ends()
        self.invalidate_recordset(["user_id", "is_portal"])
        if had_access and not self.is_portal:
            user._portal_access_wipe()
        self._show_results({self: (outcome, dict(self._fields["outcome"]._description_selection(self.env))[outcome])})
        return result

    def _send_email(self):
        """Send the invitation: ours, or the stock one where another module changes it."""
        self.ensure_one()
        partner, user = self.partner_id, self.user_id.sudo()
        if not self._is_customized():
            partner._portal_access_make_invitations(user, self.wizard_id.welcome_message, send_now=True)
            return True
        # The stock mail takes the token that the contact has: it must have an end.
        Invitations = self.env["portal.access.invitation"].sudo()
        kept_hashes = Invitations._get_open(partner)._replace()
        valid_until = Invitations._get_valid_until()
        token = partner._portal_access_mint_tokens(valid_until, kept_hashes)[partner.id]
        # Superuser: the stock mail shows the link, which who sends it may not see.
        result = super(PortalWizardUser, self.sudo())._send_email()
        failed = (
            self.env["mail.mail"]
            .sudo()
            .search([("model", "=", self._name), ("res_id", "=", self.id), ("state", "=", "exception")], limit=1)
        )
        invitation = Invitations._make(user, {partner.id: token}, valid_until, self.wizard_id.welcome_message)
        if failed:
            # Our mail is not the other module's: no retry, but by an administrator who sends that mail.
            invitation.mail_mail_id_int = failed.id
            invitation._fail({invitation.id: failed.failure_reason}, retry=False)
        else:
            invitation._mark_sent()
        return result
