from odoo import fields, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    portal_default_token_id = fields.Many2one(
        "payment.token",
        string="Default Payment Method",
        copy=False,
        index="btree_not_null",
        groups=fields.NO_ACCESS,
        help="The saved payment method that the customer wants to be preselected when paying.",
    )

    def _portal_access_hide_saved_methods(self):
        """Take what these contacts have saved so far out of the portal, for who gets the access next.

        What charges it in the background goes on. What a company has saved stays the company's, whoever
        signs in for it. Archived methods too, which the page tells of for a while.
        """
        people = self.filtered(lambda partner: not partner.is_company)
        saved = [("partner_id", "in", people.ids), ("portal_is_hidden", "=", False)]
        self.env["payment.token"].sudo().with_context(active_test=False).search(saved).portal_is_hidden = True
