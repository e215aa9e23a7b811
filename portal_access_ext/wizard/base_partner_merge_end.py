from odoo import api, models

from ..models.res_partner_access import AT_WORK


class MergePartnerAutomatic(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    @api.model
    def _update_values(self, src_partners, dst_partner):
        """Take the end of access as it is, a past one too: the next night knows what to do with it."""
        return super()._update_values(src_partners, dst_partner.with_context(portal_access_batch=AT_WORK))
