from markupsafe import Markup
from psycopg2 import IntegrityError

from odoo import _, fields, models
from odoo.exceptions import UserError
from odoo.osv import expression
from odoo.tools import SQL, is_html_empty

ADDRESS_KINDS = ("delivery", "invoice", "other")
DEFAULT_FIELDS = {"delivery": "portal_default_delivery_id", "invoice": "portal_default_invoice_id"}
# As in the shop: nothing is delivered to an address for invoices, and the other way round.
UNFIT_KINDS = {"delivery": "invoice", "invoice": "delivery"}
# What may change to which commercial entity an address belongs, or what it is for.
DECIDING_FIELDS = ("active", "is_company", "parent_id", "type")
# Tables that refer to contacts, and say nothing about who needs them.
IDLE_TABLES = ("mail_followers",)


class ResPartner(models.Model):
    """The addresses of a customer: which they are, which of them documents take, what the customer may do to them.

    The methods are called on the customer's own contact. They change what the current user may not, so that
    callers pass only addresses that :meth:`_portal_access_find_address` gave them.
    """

    _inherit = "res.partner"

    portal_default_delivery_id = fields.Many2one(
        "res.partner",
        string="Default Delivery Address",
        domain="[('commercial_partner_id', '=', commercial_partner_id), ('type', '!=', 'invoice')]",
        copy=False,
        tracking=True,
        index="btree_not_null",
        help="Where new documents of this contact are delivered, as the contact chose in the portal. Empty: the first "
        "delivery address is taken. The choice of a company is for its contacts that have made none.",
    )
    portal_default_invoice_id = fields.Many2one(
        "res.partner",
        string="Default Invoice Address",
        domain="[('commercial_partner_id', '=', commercial_partner_id), ('type', '!=', 'delivery')]",
        copy=False,
        tracking=True,
        index="btree_not_null",
        help="Who gets the invoices of new documents of this contact, as the contact chose in the portal. Empty: the "
        "first invoice address is taken. The choice of a company is for its contacts that have made none.",
    )

    # -------------------------------------------------------------------------
    # Default addresses
    # -------------------------------------------------------------------------

    def write(self, vals):
        names = vals.keys() & set(DECIDING_FIELDS)
        # `res.users.create` writes `active` once more, one contact at a time.
        changing = self.filtered(
            lambda contact: any(
                contact._fields[name].convert_to_write(contact[name], contact) != vals[name] for name in names
            )
        )
        result = super().write(vals)
        if changing:
            changing._portal_access_drop_defaults()
        return result

    def address_get(self, adr_pref=None):
        """Take the contact's default addresses, then those of its company, then what the address types say.

        An address of the contact's own goes before the company's default, as in Odoo it goes before the
        company's addresses.
        """
        if len(self) != 1:
            return super().address_get(adr_pref)
        kinds = DEFAULT_FIELDS.keys() & set(adr_pref or ())
        chosen = {kind: address.id for kind in kinds if (address := self._portal_access_default(kind))}
        # What is chosen need not be looked for.
        result = super().address_get([kind for kind in adr_pref or () if kind not in chosen])
        company = self.commercial_partner_id
        if company != self:
            for kind in kinds - chosen.keys():
                found = self.browse(result.get(kind))
                if found.type == kind and self in found._portal_access_up_to(company):
                    continue
                if address := company._portal_access_default(kind):
                    chosen[kind] = address.id
        return {**result, **chosen}

    def _portal_access_up_to(self, company):
        """:return: this contact and those above it, without the company"""
        above, contact = self.browse(), self
        while contact and contact != company and contact not in above:
            above |= contact
            contact = contact.parent_id
        return above

    def _portal_access_default(self, kind):
        """:return: the default address of this kind that was chosen for this very contact, if it can be used"""
        address = self[DEFAULT_FIELDS[kind]]
        if address and self._portal_access_can_use(kind, address):
            return address
        return self.browse()

    def _portal_access_can_use(self, kind, address):
        """:return bool: whether this contact's documents can take an address; a main one, whatever its type"""
        # sudo: whoever makes a document may not see the address; where it belongs is checked here.
        contact_sudo, address_sudo = self.sudo(), address.sudo()
        company_sudo = contact_sudo.commercial_partner_id._origin
        return (
            address_sudo.active
            and address_sudo.commercial_partner_id == company_sudo
            and (not address_sudo.company_id or address_sudo.company_id == contact_sudo.company_id)
            and (address_sudo in contact_sudo._origin | company_sudo or address_sudo.type != UNFIT_KINDS[kind])
        )

    def _portal_access_drop_defaults(self):
        """Forget the choice of addresses that can't be used any more; those further down are only not used."""
        delivery, invoice = DEFAULT_FIELDS.values()
        # sudo: whoever archives an address may not write on those who chose it.
        holders = (
            self.sudo()
            .with_context(active_test=False)
            .search(
                [
                    *("|", (delivery, "in", self.ids)),
                    *("|", (invoice, "in", self.ids)),
                    *("&", ("id", "in", self.ids)),
                    *("|", (delivery, "!=", False), (invoice, "!=", False)),
                ],
                order="id",
            )
        )
        for kind, fname in DEFAULT_FIELDS.items():
            stale = holders.browse(
                holder.id for holder in holders if holder[fname] and not holder._portal_access_default(kind)
            )
            if stale:
                stale.write({fname: False})

    # -------------------------------------------------------------------------
    # Which addresses a customer has
    # -------------------------------------------------------------------------

    def _portal_access_address_domain(self):
        """Return the domain of the addresses that this customer sees and changes.

        They are those of the whole commercial entity, as in the shop, but never a person's contact or what
        anybody signs in with, or did. An override may narrow it.
        """
        self.ensure_one()
        return [
            ("commercial_partner_id", "=", self.commercial_partner_id.id),
            ("id", "not in", (self | self.commercial_partner_id).ids),
            ("type", "in", ADDRESS_KINDS),
            ("active", "=", True),
            # Archived users count, too.
            ("user_ids", "=", False),
        ]

    def _portal_access_main_addresses(self):
        """:return: the customer's own address, and the company's if there is one"""
        company = self.commercial_partner_id
        return self | company.filtered(lambda company: any(company[fname] for fname in company._address_fields()))

    def _portal_access_count_addresses(self):
        """:return int: how many addresses the customer's page shows"""
        company = self.commercial_partner_id
        of_company = [("id", "=", company.id), ("id", "!=", self.id)]
        filled_in = [[(fname, "!=", False)] for fname in company._address_fields()]
        main = expression.AND([of_company, expression.OR(filled_in)])
        return 1 + self.search_count(expression.OR([self._portal_access_address_domain(), main]))

    def _portal_access_find_address(self, address_id):
        """:return: the address, or nothing: another's is like one that does not exist"""
        return self.search([("id", "=", address_id), *self._portal_access_address_domain()])

    def _portal_access_kind_labels(self):
        """:return dict: what the kinds of addresses are called"""
        labels = dict(self._fields["type"]._description_selection(self.env))
        return {kind: labels[kind] for kind in ADDRESS_KINDS}

    def _portal_access_check_type(self, kind, _country):
        return None if kind in ADDRESS_KINDS else _("Choose one of the list.")

    # -------------------------------------------------------------------------
    # What a customer does to them
    # -------------------------------------------------------------------------

    def _portal_access_add_address(self, values):
        """Create an address of the customer's commercial entity, unless there is the very same.

        :param dict values: what the customer typed, of fields that customers may write only
        :return: the address
        """
        self = self._portal_access_for_employees()
        company = self.commercial_partner_id
        # Of two taps at once, the second waits here; Odoo then tries it again, and it finds what the first added.
        self.env.cr.execute(SQL("UPDATE res_partner SET write_date = write_date WHERE id = %s", company.id))
        typed = [(name, "=", value) for name, value in values.items() if self._fields[name].store]
        same = self.search([*self._portal_access_address_domain(), ("parent_id", "=", company.id), *typed], limit=1)
        if same:
            return same
        address = self.with_context(tracking_disable=True).create(
            {**values, "parent_id": company.id, "lang": company.lang, "company_id": company.company_id.id}
        )
        self._portal_access_note_address(_("Address added in the portal"), address._portal_access_describe_address())
        return address

    def _portal_access_change_address(self, address, values):
        """Write what the customer changed.

        :param address: one of the customer's addresses
        :param dict values: what the customer typed, of fields that customers may write only
        """
        changed = {}
        for fname, value in values.items():
            old = address[fname].id if address._fields[fname].type == "many2one" else address[fname]
            if (old or False) != (value or False):
                changed[fname] = value
        if not changed:
            return
        self, address = self._portal_access_for_employees(), address._portal_access_for_employees()
        name = address._portal_access_describe_address()
        before = {fname: address._portal_access_describe_value(fname) for fname in changed}
        address.write(changed)
        lines = []
        for fname, old in before.items():
            label = address._fields[fname]._description_string(address.env)
            lines.append(f"{label}: {old} → {address._portal_access_describe_value(fname)}")
        self._portal_access_note_address(_("Address changed in the portal"), name, *lines)

    def _portal_access_remove_address(self, address):
        """Delete an address that nothing needs, and archive one that something does: documents keep theirs.

        :param address: one of the customer's addresses
        """
        self, address = self._portal_access_for_employees(), address._portal_access_for_employees()
        name = address._portal_access_describe_address()
        kept = address._portal_access_is_referred_to()
        if not kept:
            try:
                with self.env.cr.savepoint():
                    address.unlink()
            except (IntegrityError, UserError):
                kept = True  # a module has reasons of its own
        if kept:
            address.write({"active": False})
        self._portal_access_note_address(
            _("Address archived in the portal") if kept else _("Address deleted in the portal"), name
        )

    def _portal_access_choose_address(self, kind, address):
        """Let this customer's new documents take an address.

        :param str kind: `delivery` or `invoice`
        :param address: one of the customer's addresses, or a main one
        """
        self.write({DEFAULT_FIELDS[kind]: address.id})
        if self._portal_access_default(kind) != address:
            raise UserError(_("This address can't be used for that. Please choose another one, or contact us."))

    def _portal_access_is_referred_to(self):
        """Say whether anything in the database needs this address: a document of any app, or what is known of it."""
        self.ensure_one()
        self.env.flush_all()
        columns = self.env["base.partner.merge.automatic.wizard"]._get_fk_on(self._table)
        questions = [
            SQL("EXISTS (SELECT FROM %s WHERE %s = %s)", SQL.identifier(table), SQL.identifier(column), self.id)
            for table, column in columns
            if table not in (self._table, *IDLE_TABLES)
        ]
        known = {"id": self.id, "model": self._name, "reference": f"{self._name},{self.id}"}
        questions += [
            SQL("EXISTS (SELECT FROM res_partner WHERE parent_id = %(id)s)", **known),
            SQL("EXISTS (SELECT FROM ir_property WHERE value_reference = %(reference)s)", **known),
            SQL("EXISTS (SELECT FROM ir_model_data WHERE model = %(model)s AND res_id = %(id)s)", **known),
            SQL(
                "EXISTS (SELECT FROM ir_attachment"
                " WHERE res_model = %(model)s AND res_id = %(id)s AND res_field IS NULL)",
                **known,
            ),
            SQL(
                "EXISTS (SELECT FROM mail_message"
                " WHERE model = %(model)s AND res_id = %(id)s AND message_type <> 'notification')",
                **known,
            ),
            # But for what Odoo gives to each address of a company.
            SQL(
                "EXISTS (SELECT FROM ir_property property"
                " JOIN ir_model_fields field ON field.id = property.fields_id"
                " WHERE property.res_id = %(reference)s AND field.name <> ALL(%(of_company)s))",
                of_company=self._commercial_fields(),
                **known,
            ),
        ]
        self.env.cr.execute(
            SQL("SELECT %s, ref, comment FROM res_partner WHERE id = %s", SQL(" OR ").join(questions), self.id)
        )
        is_referred_to, ref, comment = self.env.cr.fetchone()
        return is_referred_to or bool(ref) or not is_html_empty(comment)

    # -------------------------------------------------------------------------
    # What employees read about it
    # -------------------------------------------------------------------------

    def _portal_access_note_address(self, title, *lines):
        """Write on the commercial entity what the customer did to its addresses."""
        body = Markup("<br/>").join([Markup("<strong>%s</strong>") % title, *lines])
        self.commercial_partner_id._message_log(body=body)

    def _portal_access_describe_address(self):
        """:return str: the address in one line"""
        kind = self._portal_access_kind_labels()[self.type]
        lines = [self.name, *self._display_address(without_company=True).splitlines()]
        return f"{kind}: {', '.join(line.strip() for line in lines if line and line.strip())}"

    def _portal_access_describe_value(self, fname):
        field, value = self._fields[fname], self[fname]
        if field.type == "selection":
            value = dict(field._description_selection(self.env)).get(value)
        elif field.type == "many2one":
            value = value.display_name
        return value or _("none")
