from odoo.exceptions import AccessError, MissingError
from odoo.http import request, route

from odoo.addons.helpdesk_mgmt.controllers.main import HelpdeskTicketController
from odoo.addons.portal.controllers.portal import CustomerPortal
from odoo.addons.portal_access_ext.models.portal_access_cast import as_id

MODEL = "helpdesk.ticket"


class PortalHelpdesk(HelpdeskTicketController):
    @route(methods=["POST"])
    def support_ticket_close(self, ticket_id=None, stage_id=None, **_kw):
        """Close a ticket that is the visitor's, by a stage that its page offers.

        `helpdesk_mgmt` closes whichever ticket, also for who only follows a link.
        """
        try:
            ticket_sudo = CustomerPortal()._document_check_access(MODEL, as_id(ticket_id))
        except (AccessError, MissingError):
            return request.redirect("/my")
        # First of all: of two who close it, the second finds it closed.
        query = "UPDATE helpdesk_ticket SET write_date = write_date WHERE id = %s"
        request.env.cr.execute(query, [ticket_sudo.id], log_exceptions=False)
        offered_sudo = ticket_sudo.team_id._get_applicable_stages().filtered("close_from_portal")
        stage_sudo = offered_sudo.filtered(lambda stage: stage.id == as_id(stage_id))
        if stage_sudo and not ticket_sudo.closed_date:
            # sudo: customers can't write tickets; it stays them who do it.
            ticket_sudo.with_user(request.env.user).sudo().stage_id = stage_sudo
        return request.redirect(f"/my/ticket/{ticket_sudo.id}")
