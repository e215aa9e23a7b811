from datetime import timedelta

from odoo import fields, models


class PortalWizardUser(models.TransientModel):
    """The end of access that a row shows, and that is typed there."""

    _inherit = "portal.wizard.user"

    access_until = fields.Date(
        help="The last day of access, in the contact's time zone. Empty: it does not end by itself."
    )
    seen_until = fields.Date(readonly=True, help="The contact's last day of access when the dialog showed it last.")

    def _is_end_typed(self):
        """:return bool: whether the administrator chose another end of access than the contact has"""
        return self.access_until != self.seen_until

    def _get_ends_to_grant(self):
        """Return the last day of rows that are granted access.

        A contact's own counts, typed or not, else that of the dialog. What nobody typed is not
        written over, somebody else may have set it meanwhile, unless it went by already.

        :return dict: the last day by contact id, or False
        """
        own = {line.partner_id.id: line.partner_id.sudo().portal_access_until for line in self}  # to be read only
        lapsed = self.partner_id._portal_access_end_problems(own)
        ends = {}
        for line in self:
            partner_id = line.partner_id.id
            until = line.access_until if line._is_end_typed() else partner_id not in lapsed and own[partner_id]
            ends[partner_id] = until or line.wizard_id.access_until
        return ends

    def _get_newly_ending(self):
        """:return: those of these rows that will have another last day once they are granted access"""
        return self.filtered(lambda line: (line.access_until or line.wizard_id.access_until) != line.seen_until)

    def _get_end_problems(self, is_grant=False):
        """:return dict: why they can't have their last day, by row, for those rows only"""
        ends = {line: line.access_until for line in self if line._is_end_typed()}
        if is_grant:
            ends.update({line: line.wizard_id.access_until for line in self if not line.access_until})
        # Of any later day no time zone makes a past one: ticking must not wait for a thousand contacts.
        tomorrow = fields.Date.today() + timedelta(1)
        by_contact = {
            line.partner_id._origin.id: until
            for line, until in ends.items()
            if until and until <= tomorrow and line.partner_id._origin
        }
        contacts = self.env["res.partner"].browse(by_contact).exists()
        problems = contacts._portal_access_end_problems(by_contact)
        return {line: problems[contact.id] for line in ends if (contact := line.partner_id._origin).id in problems}

    def _save_ends(self):
        """Save the typed ends of access on the contacts, and nothing else.

        :return dict: (outcome, reason) by row
        """
        ends = {line.partner_id.id: line.access_until for line in self}
        return self._get_results_by_line(*self.partner_id._portal_access_set_ends(ends))
