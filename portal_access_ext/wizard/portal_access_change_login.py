from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError


class PortalAccessChangeLogin(models.TransientModel):
    """Give a customer another login. For administrators of access rights only: a login is an account."""

    _name = "portal.access.change.login"
    _description = "Change Portal Login"

    partner_id = fields.Many2one("res.partner", string="Contact", required=True, readonly=True, ondelete="cascade")
    user_id = fields.Many2one("res.users", compute="_compute_user_id", string="Portal User")
    old_login = fields.Char(string="Current Login", compute="_compute_user_id")
    partner_email = fields.Char(string="Contact's Email", related="partner_id.email")
    # Not required: Odoo would let nobody cancel before something is typed.
    new_login = fields.Char()
    with_email = fields.Boolean(
        string="Change the contact's email too",
        help="Otherwise what you send to this contact goes to the same address as before.",
    )
    needs_confirmation = fields.Boolean(
        string="The customer has to confirm",
        default=True,
        help="The new login gets a link, and nothing changes before it is used.",
    )
    can_undo = fields.Boolean(
        string="The old login can undo it",
        default=True,
        help="Untick it if somebody else can read the mail of the old login.",
    )
    wizard_line_id = fields.Many2one("portal.wizard.user", ondelete="set null", help="The row this was opened from.")

    @api.depends("partner_id")
    def _compute_user_id(self):
        users = self.partner_id._portal_access_users()
        for wizard in self:
            user = users.get(wizard.partner_id.id)
            wizard.user_id = user.user_id if user and user.is_active and user.is_portal else False
            # sudo: the login of a user in another company is shown to nobody: the contact was checked.
            wizard.old_login = wizard.user_id.sudo().login

    def action_change(self):
        """Change the login, or ask the customer to confirm it.

        :raise UserError: if that can't be done, with the reason
        """
        self.ensure_one()
        partner = self.partner_id
        user = partner._portal_access_get_login_user()
        partner._portal_access_lock()
        email = partner._portal_access_normalize_email(self.new_login)
        if not email:
            raise UserError(_("Type one email address as the new login."))
        if email == user.login:
            raise UserError(_("This is the login already."))
        options = {"with_email": self.with_email, "can_undo": self.can_undo}
        # sudo: nobody writes login changes but by this method and the links; the right was checked.
        Changes = self.env["portal.access.login.change"].sudo()
        if self.needs_confirmation:
            user._portal_access_check_login_free(email)
            Changes._request(user, email, **options)
            message = _("A link was sent to %s. The login changes when it is confirmed there.", email)
        else:
            Changes._change_at_once(user, email, **options)
            message = _("The login was changed. The customer was told.")
            line = self.wizard_line_id.filtered(lambda line: line.partner_id == partner)
            if line and self.with_email:
                line.check_access_rule("write")  # one's own dialog
                line._show_results({line: ("saved", message)})
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {"type": "success", "message": message, "next": self.action_back()},
        }

    def action_back(self):
        """Return to the dialog that this was opened from, if it was one."""
        if self.wizard_line_id:
            # With its views: Odoo completes an action that a button returns, but not one that comes next.
            return {**self.wizard_line_id.action_refresh_modal(), "views": [(False, "form")]}
        return {"type": "ir.actions.act_window_close"}


class ResPartner(models.Model):
    _inherit = "res.partner"

    def action_portal_change_login(self):
        """Open the dialog that changes the login of this contact.

        :raise UserError: if the contact has no portal access
        """
        self.ensure_one()
        self._portal_access_get_login_user()
        return {
            "name": _("Change Portal Login"),
            "type": "ir.actions.act_window",
            "res_model": "portal.access.change.login",
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_partner_id": self.id},
        }

    def _portal_access_get_login_user(self):
        """Return the portal user of this contact to whom may change its login.

        :return: the user, as superuser
        :raise AccessError: for who is no administrator of access rights
        :raise UserError: if the contact has no portal access
        """
        if not self._portal_access_may_see_tokens():
            raise AccessError(_("Only administrators of access rights can change the login of a customer."))
        self.check_access_rights("read")
        self.check_access_rule("write")
        verdict = self._portal_access_verdicts()[self.id]
        if verdict.code in ("internal", "other_company", "missing"):
            raise UserError(verdict.reason)
        if verdict.code != "has_access":
            raise UserError(_("This contact has no portal access. Grant it first."))
        return self.env["res.users"].sudo().browse(verdict.user_id)


class PortalWizardUser(models.TransientModel):
    _inherit = "portal.wizard.user"

    def action_change_login(self):
        """Open the dialog that changes the login of this row's contact."""
        self.ensure_one()
        action = self.partner_id.action_portal_change_login()
        return {**action, "context": {**action["context"], "default_wizard_line_id": self.id}}
