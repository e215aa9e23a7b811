from odoo import _, api, models


class Onboarding(models.Model):
    _inherit = "onboarding.onboarding"

    @api.model
    def action_close_panel_portal_access(self):
        self.action_close_panel("portal_access_ext.onboarding_onboarding_portal_access")

    def _prepare_rendering_values(self):
        """Tick off what was done elsewhere meanwhile, and say it in the reader's language."""
        self.ensure_one()
        if self.route_name != "portal_access":
            return super()._prepare_rendering_values()
        self.step_ids._portal_access_validate_done()
        # Odoo's field is not translated.
        return {**super()._prepare_rendering_values(), "text_completed": _("The portal is ready for your customers.")}
