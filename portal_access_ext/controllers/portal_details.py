import json
from contextlib import nullcontext

from psycopg2 import DataError, IntegrityError
from werkzeug.urls import url_parse

from odoo import _
from odoo.exceptions import UserError
from odoo.http import request, route
from odoo.tools.translate import code_translations

from odoo.addons.portal.controllers.portal import CustomerPortal

from ..models.portal_access_cast import as_id

# What the page asks for, by the names in its form. Other modules may add fields, which they check themselves.
FIELD_BY_NAME = {
    "name": "name",
    "email": "email",
    "company_name": "company_name",
    "vat": "vat",
    "phone": "phone",
    "street": "street",
    "street2": "street2",
    "city": "city",
    "zipcode": "zip",
    "country_id": "country_id",
    "state_id": "state_id",
}
# What passes stock's checks in place of something that we have found to be wrong already.
HARMLESS = {"email": "name@company.example", "country_id": "0", "state_id": "0"}
# Each change is told to the address before, which may be a stranger's by then.
EMAIL_CHANGES_PER_DAY = 5


class PortalDetails(CustomerPortal):
    """The customer's own data: what is wrong is said at the field, and nothing that was typed is lost."""

    @route()
    def account(self, redirect=None, **post):
        redirect = self._get_local_redirect(redirect)
        partner = request.env.user.partner_id
        is_sent = request.httprequest.method == "POST"
        post = self._complete_details(post, partner)
        try:
            with request.env.cr.savepoint() if is_sent else nullcontext():
                response = super().account(redirect=redirect, **post)
        except (UserError, IntegrityError, DataError) as error:
            # What only shows when it is written: the page again, with what was typed.
            is_said = isinstance(error, UserError) and error.args
            refusal = str(error.args[0]).strip() if is_said else _("Your details could not be saved.")
            request.update_context(portal_details_refusal=refusal)
            response = super().account(redirect=redirect, **post)
        # Other modules may answer with a page of their own.
        if getattr(response, "template", None) == "portal.portal_my_details":
            self._show_details(response.qcontext, partner)
        return response

    def _get_local_redirect(self, redirect):
        """:return: where to go afterwards, as stock reads it, but as browsers do: they take "/\\" for "//"."""
        redirect = redirect.replace("\\", "/") if isinstance(redirect, str) else None
        try:
            url_parse(redirect or "")
        except ValueError:
            return None
        return redirect

    def _complete_details(self, post, partner):
        """:return dict: the form, such that what it lacks stays as it is"""
        if not post or request.httprequest.method != "POST":
            return post
        post = dict(post)
        country_id = partner._portal_access_parse_form(post, ["country_id"]).get("country_id")
        if not country_id:
            request.params.pop("country_id", None)  # other modules look there
        mandatory = self._get_mandatory_fields()
        known = {*mandatory, *self._get_optional_fields()}
        # Browsers don't send what is disabled.
        for field in self._get_locked_details(partner):
            if field in mandatory:
                post.setdefault(field, str(partner._portal_access_stored(field) or ""))
        if "zipcode" in known:  # stock takes a missing one for an empty one
            post.setdefault("zipcode", partner.zip or "")
        if "state_id" in known and country_id in (None, partner.country_id.id):
            post.setdefault("state_id", str(partner.state_id.id or ""))
        elif "state_id" in known:  # the states of another country did not come yet
            post.setdefault("state_id", "")
        return post

    # -------------------------------------------------------------------------
    # Checks
    # -------------------------------------------------------------------------

    def details_form_validate(self, data, partner_creation=False):
        """Say what is wrong with each field in the user's words: `error` has a sentence by field.

        Stock, and what other modules add to it, checks what we don't: it is given something harmless in place of
        what we have found to be wrong.
        """
        partner = request.env.user.partner_id
        # The point of sale's visitors type a new contact; accounting does not pass that on.
        if partner_creation or request.env.user._is_public():
            partner = partner.browse()
        locked = self._get_locked_details(partner)
        problems = self._find_details_problems(data, partner, locked)
        checked = {**data, **{name: self._get_harmless(name, partner) for name in problems}}
        if "country_id" in problems and "vat" in checked:
            checked["vat"] = partner.vat or ""
        error, messages = super().details_form_validate(checked, partner_creation)
        self._forget_missing(error, messages, locked)
        self._name_unknown_fields(data, checked, error, messages)
        for name in data.keys() - problems.keys():
            data.pop(name)
        data.update({name: value for name, value in checked.items() if name not in problems})
        # With several it is not known which is for which.
        if len(error) == len(messages) == 1 and (only := next(iter(error))) in FIELD_BY_NAME:
            error[only] = messages.pop().strip()
        error.update(problems)
        refusal = request.env.context.get("portal_details_refusal")
        if not (error or refusal) and partner and not self._take_email_change(data, partner):
            error["email"] = _(
                "You have changed your email address often today. Please try again tomorrow, or contact us."
            )
        if "zipcode" in error:
            error["zip"] = error.pop("zipcode")  # as in stock's template
        if refusal:
            error["common"] = refusal
            messages.append(refusal)
        if error and not messages:
            messages.append(_("Please correct what is marked below."))
        return error, messages

    def _forget_missing(self, error, messages, locked):
        """Leave out, in place, what stock misses in fields that the customer can't fill in."""
        missing = {name for name, problem in error.items() if problem == "missing"}
        hopeless = missing & locked
        for name in hopeless:
            del error[name]
        if hopeless and hopeless == missing:
            said = "Some required fields are empty."
            said = code_translations.get_python_translations("portal", request.env.lang or "en_US").get(said, said)
            if said in messages:
                messages.remove(said)

    def _name_unknown_fields(self, data, checked, error, messages):
        """Say in the user's language, in place, which fields stock does not know, and have them shown nowhere."""
        known = {*self._get_mandatory_fields(), *self._get_optional_fields()}
        unknown = [name for name in checked if name not in known]
        said = f"Unknown field '{','.join(unknown)}'"
        if unknown and said in messages:
            error["common"] = _("Unknown field: %s", ", ".join(unknown))
            messages[messages.index(said)] = error["common"]
        # Stock's page gets what was posted under these very names.
        for name in unknown:
            checked.pop(name)

    def _take_email_change(self, data, partner):
        """:return bool: whether the customer may change the email address once more today, if it is another one"""
        before, after = (partner._portal_access_normalize_email(email) for email in (partner.email, data.get("email")))
        if before == after:
            return True
        Limit = request.env["portal.access.limit"].sudo()  # sudo: nobody has rights on counters
        return Limit._take("email", request.env.uid, EMAIL_CHANGES_PER_DAY, 24 * 3600)

    def on_account_update(self, values, partner):
        """Leave alone what is empty as it was: what is locked was sent for the sake of stock's checks."""
        for name in ("vat", "company_name"):
            if not values.get(name) and not partner[name]:
                values.pop(name, None)
        return super().on_account_update(values, partner)

    def _find_details_problems(self, data, partner, locked):
        """Check what the page itself asks for, and clean it up in place.

        :param locked: the fields that this customer can't change
        :return dict: a sentence by name in the form
        """
        for name, value in data.items():
            if name not in FIELD_BY_NAME and not isinstance(value, str | int):  # a file
                data[name] = ""
        names = {name: field for name, field in FIELD_BY_NAME.items() if name in data}
        by_field = {field: data[name] for name, field in names.items()}
        values = partner._portal_access_parse_form(by_field, by_field)
        if "country_id" in values and "country_id" in locked:
            values["country_id"] = partner.country_id.id  # as stock sees to
        for name in self._get_mandatory_fields():
            if name in FIELD_BY_NAME:
                values.setdefault(FIELD_BY_NAME[name], "")
        needed = [field for name, field in FIELD_BY_NAME.items() if name in self._get_mandatory_fields()]
        problems = partner._portal_access_form_problems(values, needed)
        for field in locked & values.keys():
            problems.pop(field, None)
            if values[field] not in {partner._portal_access_stored(field), self._get_shown_value(partner, field)}:
                problems[field] = _("This can't be changed here.")
        for name, field in names.items():
            value = values[field]
            if field.endswith("_id"):
                # Nothing but ids, which stock takes for numbers. "False" is stock's, of a locked country.
                data[name] = str(value) if value else "False" if field in locked and data[name] else ""
            else:
                data[name] = value or ""
        name_by_field = {field: name for name, field in FIELD_BY_NAME.items()}
        return {name_by_field[field]: problem for field, problem in problems.items()}

    def _get_harmless(self, name, partner):
        if name in HARMLESS:
            return HARMLESS[name]
        return partner._portal_access_stored(FIELD_BY_NAME[name]) or "-"

    def _get_shown_value(self, partner, field):
        return partner.commercial_company_name if field == "company_name" else partner._portal_access_stored(field)

    def _get_locked_details(self, partner, can_edit_vat=None):
        """:param can_edit_vat: what `partner.can_edit_vat()` said, if that was asked already

        :return set: the fields that this customer can't change, as stock decides
        """
        if not partner or (partner.can_edit_vat() if can_edit_vat is None else can_edit_vat):
            return set()
        # With accounting, stock then refuses another name, too.
        return {"vat", "company_name", "country_id"} | ({"name"} if "account.move" in request.env else set())

    # -------------------------------------------------------------------------
    # Page
    # -------------------------------------------------------------------------

    def _show_details(self, qcontext, partner):
        """Add to stock's values what our page says more; of all states, only those of the chosen country."""
        # sudo: as stock. What was posted is checked: an id, or nothing.
        country = partner.country_id.sudo()
        typed = qcontext.get("country_id")
        if typed is not None:
            country = country.browse(as_id(typed) or []).exists()
        countries = qcontext["countries"]
        countries.fetch(["name"])  # all that is shown of them
        locked = self._get_locked_details(partner, qcontext["partner_can_edit_vat"])
        error = qcontext["error"]
        country_info = country._portal_access_form_info()
        states = country_info.pop("states")
        qcontext["states"] = country.state_ids
        qcontext["portal_details"] = {
            "fields": {
                name: self._get_details_attributes(name, field, error, locked, country_info)
                for name, field in FIELD_BY_NAME.items()
            },
            "country": json.dumps(country_info),
            "country_id": country.id,
            # At once: a translated field takes its time for each record.
            "country_names": dict(zip(countries.ids, countries.mapped("name"), strict=True)),
            "has_states": bool(states),
            "is_locked": bool(locked),
            "login": request.env.user.login,
            # sudo: customers can't read a company; its name, email and phone are in every mail.
            "company": request.env.user.company_id.sudo(),
        }

    def _get_details_attributes(self, name, field, error, locked, country_info):
        """:return dict: what a field of the form says about itself, for browsers and screen readers"""
        wrong = error.get(field)
        is_required = name in self._get_mandatory_fields()
        if field in ("zip", "state_id"):
            is_required |= country_info[f"{field.removesuffix('_id')}_required"]
        described_by = [
            "portal_email_help" if field == "email" else None,
            "portal_locked_help" if field in locked else None,
            f"portal_{field}_error" if wrong and wrong not in ("error", "missing") else None,
        ]
        return {
            "required": "required" if is_required else None,
            # Stock disables the others, so that they are not sent; it wants to be sent a name.
            "readonly": "readonly" if field == "name" and field in locked else None,
            "aria-invalid": "true" if wrong else None,
            "aria-describedby": " ".join(filter(None, described_by)) or None,
        }
