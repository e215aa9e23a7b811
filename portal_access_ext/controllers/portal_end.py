from odoo import http
from odoo.http import request

from odoo.addons.portal.controllers.portal import CustomerPortal


class CustomerPortalEnd(CustomerPortal):
    @http.route()
    def home(self, **kw):
        """Let customers who follow the link of the warning keep their access."""
        request.env.user._portal_access_note_visit()
        return super().home(**kw)
