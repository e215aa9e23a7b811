import logging

from psycopg2 import IntegrityError

from odoo import _, api, models
from odoo.tools import mute_logger

_logger = logging.getLogger(__name__)


class Onboarding(models.Model):
    _inherit = "onboarding.onboarding"

    @api.model
    def action_close_panel_portal_access(self):
        """Never show the panel again in the user's company.

        :raise AccessError: if the current user is no administrator
        """
        self.check_access_rights("write")
        self.action_close_panel("portal_access_ext.onboarding_onboarding_portal_access")

    def _prepare_rendering_values(self):
        """Tick off what was done elsewhere meanwhile, and say it in the reader's language."""
        self.ensure_one()
        if self.route_name != "portal_access":
            return super()._prepare_rendering_values()
        try:
            with self.env.cr.savepoint(), mute_logger("odoo.sql_db"):
                self.step_ids._portal_access_validate_done()
        except IntegrityError:
            # Somebody else has just loaded the panel, and ticked them off: it is no reason to show none.
            _logger.info("Steps of the panel %s were ticked off by another request", self.route_name)
        # Odoo's field is not translated.
        return {**super()._prepare_rendering_values(), "text_completed": _("The portal is ready for your customers.")}
