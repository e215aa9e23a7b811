from odoo import api, models


class Base(models.AbstractModel):
    _inherit = "base"

    @api.model
    def search_count(self, domain, limit=None):
        """Count all, where an app counts to one only to know whether its card on the dashboard is shown."""
        if self.env.context.get("portal_access_count_all"):
            limit = None
        return super().search_count(domain, limit=limit)

    def _portal_access_for_employees(self):
        """Return these records in the company's language: the one of notes and of the ledger.

        Else employees would read there the language of the customer or of the job that did something.
        It is the current company's, also for the contacts of others; in crons, that is the superuser's.
        """
        return self.with_context(lang=self.env.company.sudo().partner_id.lang or self.env.lang)
