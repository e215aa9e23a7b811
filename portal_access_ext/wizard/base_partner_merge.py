from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ..models.portal_access_context import AT_WORK


class MergePartnerAutomatic(models.TransientModel):
    """Contacts with several logins can be merged: whoever merges them says which login stays.

    Odoo refuses to merge contacts that have more than one user, archived ones too.
    """

    _inherit = "base.partner.merge.automatic.wizard"

    portal_login_ids = fields.Many2many(
        "res.users", compute="_compute_portal_login_ids", context={"active_test": False}
    )
    has_several_logins = fields.Boolean(compute="_compute_portal_login_ids")
    portal_login_id = fields.Many2one(
        "res.users",
        string="Login that stays",
        context={"active_test": False},
        help="The other logins lose their access for good; what their users did stays.",
    )

    @api.depends("partner_ids")
    def _compute_portal_login_ids(self):
        for wizard in self:
            users = wizard.partner_ids._portal_access_all_users()
            # One of them if there is one: nobody gives up an employee's account here.
            wizard.portal_login_ids = users.filtered(lambda user: not user.share) or users
            wizard.has_several_logins = len(users) > 1

    @api.onchange("partner_ids")
    def _onchange_partner_ids(self):
        if self.portal_login_id not in self.portal_login_ids:
            self.portal_login_id = False

    def _action_next_screen(self):
        self.portal_login_id = False  # it was of the contacts before
        return super()._action_next_screen()

    def _merge(self, partner_ids, dst_partner=None, extra_checks=True):
        """Revoke the logins that are given up, and keep their users out of Odoo's sight while it merges."""
        partners = self.env["res.partner"].browse(partner_ids).exists()
        users = partners._portal_access_all_users()
        if len(partners) < 2 or not users:
            return super()._merge(partner_ids, dst_partner=dst_partner, extra_checks=extra_checks)
        kept = self.portal_login_id.sudo() if len(users) > 1 else users
        if kept not in users:
            logins = users._portal_access_names("login")
            raise UserError(_("These contacts have several logins: %s. Choose the one that stays.", logins))
        given_up = users - kept
        if given_up:
            self._check_given_up(given_up)
            partners._portal_access_check_rights()
            partners._portal_access_lock()
            having = given_up._portal_access_having()
            merged = _("The contact was merged; the login that stays is %s.", kept.login)
            having._portal_access_close("revoked", dict.fromkeys(having.ids, merged))
            given_up._portal_access_shut()
            given_up._portal_access_move_to(self.env.ref("base.partner_root"))
        link = kept.partner_id._portal_access_get_link()
        result = super()._merge(partner_ids, dst_partner=dst_partner, extra_checks=extra_checks)
        kept.invalidate_recordset(["partner_id"])
        if given_up:
            given_up._portal_access_move_to(kept.partner_id)
        kept.partner_id._portal_access_take_link(link)
        return result

    def _check_given_up(self, users_sudo):
        """Check that whoever merges may take all these users' access.

        :raise UserError: if one is an employee, or of a company that is not selected
        """
        employees = users_sudo.filtered(lambda user: not user.share)
        if employees:
            names = employees._portal_access_names("name")
            raise UserError(_("The account of an internal user (%s) can't be given up by merging contacts.", names))
        # As for a revocation, but of each user of the contacts.
        companies = self.env.companies | self.env.companies.sudo().parent_ids
        unreachable = users_sudo.filtered(lambda user: not user.company_ids & companies)
        if unreachable and not self.env.su:
            names = unreachable._portal_access_names("login")
            raise UserError(
                _("A login (%s) belongs to a company that you have not selected. You can't give it up.", names)
            )

    @api.model
    def _update_values(self, src_partners, dst_partner):
        """Take the end of access as it is, a past one too: the next night knows what to do with it."""
        return super()._update_values(src_partners, dst_partner.with_context(portal_access_batch=AT_WORK))
