import re
from collections import defaultdict
from itertools import chain, islice
from typing import NamedTuple

from odoo import _, api, models
from odoo.tools import SQL

from .portal_access_login_key import login_key
from .portal_access_rank import IN_USE

# Longest address that mail servers carry (RFC 5321).
EMAIL_MAX_LENGTH = 254
ADDRESS = r"[^\s<>@\",;:()\[\]\\]+@[\w.-]+"
# An address alone, or behind a name in angle brackets.
FORMATTED_EMAIL = re.compile(rf"[^<>@]*<\s*({ADDRESS})\s*>|({ADDRESS})")
GRANTABLE = ("ready", "ready_again")
# So many contacts with the same email are named, the others are counted.
NAMED_CLASHES = 3
# Code and short label of each verdict.
ACCESS_VERDICTS = [
    ("ready", "Ready"),
    ("ready_again", "Ready (had access before)"),
    ("has_access", "Has access"),
    ("internal", "Internal user"),
    ("archived", "Archived"),
    ("other_company", "Other company"),
    ("missing", "Deleted"),
    ("no_email", "No email"),
    ("invalid_email", "Invalid email"),
    ("taken", "Login taken"),
    ("duplicate", "Same email twice"),
]


class AccessVerdict(NamedTuple):
    """What the core knows about one contact before anything happens."""

    #: a key of ACCESS_VERDICTS: `ready`, `ready_again`, or why access can't be granted
    code: str
    #: the sentence that says so to an administrator
    reason: str
    #: the normalized address that access would be granted to, or False
    email: object = False
    #: code of why the address can't be used, or False; judged for contacts that have access too
    email_code: object = False
    #: the sentence that says so
    email_reason: str = ""
    #: id of the contact's user, or False
    user_id: object = False

    @property
    def is_grantable(self):
        return self.code in GRANTABLE


