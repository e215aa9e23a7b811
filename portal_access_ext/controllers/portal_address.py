import json
from collections import namedtuple

from odoo import _
from odoo.exceptions import UserError
from odoo.http import request, route

from odoo.addons.portal.controllers.portal import pager

from ..models.portal_access_cast import NUMBER, as_id, as_page
from ..models.res_partner_address import ADDRESS_KINDS, DEFAULT_FIELDS
from .portal_home import PortalHome
from .portal_login import HEADERS

CHANGES_PER_DAY = 50
ADDRESSES_MAX = 500
URL = "/my/addresses"

Option = namedtuple("Option", ("id", "name"))


class PortalAddress(PortalHome):
    """The customer's addresses: listed, added, changed, removed, and chosen for documents."""

    def _prepare_portal_account_values(self):
        """Add `address_count`, how many addresses the customer's page shows."""
        return {
            **super()._prepare_portal_account_values(),
            "address_count": self._get_address_customer()._portal_access_count_addresses(),
        }

    # -------------------------------------------------------------------------
    # Pages
    # -------------------------------------------------------------------------

    @route([URL, f"{URL}/page/<string:page>"], type="http", auth="user", website=True, methods=["GET"])
    def portal_my_addresses(self, page="1", done=None, **_kw):
        values = self._prepare_addresses_values(as_page(page), done=done)
        return request.render("portal_access_ext.portal_my_addresses", values, headers=HEADERS)

    @route(f"{URL}/new", type="http", auth="user", website=True, methods=["GET", "POST"])
    def portal_new_address(self, **post):
        return self._edit_address(request.env["res.partner"].sudo(), post)

    @route(f"{URL}/<string:address_id>", type="http", auth="user", website=True, methods=["GET", "POST"])
    def portal_address(self, address_id, **post):
        address = self._find_address(address_id)
        return self._edit_address(address, post) if address else self._address_done("gone")

    @route(f"{URL}/<string:address_id>/remove", type="http", auth="user", website=True, methods=["POST"])
    def portal_remove_address(self, address_id, **_post):
        address = self._find_address(address_id)
        if not address:
            return self._address_done("gone")
        problem = self._do_to_addresses(lambda customer: customer._portal_access_remove_address(address))
        return self._address_problem(problem) if problem else self._address_done("removed")

    @route(
        f"{URL}/<string:address_id>/default/<any(delivery,invoice):kind>",
        type="http",
        auth="user",
        website=True,
        methods=["POST"],
    )
    def portal_default_address(self, address_id, kind, **_post):
        address = self._find_address(address_id, with_main=True)
        if not address or not self._get_address_customer()._portal_access_can_use(kind, address):
            return self._address_done("gone")
        problem = self._do_to_addresses(lambda customer: customer._portal_access_choose_address(kind, address))
        return self._address_problem(problem) if problem else self._address_done(kind)

    # -------------------------------------------------------------------------
    # Whose addresses
    # -------------------------------------------------------------------------

    def _get_address_customer(self):
        """:return: the contact whose addresses are shown, as superuser"""
        # sudo: customers have no rights on contacts but to read some; which addresses are theirs is in the domain.
        return request.env.user.partner_id.sudo()

    def _get_address_actor(self):
        """:return: the contact, with the rights to change its addresses: an employee has no other than elsewhere"""
        customer = self._get_address_customer()
        return customer if request.env.user._is_portal() else customer.sudo(False)

    def _may_change_addresses(self):
        actor = self._get_address_actor()
        if not actor.env.su:
            return actor.check_access_rights("write", raise_exception=False)
        return not self._is_address_ours()

    def _is_address_ours(self):
        """:return bool: whether the customer belongs to a company of the database, whose addresses are its own"""
        of_customer = [("partner_id", "=", self._get_address_customer().commercial_partner_id.id)]
        # sudo: customers see no company but their own.
        return bool(
            request.env["res.company"].sudo().with_context(active_test=False).search_count(of_customer, limit=1)
        )

    def _find_address(self, address_id, with_main=False):
        """:return: the address to be changed, or nothing: another's is like one that does not exist"""
        if not NUMBER.fullmatch(address_id):
            raise request.not_found()
        actor, address_id = self._get_address_actor(), as_id(address_id)
        if not address_id or not self._may_change_addresses():
            return actor.browse()
        if with_main and address_id in (main := self._get_address_customer()._portal_access_main_addresses()).ids:
            return main.browse(address_id).sudo(actor.env.su)
        return actor._portal_access_find_address(address_id)

    # -------------------------------------------------------------------------
    # Changes
    # -------------------------------------------------------------------------

    def _do_to_addresses(self, work):
        """Change something, unless that is refused.

        :param work: function of the customer's contact
        :return str: why it is refused, or None
        """
        Limit = request.env["portal.access.limit"].sudo()
        if not Limit._take("address", request.env.uid, CHANGES_PER_DAY, 24 * 3600):
            return _("You have changed your addresses often today. Please try again tomorrow, or contact us.")
        try:
            with request.env.cr.savepoint():
                work(self._get_address_actor())
        except UserError as error:  # of whichever module
            return str(error)
        return None

    def _address_done(self, done):
        return request.redirect(f"{URL}?done={done}")

    def _address_problem(self, problem):
        values = self._prepare_addresses_values(problem=problem)
        return request.render("portal_access_ext.portal_my_addresses", values, headers=HEADERS)

    def _get_address_fields(self):
        """Return the names of the fields that a customer fills in.

        An override may add fields of addresses, and show them in `portal_access_ext.portal_address_fields`.
        """
        return ["type", "name", "phone", "email", "street", "street2", "zip", "city", "country_id", "state_id"]

    def _get_mandatory_address_fields(self):
        """:return: the names of those that have to be filled, besides what the country needs"""
        return ["type", "name", "street", "city", "country_id"]

    def _edit_address(self, address, post):
        """Show the form of an address, or store what was typed."""
        if not self._may_change_addresses():
            return self._address_done("gone")
        names, errors, problem = self._get_address_fields(), {}, None
        if request.httprequest.method == "POST":
            values = address._portal_access_parse_form(post, names)
            if not address:
                values = {**dict.fromkeys(names, ""), **values}
            elif "country_id" in values:
                values.setdefault("state_id", False)  # it is being loaded
            errors = self._get_address_problems(address, values)
            if not errors:
                problem = self._save_address(address, values)
                if not problem:
                    return self._address_done("saved" if address else "added")
        else:
            values = {name: address._portal_access_stored(name) for name in names}
            if not address:
                kind = post.get("kind")
                country = request.env.user.partner_id.country_id
                values.update(type=kind if kind in ADDRESS_KINDS else "delivery", country_id=country.id)
        return request.render(
            "portal_access_ext.portal_address",
            {
                **self._prepare_portal_layout_values(),
                **self._prepare_address_values(address, values),
                "error": errors,
                "problem": problem,
            },
            headers=HEADERS,
        )

    def _get_address_problems(self, address, values):
        """:return dict: a sentence for each field that is wrong"""
        problems = address._portal_access_form_problems(values, self._get_mandatory_address_fields())
        if "name" in problems and not values["name"]:
            problems["name"] = _("Type who is to be found at this address.")
        elif "name" in values and address and values["name"] != (address.name or "") and not address._can_edit_name():
            problems["name"] = _("The name can't be changed any more: there are invoices with it.")
        return problems

    def _save_address(self, address, values):
        """:return str: why it is refused, or None"""
        values = {name: value or False for name, value in values.items()}
        if address:
            return self._do_to_addresses(lambda customer: customer._portal_access_change_address(address, values))
        if self._get_address_customer()._portal_access_count_addresses() >= ADDRESSES_MAX:
            return _("You have too many addresses to add one here. Please remove some, or contact us.")
        return self._do_to_addresses(lambda customer: customer._portal_access_add_address(values))

    # -------------------------------------------------------------------------
    # What the pages show
    # -------------------------------------------------------------------------

    def _prepare_addresses_values(self, page=1, done=None, problem=None):
        customer = self._get_address_customer()
        domain = customer._portal_access_address_domain()
        total = customer.search_count(domain)
        pages = pager(url=URL, total=total, page=page, step=self._items_per_page)
        taken = customer.address_get(["delivery", "invoice"])
        main = customer._portal_access_main_addresses()
        addresses = customer.search(domain, limit=self._items_per_page, offset=pages["offset"])
        actor, may_change = self._get_address_actor(), self._may_change_addresses()
        return {
            **self._prepare_portal_layout_values(),
            "page_name": "addresses",
            "customer": customer,
            "main_addresses": main,
            "addresses": addresses,
            "kind_labels": customer._portal_access_kind_labels(),
            "may_change": may_change,
            # sudo: customers can't read a company; its name, email and phone are in every mail.
            "contact_company": request.env.user.company_id.sudo() if actor.env.su and not may_change else None,
            "usable_ids": {
                kind: {address.id for address in main | addresses if customer._portal_access_can_use(kind, address)}
                for kind in DEFAULT_FIELDS
            },
            "delivery_id": taken["delivery"],
            "invoice_id": taken["invoice"],
            "pager": pages,
            "done": self._get_done_texts().get(done),
            "problem": problem,
        }

    def _prepare_address_values(self, address, values):
        """:return dict: what the form shows of `values`, which may be as wrong as what was posted"""
        country = address._portal_access_form_country(values)
        return {
            "page_name": "address",
            "address": address,
            "values": {**dict.fromkeys(self._get_address_fields()), **values},
            "can_edit_name": not address or address._can_edit_name(),
            "kinds": [Option(*kind) for kind in address._portal_access_kind_labels().items()],
            # sudo: as stock, which shows countries and states to everybody.
            "countries": request.env["res.country"].sudo().search([]),
            "states": country.state_ids,
            "country_json": json.dumps(country._portal_access_form_info()),
            "contact_company": request.env.user.company_id.sudo(),
        }

    def _get_done_texts(self):
        return {
            "added": _("The address was added."),
            "saved": _("The address was saved."),
            "removed": _("The address was removed. Documents that have it keep it."),
            "delivery": _("New quotations and orders are delivered to this address."),
            "invoice": _("Invoices for new quotations and orders go to this address."),
            "gone": _("There is no such address any more."),
        }
