import re
import unicodedata

from odoo import _, api, models
from odoo.exceptions import ValidationError
from odoo.tools import single_email_re

from .portal_access_cast import as_id

# Nothing but digits and what stands between them, and perhaps an extension.
PHONE = re.compile(r"\+?([\d\s()./\u2010-\u2015-]+)(?:(?:x|ext\.?|#)\s*\d{1,6})?", re.IGNORECASE)
# ITU-T E.164; the shortest are those of small networks.
PHONE_DIGITS = range(5, 16)
TEXT_MAX_LENGTH = 250
ADDRESS_FIELDS = ("street", "street2", "zip", "city", "state_id", "country_id")


class ResPartner(models.Model):
    """What customers type about themselves and their addresses, on whichever page."""

    _inherit = "res.partner"

    @api.model
    def _portal_access_parse_form(self, post, names):
        """Read the fields of a contact from a form.

        :param dict post: what was posted, which may be anything
        :param names: names of fields; those that were not posted are left out
        :return dict: text without blanks around it, an id or False; None for what no form of ours sends
        """
        values = {}
        for name in names:
            if name not in post:
                continue
            value = post[name]
            if not isinstance(value, str):  # a file
                values[name] = None
                continue
            value = value.replace("\x00", "").strip()
            if name == "phone" and value != (self.phone or "").strip():
                value = self._portal_access_parse_phone(value)
            if self._fields[name].type != "many2one":
                # Blanks around what is stored are no change.
                stored = self[name] or ""
                values[name] = stored if value == stored.strip() else value
            elif not value:
                values[name] = False
            else:
                values[name] = as_id(value) or None
        return values

    @api.model
    def _portal_access_parse_phone(self, phone):
        """:return str: the number that was pasted: of a link, in other digits, between marks that nobody sees"""
        visible = (char for char in unicodedata.normalize("NFKC", phone) if unicodedata.category(char) != "Cf")
        text = "".join(str(unicodedata.decimal(char, char)) for char in visible).strip()
        return text[len("tel:") :].strip() if text.lower().startswith("tel:") else text

    def _portal_access_form_problems(self, values, required=()):
        """Check what a customer typed: whether it can be stored, and whether it is what it should be.

        What is stored already is not judged again, but for the email: customers can change one thing
        without having to mend what they inherited. An address that changes has to be complete.

        :param dict values: of :meth:`_portal_access_parse_form`, on the contact, or on none for a new one
        :param required: names of the fields that have to be filled, besides those that the country needs
        :return dict: for each field that is wrong, a sentence in the user's words; in the order of `values`
        """
        stored = {name: self._portal_access_stored(name) for name in values}
        changed = {name for name in values if not self or values[name] != stored[name]}
        country = self._portal_access_form_country(values)
        missing, problems = self._portal_access_missing_texts(), {}
        needed = set(required)
        if changed.intersection(ADDRESS_FIELDS):
            info = country._portal_access_form_info()
            needed.update(name for name in ("zip", "state_id") if info[f"{name.removesuffix('_id')}_required"])
        for name, value in values.items():
            is_list = self._fields[name].type == "many2one"
            check = getattr(self, f"_portal_access_check_{name}", None)
            depends_on_country = name in ("state_id", "vat") and "country_id" in changed
            problem = None
            if value is None:
                problem = _("Choose one of the list.") if is_list else _("Type a text here.")
            elif not value:
                problem = (missing.get(name) or _("Fill in this field.")) if name in needed else None
            elif not (name in changed or name == "email" or depends_on_country):
                continue
            elif not is_list and len(value) > TEXT_MAX_LENGTH:
                problem = _("This is too long: at most %s characters.", TEXT_MAX_LENGTH)
            elif check:
                problem = check(value, country)
            if problem:
                problems[name] = problem
        return problems

    def _portal_access_stored(self, name):
        value = self[name]
        return value.id if self._fields[name].type == "many2one" else value or ""

    def _portal_access_form_country(self, values):
        """:return: the country of a form, which may have none, or not exist"""
        if "country_id" not in values:
            return self.country_id.sudo()
        # sudo: as stock, which shows countries and states to everybody.
        return self.env["res.country"].sudo().browse(values["country_id"] or []).exists()

    @api.model
    def _portal_access_missing_texts(self):
        """:return dict: what to say where nothing was typed, by field"""
        return {
            "name": _("Type your name."),
            "email": _("Type your email address."),
            "phone": _("Type your phone number."),
            "street": _("Type your street."),
            "city": _("Type your city."),
            "zip": _("Type your zip code."),
            "country_id": _("Choose your country."),
            "state_id": _("Choose your state or province."),
            "vat": _("Type your VAT number."),
            "company_name": _("Type the name of your company."),
        }

    # -------------------------------------------------------------------------
    # One check per field: a sentence if it is wrong
    # -------------------------------------------------------------------------

    def _portal_access_check_email(self, email, _country):
        if not single_email_re.match(email) or not self._portal_access_normalize_email(email):
            return self._portal_access_email_problem(email)[1]
        return None

    def _portal_access_check_phone(self, phone, country):
        """Accept every number that may exist: which ones do, changes faster than what anybody knows of it."""
        match = PHONE.fullmatch(phone)
        if match and sum(char.isdigit() for char in match[1]) in PHONE_DIGITS:
            return None
        example = f"+{country.phone_code or 32} 123456789"
        return _("This is not a phone number. Type just one, with its country code, like %s.", example)

    def _portal_access_check_country_id(self, _country_id, country):
        return None if country else _("Choose one of the list.")

    def _portal_access_check_state_id(self, state_id, country):
        if state_id in country.state_ids.ids:
            return None
        if not country:
            return _("Choose a country first.")
        return _("This is no state or province of %s.", country.name)

    def _portal_access_check_vat(self, vat, country):
        """Ask `base_vat`, if it is installed, as stock does."""
        if not hasattr(self, "check_vat"):
            return None
        if country:
            vat = self.fix_eu_vat_number(country.id, vat)
        dummy = self.new({"vat": vat, "country_id": country.id, "is_company": self.is_company})
        try:
            dummy.check_vat()
        except ValidationError as error:
            return str(error).strip()
        except (ValueError, LookupError):  # on signs and lengths that it does not expect
            return _("This is not a valid VAT number.")
        return None
