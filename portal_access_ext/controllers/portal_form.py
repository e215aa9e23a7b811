from odoo.http import Controller, request, route

from ..models.portal_access_cast import ID_MAX


class PortalForm(Controller):
    """What the forms for addresses ask while they are filled in."""

    @route("/my/country/<int:country_id>", type="json", auth="user", methods=["POST"], website=True)
    def country(self, country_id, **_kw):
        """:return dict: see `res.country._portal_access_form_info`"""
        # sudo: see there.
        country = request.env["res.country"].sudo().browse(country_id if 0 < country_id <= ID_MAX else [])
        return country.exists()._portal_access_form_info()
