from collections.abc import Collection
from datetime import datetime, time

from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.osv import expression
from odoo.tools import SQL

from .portal_access_rank import RANKS

PORTAL_STATUSES = [
    ("none", "No access"),
    ("invited", "Invited"),
    ("active", "Active"),
    ("expired", "Invitation expired"),
    ("revoked", "Revoked"),
    ("internal", "Internal user"),
]
OPERATORS = {operator: SQL(operator) for operator in ("=", "<", "<=", ">", ">=")}
OPPOSITES = {"!=": "=", "not in": "in"}


class StatusDomain(list):
    """A domain on fields that its user need not be allowed to read: it says no more than the status does."""


class SqlSelection(fields.Selection):
    """A selection that is not stored but has a `_field_to_sql`: lists can be sorted and grouped by it."""

    _description_sortable = True


class SqlDatetime(fields.Datetime):
    """A datetime that is not stored but has a `_field_to_sql`: lists can be sorted and grouped by it."""

    _description_sortable = True


class ResPartner(models.Model):
    """How each contact stands with the portal, told from its users whenever it is asked: no copy can go stale."""

    _inherit = "res.partner"

    portal_status = SqlSelection(
        PORTAL_STATUSES,
        compute="_compute_portal_status",
        search="_search_portal_status",
        groups="base.group_user",
        help="Invitation expired: access was granted, and no link works any more, because the invitation expired or "
        "was cancelled. Invite the contact again.",
    )
    portal_login_date = SqlDatetime(
        string="Portal: Latest Authentication",
        compute="_compute_portal_status",
        search="_search_portal_login_date",
        groups="base.group_user",
    )
    portal_idle_since = SqlDatetime(
        string="Portal: Idle Since",
        compute="_compute_portal_status",
        search="_search_portal_idle_since",
        groups="base.group_user",
        help="When the contact signed in last, or was granted access, if that was later. Empty without access.",
    )

    # -------------------------------------------------------------------------
    # Compute
    # -------------------------------------------------------------------------

    @api.depends("user_ids", "user_ids.active", "user_ids.groups_id", "user_ids.log_ids", "signup_expiration")
    def _compute_portal_status(self):
        rows = {}
        if self.ids:
            self._portal_status_flush()
            self.env.cr.execute(
                SQL(
                    """
                    SELECT contact.id, %s, access.login_date, access.idle_since
                      FROM res_partner contact LEFT JOIN %s AS access ON access.partner_id = contact.id
                     WHERE contact.id IN %s
                    """,
                    self._portal_status_expression(SQL("contact")),
                    self._portal_status_table(SQL("u.partner_id IN %s", tuple(self.ids))),
                    tuple(self.ids),
                )
            )
            rows = {row[0]: row[1:] for row in self.env.cr.fetchall()}
        for partner in self:
            status, login_date, idle_since = rows.get(partner._origin.id, ("none", False, False))
            partner.portal_status = status
            partner.portal_login_date = login_date
            partner.portal_idle_since = idle_since

    # -------------------------------------------------------------------------
    # SQL: for reading, grouping and sorting
    # -------------------------------------------------------------------------

    @api.model
    def _portal_status_flush(self):
        """Write what the SQL below reads."""
        self.env["res.users"].flush_model(["partner_id", "active", "groups_id"])
        self.env["res.partner"].flush_model(["signup_expiration"])

    @api.model
    def _portal_status_impersonal_contacts(self):
        """:return SQL: a subquery of the contacts of archived users nobody's access was taken from: the public, the
        template
        """
        ids = [
            self.env["res.users"]._get_portal_template_user_id() or 0,
            *(
                self.env["ir.model.data"]._xmlid_to_res_id(xmlid) or 0
                for xmlid in ("base.public_user", "base.template_portal_user_id")
            ),
        ]
        websites = SQL("UNION SELECT user_id FROM website") if "website" in self.env else SQL("")
        return SQL("(SELECT partner_id FROM res_users WHERE id IN (SELECT unnest(%s) %s))", ids, websites)

    @api.model
    def _portal_status_table(self, where=None):
        """Return what there is to know of the users of contacts, one row for each contact that has users.

        :param SQL where: which users `u`
        :return SQL: a subquery with the columns `partner_id`, `login_date`, `idle_since` (when the latest of its
            users with access signed in, or got it; empty without access)
        """
        xmlid_to_id = self.env["ir.model.data"]._xmlid_to_res_id
        # An archived user does not make the access of another one used: who has access is told by that alone.
        return SQL(
            """
            (SELECT u.partner_id,
                    CASE WHEN count(portal.uid) = 0 THEN max(log.create_date)
                         ELSE max(log.create_date) FILTER (WHERE portal.uid IS NOT NULL) END AS login_date,
                    GREATEST(
                        max(u.create_date) FILTER (WHERE portal.uid IS NOT NULL),
                        max(log.create_date) FILTER (WHERE portal.uid IS NOT NULL),
                        max((SELECT max(event.create_date) FROM portal_access_event event
                              WHERE event.user_id = u.id AND event.kind = 'granted'))
                            FILTER (WHERE portal.uid IS NOT NULL)
                    ) AS idle_since
               FROM res_users u
               LEFT JOIN res_groups_users_rel internal
                 ON internal.uid = u.id AND internal.gid = %(internal)s AND u.active
               LEFT JOIN res_users_log log ON log.create_uid = u.id AND internal.uid IS NULL
               LEFT JOIN res_groups_users_rel portal ON portal.uid = u.id AND portal.gid = %(portal)s AND u.active
              WHERE %(where)s
              GROUP BY u.partner_id)
            """,
            internal=xmlid_to_id("base.group_user"),
            portal=xmlid_to_id("base.group_portal"),
            where=where or SQL("TRUE"),
        )

    @api.model
    def _portal_status_expression(self, contact):
        """Return the status of a contact, which :meth:`_search_portal_status` tells as a domain.

        :param SQL contact: alias of the contact
        """
        return SQL(
            """
            CASE %(contact)s.portal_access_rank
                WHEN %(internal)s THEN 'internal'
                WHEN %(used)s THEN 'active'
                WHEN %(waiting)s
                THEN CASE WHEN %(contact)s.portal_access_link_until > %(now)s THEN 'invited' ELSE 'expired' END
                WHEN %(archived)s THEN CASE WHEN %(contact)s.id IN %(others)s THEN 'none' ELSE 'revoked' END
                ELSE 'none'
            END
            """,
            contact=contact,
            now=fields.Datetime.now(),
            others=self._portal_status_impersonal_contacts(),
            **RANKS,
        )

    def _field_to_sql(self, alias, fname, query=None):
        if query is None or not isinstance(self._fields.get(fname), SqlSelection | SqlDatetime):
            return super()._field_to_sql(alias, fname, query)
        self._portal_status_flush()
        if fname == "portal_status":
            return self._portal_status_expression(SQL.identifier(alias))
        name = query.make_alias(alias, "portal_access")
        table = SQL.identifier(name)
        condition = SQL("%s.partner_id = %s", table, SQL.identifier(alias, "id"))
        query.add_join("LEFT JOIN", name, self._portal_status_table(), condition)
        return SQL("%s.%s", table, SQL(fname.removeprefix("portal_")))

    def _order_field_to_sql(self, alias, field_name, direction, nulls, query):
        if isinstance(self._fields.get(field_name), SqlSelection | SqlDatetime):
            return SQL("%s %s %s", self._field_to_sql(alias, field_name, query), direction, nulls)
        return super()._order_field_to_sql(alias, field_name, direction, nulls, query)

    # -------------------------------------------------------------------------
    # Search
    # -------------------------------------------------------------------------

    @api.model
    def _search_portal_status(self, operator, value):
        if operator == "=?":
            if value is False or value is None:
                return []
            operator = "="
        operator, is_negative = OPPOSITES.get(operator, operator), operator in OPPOSITES
        if operator not in ("=", "in"):
            raise UserError(_("The portal status can only be compared with =, !=, in and not in."))
        values = self._portal_status_values(operator, value)
        statuses = {status for status, _label in PORTAL_STATUSES}
        wanted = statuses & set(values)
        if is_negative:
            wanted = statuses - wanted
        if wanted == statuses:
            return []
        self._portal_status_flush()
        domains = self._portal_status_domains()
        return StatusDomain(expression.OR([domains[status] for status, _label in PORTAL_STATUSES if status in wanted]))

    def _flush_search(self, domain, *args, **kwargs):
        partners = self.sudo() if isinstance(domain, StatusDomain) else self
        return super(ResPartner, partners)._flush_search(domain, *args, **kwargs)

    @api.model
    def _portal_status_domains(self):
        """:return dict: by status, the domain that says the same as :meth:`_portal_status_expression`"""
        impersonal = self._portal_status_impersonal_contacts()
        waiting = ("portal_access_rank", "=", RANKS["waiting"])
        now = fields.Datetime.now()
        archived = ("portal_access_rank", "=", RANKS["archived"])
        return {
            "internal": [("portal_access_rank", "=", RANKS["internal"])],
            "active": [("portal_access_rank", "=", RANKS["used"])],
            "invited": [("portal_access_link_until", ">", now)],
            "expired": [
                *("&", waiting),
                *("|", ("portal_access_link_until", "=", False), ("portal_access_link_until", "<=", now)),
            ],
            "revoked": ["&", archived, ("id", "not in", impersonal)],
            "none": ["|", ("portal_access_rank", "=", False), "&", archived, ("id", "in", impersonal)],
        }

    @api.model
    def _portal_status_values(self, operator, value):
        """:return list: what is searched for

        :raise UserError: if it is nothing that a contact can have
        """
        if operator != "in":
            values = [value]
        elif isinstance(value, Collection) and not isinstance(value, str | bytes):
            values = list(value)
        else:
            raise UserError(_("Search for a list of values with in and not in."))
        if any(isinstance(each, list | tuple | dict | set) for each in values):
            raise UserError(_("%s can't be searched for.", value))
        return values

    @api.model
    def _search_portal_login_date(self, operator, value):
        return self._portal_status_search_date("login_date", operator, value)

    @api.model
    def _search_portal_idle_since(self, operator, value):
        return self._portal_status_search_date("idle_since", operator, value)

    @api.model
    def _portal_status_search_date(self, column, operator, value):
        """Return a domain for a date that is told from users, with the meaning that operators have for columns."""
        if operator == "=?":
            if value is False or value is None:
                return []
            operator = "="
        operator, is_negative = OPPOSITES.get(operator, operator), operator in OPPOSITES
        if operator not in (*OPERATORS, "in"):
            raise UserError(_("A date and time can't be searched for with %s.", operator))
        self._portal_status_flush()
        values = self._portal_status_values(operator, value)
        conditions = []
        if operator in ("=", "in"):
            # What is empty may have no row at all: it is what does not have a date.
            is_empty_wanted = not all(values)
            dates = [self._portal_status_parse_date(date, operator) for date in values if date]
            if is_empty_wanted:
                conditions = [SQL("%s IS NOT NULL", SQL(column))] + [
                    SQL("%s NOT IN %s", SQL(column), tuple(dates))
                ] * bool(dates)
                is_negative = not is_negative
            else:
                conditions = [SQL("%s IN %s", SQL(column), tuple(dates)) if dates else SQL("FALSE")]
        elif value:
            conditions = [
                SQL("%s %s %s", SQL(column), OPERATORS[operator], self._portal_status_parse_date(value, operator))
            ]
        else:
            conditions = [SQL("FALSE")]
        contacts = SQL(
            "(SELECT partner_id FROM %s AS access WHERE %s)", self._portal_status_table(), SQL(" AND ").join(conditions)
        )
        return [("id", "not in" if is_negative else "in", contacts)]

    @api.model
    def _portal_status_parse_date(self, value, operator):
        """:return datetime: the value, where a day means what it means in Odoo's own domains: its begin, or its end"""
        try:
            if isinstance(value, datetime) or (isinstance(value, str) and len(value) > 10):
                return fields.Datetime.to_datetime(value)
            day = fields.Date.to_date(value)
        except (TypeError, ValueError) as error:
            raise UserError(_("%s is no date.", value)) from error
        return datetime.combine(day, time.max if operator in (">", "<=") else time.min)
