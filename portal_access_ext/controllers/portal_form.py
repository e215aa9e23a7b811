from odoo.http import Controller, request, route

from ..models.portal_access_cast import as_id


class PortalForm(Controller):
    """What the forms for addresses ask while they are filled in."""

    @route("/my/country/<string:country_id>", type="json", auth="user", methods=["POST"], website=True)
    def country(self, country_id, **_kw):
        """:return dict: see `res.country._portal_access_form_info`"""
        # sudo: see there.
        country = request.env["res.country"].sudo().browse(as_id(country_id) or [])
        return country.exists()._portal_access_form_info()
