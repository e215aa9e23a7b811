from odoo import _, api, fields, models
from odoo.tools import consteq
from odoo.tools.misc import hmac

from .portal_access_cast import ID_MAX
from .portal_access_login_change import LINK_HOURS


class PortalAccessLoginChange(models.Model):
    """The links of a change, and what is told to whoever holds one."""

    _inherit = "portal.access.login.change"

    confirm_link = fields.Char(compute="_compute_links", groups=fields.NO_ACCESS)
    undo_link = fields.Char(compute="_compute_links", groups=fields.NO_ACCESS)
    password_link = fields.Char(compute="_compute_links", groups=fields.NO_ACCESS)
    password_until = fields.Datetime(compute="_compute_links", groups=fields.NO_ACCESS)

    @api.depends("state", "can_undo", "confirm_until", "undo_until")
    @api.depends_context("su")
    def _compute_links(self):
        """Make the links for the mails, which are rendered as superuser; nobody else ever gets one."""
        self.confirm_link = self.undo_link = self.password_link = self.password_until = False
        if not self.env.su:
            return
        for change in self:
            if change.state == "waiting":
                change.confirm_link = change._get_link("confirm")
            elif change.state == "done" and change.can_undo:
                change.undo_link = change._get_link("undo")
            elif change.state == "undone":
                change.password_until = change.partner_id.signup_expiration
                change.password_link = change.partner_id._get_signup_url_for_action()[change.partner_id.id]

    def _get_signature(self, purpose):
        until = self.confirm_until if purpose == "confirm" else self.undo_until
        message = (self.id, fields.Datetime.to_string(until), self.nonce)
        return hmac(self.env(su=True), f"portal_access_ext-login-{purpose}", message)

    def _get_link(self, purpose):
        return f"{self.user_id.get_base_url()}/my/login/{purpose}/{self.id}/{self._get_signature(purpose)}"

    @api.model
    def _find_by_link(self, purpose, change_id, signature):
        """:return: the change that a link is about, as superuser, or an empty recordset for one that is not ours"""
        change = self.sudo().browse(change_id if 0 < change_id <= ID_MAX else []).exists()
        if change and consteq(change._get_signature(purpose).encode(), signature.encode(errors="replace")):
            return change
        return self.browse()

    def _get_problem(self, purpose):
        """Say why a link does not work, to whoever holds it.

        :return dict: `code`, `title` and `text`; None if it works
        """
        code = self._get_problem_code(purpose)
        return self._get_problem_texts().get(code)

    def _get_problem_code(self, purpose):
        if not self:
            return "invalid"
        now = fields.Datetime.now()
        is_confirm = purpose == "confirm"
        if self.state == "undone" or (is_confirm and self.state == "done"):
            return "used"
        if not self.user_id._portal_access_having():
            return "ended"
        if self.state == "cancelled" or not (is_confirm or self.can_undo):
            return "cancelled"
        if (self.confirm_until if is_confirm else self.undo_until) < now:
            return "expired"
        return None

    @api.model
    def _get_problem_texts(self):
        texts = [
            ("invalid", _("This link does not work."), _("Please copy the whole link from our message.")),
            ("used", _("This link was used already."), _("Sign in to see your login, or contact us.")),
            (
                "cancelled",
                _("This link does not work any more."),
                _("Your login was changed again, or this change was cancelled."),
            ),
            (
                "expired",
                _("This link has expired."),
                _("Links work for %s hours, for the safety of your account.", LINK_HOURS),
            ),
            ("ended", _("This account is closed."), _("Contact us if you did not expect that.")),
            ("taken", _("This login can't be used."), _("Another account uses it meanwhile.")),
        ]
        return {code: {"code": code, "title": title, "text": text} for code, title, text in texts}