class ContactUser(NamedTuple):
    """The user of a contact that matters for portal access, read in one query for many contacts."""

    partner_id: int
    user_id: int
    is_active: bool
    is_internal: bool
    is_portal: bool
    login: str
    is_in_use: bool
    is_reachable: bool


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _portal_access_verdicts(self, emails=None):
        """Say for each contact whether portal access can be granted, before anything happens.

        All contacts are judged together, in a number of queries that does not depend on how many
        they are. "This list" in the reasons is the given recordset.

        :param dict emails: addresses typed for the contacts, by contact id; the others are judged
            by the email they have
        :return: an :class:`AccessVerdict` by contact id, for every contact in `self`
        """
        emails = emails or {}
        existing = self.exists()
        allowed = existing._filter_access_rules("write") if existing else existing
        verdicts = {}
        for partner_id in set(self.ids) - set(existing.ids):
            verdicts[partner_id] = self._portal_access_missing_verdict()
        for partner_id in set(existing.ids) - set(allowed.ids):
            reason = _("You may not change this contact: it belongs to a company that you have not selected.")
            verdicts[partner_id] = AccessVerdict("other_company", reason)

        users = allowed._portal_access_users()
        typed = {partner.id: emails.get(partner.id, partner.email) for partner in allowed}
        normalized = {partner_id: self._portal_access_normalize_email(email) for partner_id, email in typed.items()}
        states = {partner: self._portal_access_state(partner, users.get(partner.id)) for partner in allowed}
        reasons = self._portal_access_state_reasons()
        taken = self._portal_access_taken_logins(
            {partner: normalized[partner.id] for partner in allowed if normalized[partner.id]}, users
        )
        duplicates = self._portal_access_duplicates(
            {
                partner: normalized[partner.id]
                for partner, code in states.items()
                if code in GRANTABLE and normalized[partner.id] and partner not in taken
            }
        )
        for partner, code in states.items():
            reason = reasons[code]
            code = "internal" if code == "internal_archived" else code
            email = normalized[partner.id]
            email_code, email_reason = False, ""
            if not email:
                email_code, email_reason = self._portal_access_email_problem(typed[partner.id])
            elif partner in taken:
                email_code, email_reason = "taken", taken[partner]
            elif partner in duplicates:
                email_code, email_reason = "duplicate", duplicates[partner]
            elif self._portal_access_is_takeover(users.get(partner.id), email):
                email_code, email_reason = "in_use", reasons["in_use"]
            if code in GRANTABLE and email_code:
                code, reason = email_code, email_reason
            user = users.get(partner.id)
            verdicts[partner.id] = AccessVerdict(
                code, reason, email, email_code, email_reason, user.user_id if user else False
            )
        return verdicts

    def _portal_access_missing_verdict(self):
        """:return: what is to be said of a contact that was deleted"""
        return AccessVerdict("missing", _("This contact was deleted."))

    def _portal_access_users(self):
        """Read the user of each contact, with what decides about access, in one query.

        A contact may have several users. An active one counts before an archived one, and an internal
        one before a portal one: nobody touches the account of an employee by way of a second user.

        :return: a :class:`ContactUser` by contact id, for the contacts that have a user
        """
        if not self.ids:
            return {}
        users = self.env["res.users"]
        users.flush_model(["partner_id", "active", "name", "login", "groups_id", "company_ids"])
        self.env.cr.execute(
            SQL(
                """
                SELECT DISTINCT ON (u.partner_id)
                       u.partner_id, u.id, u.active, internal.uid IS NOT NULL, portal.uid IS NOT NULL,
                       %(login_key)s, %(in_use)s,
                       %(su)s OR EXISTS (SELECT FROM res_company_users_rel rel
                                          WHERE rel.user_id = u.id AND rel.cid = ANY(%(companies)s))
                  FROM res_users u
                  LEFT JOIN res_groups_users_rel internal ON internal.uid = u.id AND internal.gid = %(internal)s
                  LEFT JOIN res_groups_users_rel portal ON portal.uid = u.id AND portal.gid = %(portal)s
                 WHERE u.partner_id IN %(partners)s
                 ORDER BY u.partner_id, NOT u.active, internal.uid IS NULL, portal.uid IS NULL, u.login
                """,
                login_key=login_key("u", "login"),
                in_use=IN_USE,
                su=self.env.su,
                # As Odoo's own rules do: who works in a branch reaches the contacts of the parent company.
                companies=(self.env.companies | self.env.companies.sudo().parent_ids).ids,
                internal=self.env["ir.model.data"]._xmlid_to_res_id("base.group_user"),
                portal=self.env["ir.model.data"]._xmlid_to_res_id("base.group_portal"),
                partners=tuple(self.ids),
            )
        )
        return {row[0]: ContactUser(*row) for row in self.env.cr.fetchall()}

    def _portal_access_state_reasons(self):
        """:return dict: the sentence for each code of :meth:`_portal_access_state`, and for `in_use`"""
        return {
            "internal": _("This contact is an internal user, and has access to the portal already."),
            "internal_archived": _("This contact was an internal user. An administrator manages that account."),
            "other_company": _("The user of this contact belongs to a company that you have not selected."),
            "has_access": _("This contact has portal access already."),
            "archived": _("This contact is archived. Unarchive it first."),
            "ready_again": _("This contact had access before. Access can be granted again."),
            "ready": _("Access can be granted."),
            "in_use": _(
                "This contact has an account in use, with another login. "
                "Only an administrator of access rights can send its link to this address."
            ),
        }

    @api.model
    def _portal_access_is_takeover(self, user, email):
        """Say whether an invitation to this address would give an account in use to somebody else.

        Odoo makes each new employee a contact manager; these may not take over customers' accounts.
        An account that was revoked is nobody's any more: granting starts a new one.

        :param user: the contact's :class:`ContactUser`, or None
        :param str email: normalized address
        """
        return bool(
            user
            and user.is_active
            and user.is_portal
            and user.is_in_use
            and user.login != email
            and not self._portal_access_may_see_tokens()
        )

    def _portal_access_state(self, partner, user):
        """Judge a contact by itself, without its email.

        :param user: the contact's :class:`ContactUser`, or None
        :return str: a key of :meth:`_portal_access_state_reasons`
        """
        if user and user.is_internal:
            return "internal" if user.is_active else "internal_archived"
        if user and not user.is_reachable:
            return "other_company"
        if user and user.is_active and user.is_portal:
            return "has_access"
        if not partner.active:
            return "archived"
        if user and not user.is_active:
            return "ready_again"
        return "ready"

    def _portal_access_normalize_email(self, email):
        """Return the one address in `email`, in lower case, or False if it is not exactly one.

        Stricter than Odoo's `email_normalize`, which finds an address in nearly any text ("ann
        smith@x.com" gives smith@x.com, somebody else's): an account must not go to a guess.
        """
        match = FORMATTED_EMAIL.fullmatch(email.strip()) if email else None
        if not match:
            return False
        address = (match[1] or match[2]).lower()
        domain = address.rpartition("@")[2]
        if len(address) > EMAIL_MAX_LENGTH or not address.isprintable():
            return False
        if ".." in address or address.startswith(".") or domain[0] in ".-" or domain[-1] in ".-":
            return False
        return address

    def _portal_access_email_problem(self, email):
        """:return tuple: verdict code and reason for a text that is not one address"""
        if not email or not email.strip():
            return "no_email", _("This contact has no email. Type one.")
        if len(email) > EMAIL_MAX_LENGTH:
            return "invalid_email", _("This email is too long: at most %s characters.", EMAIL_MAX_LENGTH)
        if email.count("@") > 1:
            return "invalid_email", _("This is more than one email address. Type just one.")
        return "invalid_email", _("This is not a valid email address.")

    # -------------------------------------------------------------------------
    # Clashes
    # -------------------------------------------------------------------------

    def _portal_access_taken_logins(self, email_by_partner, users):
        """Find the contacts whose address is the login of somebody else, whatever the case.

        Rows and users are matched by their address, and only the matching pairs are compared, with
        the hooks of `portal.wizard.user` (with `website`, a login belongs to one website).

        :param dict email_by_partner: normalized address by contact
        :param dict users: :class:`ContactUser` by contact id
        :return dict: the reason by contact
        """
        if not email_by_partner:
            return {}
        Users = self.env["res.users"].sudo()  # a clash is a clash, seen or not; names are shown if seen
        owners = Users._find_by_login_case_insensitive(list(email_by_partner.values()))
        suspects = {}
        for partner, email in email_by_partner.items():
            own_user = users.get(partner.id)
            if any(user_id != (own_user and own_user.user_id) for user_id in owners.get(email, ())):
                suspects[partner] = email
        if not suspects:
            return {}
        Line = self.env["portal.wizard.user"]
        lines = Line.concat(*(self._portal_access_line(partner, email) for partner, email in suspects.items()))
        candidates = Users.with_context(active_test=False).search_read(
            Line._get_similar_users_domain(lines), Line._get_similar_users_fields()
        )
        candidates_by_login = defaultdict(list)
        for candidate in candidates:
            candidates_by_login[candidate["login"].strip().lower()].append(candidate)
        taken = {}
        # One recordset, so that what the hooks read of a row is read for all.
        for (partner, email), line in zip(suspects.items(), lines, strict=True):
            own_user = users.get(partner.id)
            for candidate in candidates_by_login[email]:
                if own_user and candidate["id"] == own_user.user_id:
                    continue
                if Line._is_portal_similar_than_user(candidate, line):
                    taken[partner] = candidate["id"]
                    break
        visible = self.env["res.users"].with_context(active_test=False).search([("id", "in", list(taken.values()))])
        owners = {user.id: user for user in visible}
        return {partner: self._portal_access_taken_reason(owners.get(user_id)) for partner, user_id in taken.items()}

    @api.model
    def _portal_access_taken_reason(self, owner):
        """:param owner: who has the login, or None if the current user can't see who"""
        if not owner:
            return _("This email is the login of another user already.")
        if not owner.active and not owner._is_internal():
            return _("This email is the login of a revoked user already: %(name)s.", name=owner.name)
        return _("This email is the login of %(name)s already.", name=owner.name)

    def _portal_access_line(self, partner, email):
        """:return: a dialog row in memory, as the hooks of `portal.wizard.user` want one"""
        return self.env["portal.wizard.user"].new({"partner_id": partner.id, "email": email})

    def _portal_access_duplicates(self, email_by_partner):
        """Find the contacts that would get the same login, and let them name each other.

        :param dict email_by_partner: normalized address by contact
        :return dict: the reason by contact
        """
        partners_by_email = defaultdict(list)
        for partner, email in email_by_partner.items():
            partners_by_email[email].append(partner)
        reasons = {}
        for email, partners in partners_by_email.items():
            if len(partners) == 1:
                continue
            for partner, (others, count) in self._portal_access_clashing(email, partners).items():
                names = [other.display_name for other in others]
                if count > len(others):
                    names.append(_("%s more", count - len(others)))
                reasons[partner] = _("The same email is in this list twice: %(names)s.", names="; ".join(names))
        return reasons

    def _portal_access_clashing(self, email, partners):
        """Among contacts with one address, say which can't all have it as login.

        The hooks compare a row with a user: the other contact stands in for the user it would get.
        Contacts that look alike to the hooks are compared once.

        :return dict: by contact, up to NAMED_CLASHES others and the count of all others
        """
        Line = self.env["portal.wizard.user"]
        user_fields = [name for name in Line._get_similar_users_fields() if name not in ("id", "login")]
        groups = defaultdict(list)
        for partner in partners:
            profile = {
                name: self.env["res.users"]._fields[name].convert_to_read(partner[name], partner)
                for name in user_fields
                if name in partner._fields
            }
            groups[tuple(sorted(profile.items()))].append(partner)
        clashing = {}
        lines = {profile: self._portal_access_line(members[0], email) for profile, members in groups.items()}
        for profile, members in groups.items():
            rivals = [
                others
                for other_profile, others in groups.items()
                if other_profile == profile
                or Line._is_portal_similar_than_user({**dict(other_profile), "id": -1, "login": email}, lines[profile])
            ]
            count = sum(map(len, rivals)) - 1
            first = list(islice(chain.from_iterable(rivals), NAMED_CLASHES + 1))
            if count:
                for partner in members:
                    clashing[partner] = ([other for other in first if other != partner][:NAMED_CLASHES], count)
        return clashing
