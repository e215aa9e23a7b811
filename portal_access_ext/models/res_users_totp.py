import logging

from odoo import _, _lt, api, models
from odoo.exceptions import AccessDenied, AccessError, UserError

from odoo.addons.base.models.res_users import check_identity

from .portal_access_recovery_code import LOWEST
from .res_users_login import Told

_logger = logging.getLogger(__name__)

# Attempts at the second step, right ones not counted, per account: with a code of six digits, of which three are
# right at a time, a guesser who knows the password needs years.
ATTEMPTS = [("totp_hour", 10, 3600), ("totp_day", 30, 24 * 3600)]


class ResUsers(models.Model):
    """Two-factor authentication of customers: recovery codes, no endless guessing, a reset that they hear of.

    Employees keep what Odoo gives them.
    """

    _inherit = "res.users"

    def write(self, vals):
        """Let recovery codes end with the authenticator that they stand in for, wherever it is turned on or off."""
        result = super().write(vals)
        if "totp_secret" in vals:
            self.env["portal.access.recovery.code"]._remove(self)
        return result

    # -------------------------------------------------------------------------
    # Signing in
    # -------------------------------------------------------------------------

    def _totp_check(self, code):
        """Take a recovery code, too, and count the attempts: Odoo does so per process and address only."""
        customer = self._portal_access_having().sudo()  # nobody is signed in yet
        if not customer or self._mfa_type() != "totp":
            return super()._totp_check(code)
        Limit = self.env["portal.access.limit"].sudo()
        if not all(Limit._take(purpose, self.id, limit, seconds) for purpose, limit, seconds in ATTEMPTS):
            raise AccessDenied(_("Too many wrong codes. Please try again later."))
        result = None
        if self.env["portal.access.recovery.code"]._use(self, code):
            customer._portal_totp_remember_use()
        else:
            try:
                result = super()._totp_check(code)
            except AccessDenied as error:
                if abs(code) < LOWEST:
                    raise
                raise AccessDenied(_("This recovery code is wrong, or was used already.")) from error
        for purpose, _limit, _seconds in ATTEMPTS:
            Limit._give_back(purpose, self.id)
        return result

    def _portal_totp_remember_use(self):
        """Tell the ledger and the customer that a recovery code was used."""
        left = self.env["portal.access.recovery.code"]._count(self)
        _logger.info("2FA check: SUCCESS by a recovery code for %s %r", self, self.login)
        details = {self.id: _lt("Codes left: %s", left)}
        self.env["portal.access.event"]._record("recovery_code_used", self, details, actor=self)
        self._portal_totp_notify("used", left)

    # -------------------------------------------------------------------------
    # Codes
    # -------------------------------------------------------------------------

    @check_identity
    def action_portal_make_recovery_codes(self):
        """Make new recovery codes for oneself; the old ones die. The password has been asked for.

        :return dict: an action with the codes as `portal_recovery_codes` in its `params`
        :raise AccessError: for somebody else's, or an employee's
        :raise UserError: without two-factor authentication
        """
        if self != self.env.user or not self._portal_access_having():
            raise AccessError(_("Customers make recovery codes for themselves only."))
        if self._mfa_type() != "totp":
            raise UserError(_("Turn on two-factor authentication first."))
        codes = self.env["portal.access.recovery.code"]._make(self)
        self.env["portal.access.event"]._record("recovery_codes_made", self.sudo())
        self._portal_totp_notify("made")
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": _("You have new recovery codes. The old ones do not work any more."),
                "portal_recovery_codes": codes,
            },
        }

    def _get_portal_recovery_code_count(self):
        """:return int: how many recovery codes are left; None for who can't have any"""
        if self._mfa_type() != "totp" or not self._portal_access_having():
            return None
        return self.env["portal.access.recovery.code"]._count(self)

    # -------------------------------------------------------------------------
    # Reset by an administrator
    # -------------------------------------------------------------------------

    @check_identity
    def action_totp_disable(self):
        """Tell customers whose two-factor authentication an administrator resets, in one mail in their language."""
        if self == self.env.user or not self.env.user._is_admin():
            return super().action_totp_disable()
        customers = self._portal_access_having()
        without = customers.filtered(lambda user: not user.totp_enabled)
        users, customers = self - without, customers - without
        if without and not users:
            raise UserError(_("Two-factor authentication is off already: %s", ", ".join(without.mapped("name"))))
        # Of the single steps, Odoo would tell them in the administrator's language.
        users = users.with_context(portal_access_told=Told(customers.ids))
        # sudo: that this is an administrator of access rights is checked; Odoo lets those of settings only see devices.
        (users & customers).sudo()._revoke_all_devices()
        result = super(ResUsers, users).action_totp_disable()
        customers._portal_totp_notify("reset")
        for customer in customers:
            for purpose, _limit, _seconds in ATTEMPTS:
                self.env["portal.access.limit"].sudo()._give_back(purpose, customer.id, count=None)
        return result

    # -------------------------------------------------------------------------
    # Mails
    # -------------------------------------------------------------------------

    def _portal_totp_notify(self, kind, *args):
        """Send customers Odoo's notice about the security of their account, each in their language.

        :param str kind: a key of what :meth:`_get_portal_totp_notices` returns
        """
        for user in self.sudo():
            user = user.with_context(lang=user.lang or self.env.lang)
            subject, content = user._get_portal_totp_notice(kind, *args)
            author = user.company_id.partner_id  # not who did it: authors may read their messages
            user._notify_security_setting_update(subject, content, mail_values={"author_id": author.id})
        self.env["portal.access.invitation"].sudo()._trigger_cron("mail.ir_cron_mail_scheduler_action")

    def _get_portal_totp_notice(self, kind, left=0):
        """:return tuple: subject and text of a notice"""
        if kind == "used":
            return _("Security Update: Recovery Code Used"), _(
                "Somebody signed in to your account with your password and one of your recovery codes. "
                "It does not work any more. Codes left: %s",
                left,
            )
        if kind == "made":
            return _("Security Update: New Recovery Codes"), _(
                "New recovery codes were made for your account. The old ones do not work any more"
            )
        return _("Security Update: 2FA Reset"), _(
            "We have reset two-factor authentication of your account: you sign in with your password alone until you "
            "turn it on again. Your recovery codes and trusted devices do not work any more"
        )

    # -------------------------------------------------------------------------
    # Ends
    # -------------------------------------------------------------------------

    @api.model
    def _get_portal_secrets(self):
        columns, tables = super()._get_portal_secrets()
        return columns, [*tables, self.env["portal.access.recovery.code"]._table]

    def _portal_access_end(self):
        """Remove the codes of users who became employees, too: those are not wiped."""
        result = super()._portal_access_end()
        self.env["portal.access.recovery.code"]._remove(self)
        return result

    def _portal_access_wipe_after_undo(self, since):
        """Keep the owner's codes where the owner's authenticator is kept."""
        query = "SELECT salt, code_hash, made_on FROM portal_access_recovery_code WHERE user_id = %s AND made_on < %s"
        Code = self.env["portal.access.recovery.code"].sudo()
        Code.flush_model()
        self.env.cr.execute(query, [self.id, since])
        kept = self.env.cr.dictfetchall()
        result = super()._portal_access_wipe_after_undo(since)
        if self.totp_enabled:
            Code.create([{"user_id": self.id, **values} for values in kept])
        return result
