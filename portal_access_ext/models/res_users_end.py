from odoo import api, fields, models

from .res_config_settings import DORMANCY_DAYS_MAX, DORMANCY_DAYS_MIN, WARNING_DAYS, WARNING_DAYS_MAX

WARNED_FIELDS = ["portal_access_warned_end", "portal_access_dormant_end"]


class ResUsers(models.Model):
    """Access that ends by itself: what is remembered of warnings, and forgotten when it ends in whichever way."""

    _inherit = "res.users"

    portal_access_warned_end = fields.Date(
        readonly=True,
        copy=False,
        groups="base.group_erp_manager",
        help="The last day of access that the customer was warned of.",
    )
    portal_access_dormant_end = fields.Date(
        readonly=True,
        copy=False,
        groups="base.group_erp_manager",
        help="The last day on which the customer can keep the access by signing in, as the warning said.",
    )
    portal_access_end_failed_on = fields.Datetime(readonly=True, copy=False, groups=fields.NO_ACCESS)

    def unlink(self):
        partners = self.sudo().partner_id
        result = super().unlink()
        partners.exists()._portal_access_clear_unused_ends()
        return result

    def _portal_access_end(self):
        result = super()._portal_access_end()
        self._portal_access_forget_end()
        return result

    def _portal_access_forget_end(self):
        """Let the next access of these users start without an end, and without warnings of it."""
        if not self.ids:
            return
        self.sudo().partner_id._portal_access_clear_unused_ends()
        self.flush_model(WARNED_FIELDS)
        self.env.cr.execute(
            """
            UPDATE res_users SET portal_access_warned_end = NULL, portal_access_dormant_end = NULL
             WHERE id IN %s AND COALESCE(portal_access_warned_end, portal_access_dormant_end) IS NOT NULL
            """,
            [tuple(self.ids)],
        )
        self.invalidate_recordset(WARNED_FIELDS, flush=False)

    def _portal_access_note_visit(self):
        """Let a visit count as a sign-in for a customer who was warned of losing unused access.

        The warning asks to open the portal. Whoever is signed in on that device still would do so in
        vain: Odoo notes the typing of passwords only.
        """
        self.ensure_one()
        if self.sudo().portal_access_dormant_end:  # customers can't read it
            self._update_last_login()
            self.sudo().portal_access_dormant_end = False

    # -------------------------------------------------------------------------
    # Settings
    # -------------------------------------------------------------------------

    @api.model
    def _get_portal_warning_days(self):
        """:return int: how many days before the end customers are warned; 0 for not at all"""
        days = min(self._get_portal_days("portal_access_ext.warning_days", WARNING_DAYS), WARNING_DAYS_MAX)
        dormancy_days = self._get_portal_dormancy_days()
        return min(days, dormancy_days - 1) if dormancy_days else days

    @api.model
    def _get_portal_dormancy_days(self):
        """:return int: after how many days without signing in access is revoked; 0 for never"""
        days = self._get_portal_days("portal_access_ext.dormancy_days", 0)
        return days and min(max(days, DORMANCY_DAYS_MIN), DORMANCY_DAYS_MAX)

    @api.model
    def _get_portal_days(self, parameter, default):
        """:return int: a parameter, or its default where somebody has broken it"""
        value = self.env["ir.config_parameter"].sudo().get_param(parameter, default)
        try:
            return int(value) if int(value) >= 0 else default
        except ValueError:
            return default
