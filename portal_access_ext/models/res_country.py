from odoo import models


class ResCountry(models.Model):
    _inherit = "res.country"

    def _portal_access_form_info(self):
        """Say what a form for an address in this country looks like; the script of such forms reads it.

        :return dict: `states`, as pairs of id and name; `state_required`, `zip_required`, and `zip_first`,
            whether the zip code stands before the city
        """
        # sudo: as stock, whose forms show countries and states to everybody. Of no country: nothing is asked for.
        country = self.sudo()
        address_fields = country.get_address_fields() if country else []
        states = [(state.id, state.name) for state in country.state_ids]
        zip_at, city_at = (
            address_fields.index(name) if name in address_fields else len(address_fields) for name in ("zip", "city")
        )
        return {
            "states": states,
            "state_required": bool(states) and country.state_required,
            "zip_required": country.zip_required and "zip" in address_fields,
            "zip_first": zip_at < city_at,
        }
