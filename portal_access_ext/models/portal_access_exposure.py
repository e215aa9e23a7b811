import logging
import time

from markupsafe import Markup

from odoo import _, api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import format_datetime

from ..exposure import allowance, scan

_logger = logging.getLogger(__name__)

# Asked of all portal users, signed in or not: who calls an address is not a matter of groups.
AUTH_OF_PORTAL_USERS = ("user", "public", "none")
# Scopes that leave portal users what is not theirs.
UNLIMITED = ("all", "company")


class PortalAccessExposure(models.Model):
    """One thing that portal users can reach in this database, and whether they are meant to.

    The rows are what was found when somebody last asked for it. See :mod:`..exposure` for how they are found, and for
    the list of what is meant.
    """

    _name = "portal.access.exposure"
    _description = "Portal Exposure"
    _order = "judgement, kind, name, operation, id"

    judgement = fields.Selection(
        [
            ("1_look", "Look at it"),
            ("2_code", "Code of another module"),
            ("2_gap", "Known gap of Odoo"),
            ("3_intended", "As intended"),
            ("4_reading", "Reading only"),
            ("5_untried", "Not tried"),
        ],
        required=True,
        readonly=True,
        index=True,
    )
    kind = fields.Selection(
        [
            ("1_group", "Group"),
            ("2_model", "Records"),
            ("3_field", "Field"),
            ("4_route", "Address"),
            ("5_method", "Method"),
            ("6_limit", "What this report leaves out"),
        ],
        required=True,
        readonly=True,
    )
    name = fields.Char(required=True, readonly=True)
    model = fields.Char(readonly=True, help="Technical name.")
    operation = fields.Selection(
        [("read", "Read"), ("create", "Create"), ("write", "Change"), ("unlink", "Delete"), ("call", "Call")],
        string="Right",
        readonly=True,
    )
    scope = fields.Selection(
        [
            ("own", "A rule mentions the user"),
            ("code", "Decided by code"),
            ("company", "The same for all of a company"),
            ("all", "All records"),
        ],
        string="Which Records",
        readonly=True,
    )
    condition = fields.Text(string="Record Rules", readonly=True)
    explanation = fields.Text(readonly=True)
    who = fields.Char(readonly=True)
    group_names = fields.Char(string="Through", readonly=True)
    module = fields.Char(readonly=True, help="The module that gives the right, or has the code behind it.")
    module_author = fields.Char(readonly=True)
    is_odoo = fields.Boolean(string="Made by Odoo", readonly=True)
    takes_no_arguments = fields.Boolean(readonly=True)
    http_methods = fields.Char(string="HTTP Methods", readonly=True)
    create_date = fields.Datetime(string="Checked On", readonly=True)

    # -------------------------------------------------------------------------
    # Check
    # -------------------------------------------------------------------------

    def action_check(self):
        """Find anew what portal users can reach, and show it.

        It reads access rights, record rules, code and addresses, and calls none of the code.
        """
        # Writes as superuser: nobody has the right to change what was found.
        self.check_access_rights("read")
        if not (self.env.su or self.env.user.has_group("base.group_erp_manager")):
            raise AccessError(_("Only administrators of access rights can check what portal users reach."))
        # Portal users are in their own companies, whichever the administrator looks at.
        self.sudo().with_context(allowed_company_ids=None)._check()
        action = self.env["ir.actions.act_window"]._for_xml_id("portal_access_ext.portal_access_exposure_action")
        return {**action, "target": "main"}

    @api.model
    def _check(self):
        """Replace all rows."""
        start = time.monotonic()
        rows = self._find_rows()
        self.env.cr.execute("DELETE FROM portal_access_exposure")
        self.invalidate_model(flush=False)
        found = self.create(rows)
        _logger.info("Found %s things that portal users reach, in %.1f s", len(found), time.monotonic() - start)
        return found

    @api.model
    def _find_rows(self):
        """:return list: the values of all rows"""
        modules = self.env["ir.module.module"].search_read([("state", "=", "installed")], ["name", "author"])
        authors = {module["name"]: module["author"] or "" for module in modules}
        rows = [
            *self._find_rows_of_profiles(authors),
            *(self._prepare_route(route, authors) for route in scan.find_routes(self.env)),
            *(self._prepare_method(method, authors) for method in scan.find_methods(self.env)),
            *self._prepare_limits(),
        ]
        for row in rows:
            row["module_author"] = authors.get(row.get("module"), "")
            row["is_odoo"] = _is_odoo(row.get("module"), authors)
        return rows

    @api.model
    def get_empty_list_help(self, help_message):
        """Say whether nothing was found or nobody has looked."""
        help_message = super().get_empty_list_help(help_message)
        # Also read by those who see the action and not the rows.
        if not self.check_access_rights("read", raise_exception=False):
            return help_message
        last = self.search([], order="id desc", limit=1)
        if last:
            date = format_datetime(self.env, last.create_date, dt_format="short")
            title = _("Nothing of that kind was found on %(date)s", date=date)
        else:
            title = _("Nobody has checked yet")
        return Markup('<p class="o_view_nocontent_smiling_face">%s</p>%s') % (title, Markup(help_message or ""))

    # -------------------------------------------------------------------------
    # Groups, models and fields
    # -------------------------------------------------------------------------

    @api.model
    def _find_rows_of_profiles(self, authors):
        """Return what the groups of portal users give, one row for all whom it is the same for."""
        profiles = scan.find_profiles(self.env)
        covered = profiles[: scan.PROFILES_MAX]
        rows, having = {}, {}
        for profile in covered:
            for values in self._find_rows_of_profile(profile.user, authors):
                key = tuple(values.values())
                rows[key] = values
                having.setdefault(key, []).append(profile)
        names = {profile: self._name_profile(profile, profiles[0]) for profile in covered}
        for key, values in rows.items():
            everybody = len(having[key]) == len(covered)
            values["who"] = _("All portal users") if everybody else "; ".join(names[profile] for profile in having[key])
        return [*self._prepare_groups(profiles), *rows.values()]

    @api.model
    def _name_profile(self, profile, plain):
        if profile == plain:
            return _("Portal users without other groups")
        more = ", ".join((profile.groups - plain.groups).mapped("full_name"))
        less = ", ".join((plain.groups - profile.groups).mapped("full_name"))
        texts = [_("Portal users: %(count)s", count=profile.count)]
        if more:
            texts.append(_("with: %(groups)s", groups=more))
        if less:
            texts.append(_("without: %(groups)s", groups=less))
        return " · ".join(texts)

    @api.model
    def _prepare_groups(self, profiles):
        """Return a row per group that portal users have, and per set of groups that is not the usual one."""
        if not profiles:
            return []
        portal = self.env.ref("base.group_portal")
        usual = portal | portal.trans_implied_ids
        plain = profiles[0]
        modules = {group_id: xmlid.split(".")[0] for group_id, xmlid in plain.groups.get_external_id().items() if xmlid}
        rows = []
        for group in plain.groups:
            known = group in usual and modules.get(group.id)
            rows.append(
                {
                    "kind": "1_group",
                    "name": group.full_name,
                    "judgement": "3_intended" if known else "1_look",
                    "module": modules.get(group.id, ""),
                    "who": _("All portal users"),
                    "explanation": _("Portal users have this group by way of the group Portal.")
                    if known
                    else _("Every new portal user gets this group. No module has made it part of the group Portal."),
                }
            )
        for profile in profiles[1:]:
            rows.append(
                {
                    "kind": "1_group",
                    "name": self._name_profile(profile, plain),
                    "judgement": "1_look",
                    "who": self._name_profile(profile, plain),
                    "explanation": _(
                        "These portal users have other groups than a new one. What that gives them is below."
                    ),
                }
            )
        for profile in profiles[scan.PROFILES_MAX :]:
            rows.append(
                {
                    "kind": "6_limit",
                    "name": self._name_profile(profile, plain),
                    "judgement": "5_untried",
                    "who": self._name_profile(profile, plain),
                    "explanation": _(
                        "There are more than %(count)s different sets of groups among portal users. The rights of "
                        "these were not looked at.",
                        count=scan.PROFILES_MAX,
                    ),
                }
            )
        return rows

    @api.model
    def _find_rows_of_profile(self, user, authors):
        rights = scan.find_rights(self.env, user)
        labels = {model.model: model.name for model in self.env["ir.model"].search([])}
        judgements = {}
        for key, right in rights.items():
            row = self._prepare_right(right, labels, authors)
            judgements[key] = row
            yield row
        for model, name, operation in scan.find_fields(self.env, user, rights):
            if (model, operation) not in judgements:
                operation = "create"
            of_model = judgements[model, operation]
            yield self._prepare_field(self.env[model]._fields[name], operation, of_model, labels, authors)

    @api.model
    def _prepare_right(self, right, labels, authors):
        judgement, explanation = self._judge_right(right, authors)
        nobody = _("No group at all")
        return {
            "kind": "2_model",
            "name": labels.get(right.model, right.model),
            "model": right.model,
            "operation": right.operation,
            "judgement": judgement,
            "scope": right.scope,
            "condition": self._describe_conditions(right),
            "explanation": explanation,
            "group_names": ", ".join(name or nobody for name in right.groups),
            "module": next((source.module for source in right.sources if source.widens), ""),
        }

    @api.model
    def _judge_right(self, right, authors):
        """Return the judgement on a right, and why."""
        doubts = list(self._find_doubts(right, authors))
        if right.operation == "read":
            reason = allowance.READING_REASONS.get(right.model)
            if right.scope in UNLIMITED and not reason:
                is_odoos = not doubts and all(_is_odoo(source.module, authors) for source in right.sources)
                doubts.append(
                    _("They read all records.")
                    if right.scope == "all"
                    else _("They read the same records as every other portal user of their company.")
                )
                if is_odoos:
                    # An app that the list does not know looks like one whose record rule is gone.
                    doubts.append(
                        _("It is Odoo's own right. Either Odoo means them to, or a record rule is missing or too wide.")
                    )
            judgement = "4_reading"
        else:
            allowed = allowance.RIGHTS_BY_KEY.get((right.model, right.operation))
            reason = allowed and allowed.reason
            if not allowed:
                doubts.append(_("This is not on the list of what portal users are meant to change."))
            elif right.scope in UNLIMITED and not (allowed.reaches_others or allowed.is_nobodys):
                doubts.append(_("No record rule limits it to what is theirs."))
            judgement = "2_gap" if allowed and allowed.reaches_others else "3_intended"
        if doubts:
            judgement = "1_look"
        return judgement, "\n".join([*doubts, str(reason)] if reason else doubts)

    @api.model
    def _find_doubts(self, right, authors):
        """Yield what makes a right another than the one Odoo's modules give."""
        allowed = allowance.RIGHTS_BY_KEY.get((right.model, right.operation))
        for source in right.sources:
            if source.xmlid in allowance.SWITCHES:
                continue
            if not source.is_active:
                if source.changed_by_hand:
                    yield _("The record rule %(name)s was switched off.", name=source.name)
            elif not source.module:
                if source.widens:
                    yield _("%(name)s was made by hand, by no module.", name=source.name)
            elif source.changed_by_hand:
                yield _("%(name)s was changed by hand.", name=source.name)
            elif (
                source.widens
                and right.operation != "read"
                and not _is_odoo(source.module, authors)
                and not (allowed and allowed.module == source.module)
            ):
                yield _("%(name)s is from the module %(module)s.", name=source.name, module=source.module)
        for condition in right.conditions:
            if condition.how == "code" and not _is_odoo(condition.name, authors):
                yield _("Code of the module %(name)s decides which records.", name=condition.name)

    @api.model
    def _describe_conditions(self, right):
        texts = {
            "and": _("Only: %(name)s"),
            "or": _("For their groups: %(name)s"),
            "parent": _("As for %(name)s:"),
            "self": _("Only their own user, and only these fields:"),
            "code": _("Decided by code of the module %(name)s."),
        }
        lines = []
        for condition in right.conditions:
            lines.append(texts[condition.how] % {"name": condition.name})
            if condition.domain:
                lines.append(f"    {' '.join(condition.domain.split())}")
        return "\n".join(lines) or _("No record rule: all records.")

    @api.model
    def _prepare_field(self, field, operation, of_model, labels, authors):
        judgement, explanation = of_model["judgement"], _("As for the records.")
        module = field.base_field._module or ""
        if operation == "read":
            judgement, explanation = "4_reading", ""
        elif judgement in ("2_gap", "3_intended") and not _is_odoo(module, authors):
            judgement = "1_look"
            explanation = (
                _("The module %(module)s has added it to what portal users change.", module=module)
                if module
                else _("It was added by hand to what portal users change.")
            )
        model, label = labels.get(field.model_name, field.model_name), field._description_string(self.env)
        return {
            "kind": "3_field",
            "name": f"{model}: {label} ({field.name})",
            "model": field.model_name,
            "operation": operation,
            "judgement": judgement,
            "scope": of_model["scope"],
            "explanation": explanation,
            "module": module,
        }

    # -------------------------------------------------------------------------
    # Routes, methods, and what is left out
    # -------------------------------------------------------------------------

    @api.model
    def _prepare_route(self, route, authors):
        explanations = []
        judgement = "5_untried"
        if route.auth not in AUTH_OF_PORTAL_USERS:
            explanations.append(_("Who may call it is decided by code of its own: %(auth)s.", auth=route.auth))
        elif route.auth == "none":
            explanations.append(_("Odoo asks nobody who calls it; what is behind has to."))
        elif route.auth == "public":
            explanations.append(_("Everybody may call it."))
        else:
            explanations.append(_("Everybody who is signed in may call it."))
        if route.type == "http" and not route.has_csrf and (not route.methods or "POST" in route.methods):
            reason = self._find_csrf_reason(route)
            judgement = "3_intended" if reason else "1_look"
            explanations.append(_("Other websites can send it forms in the name of who is signed in."))
            if reason:
                explanations.append(str(reason))
        foreign = [module for module in route.modules if not self._is_known_code(module, authors)]
        if foreign:
            judgement = judgement if judgement == "1_look" else "2_code"
            explanations.append(_("Code of another module: %(modules)s.", modules=", ".join(foreign)))
        if len(route.modules) > 1:
            explanations.append(_("Extended by %(modules)s.", modules=", ".join(reversed(route.modules[:-1]))))
        return {
            "kind": "4_route",
            "name": route.path,
            "operation": "call",
            "judgement": judgement,
            "explanation": "\n".join(explanations),
            "module": route.modules[0] if route.modules else "",
            "takes_no_arguments": route.takes_none,
            "http_methods": ", ".join(route.methods) or _("any"),
            "who": _("All portal users") if route.auth in AUTH_OF_PORTAL_USERS else "",
        }

    @api.model
    def _find_csrf_reason(self, route):
        if reason := allowance.WITHOUT_CSRF.get(route.path):
            return reason
        module = route.modules[0] if route.modules else ""
        return next((text for start, text in allowance.WITHOUT_CSRF_OF.items() if module.startswith(start)), None)

    @api.model
    def _prepare_method(self, method, authors):
        if method.is_of_every_model:
            judgement = "3_intended"
            explanation = _(
                "Part of Odoo itself, on every model. It asks for the rights that are listed at the records."
            )
        elif not self._is_known_code(method.module, authors):
            judgement = "2_code"
            explanation = _(
                "Odoo lets portal users call it. What it allows is decided by code of the module %(module)s, which is "
                "not Odoo's.",
                module=method.module,
            )
        elif allowed := allowance.find_method(method.model, method.name):
            judgement = "2_gap" if allowed.is_gap else "3_intended"
            explanation = str(allowed.reason)
        else:
            judgement = "5_untried"
            explanation = _("Odoo lets portal users call it. What it allows is decided by its code.")
        return {
            "kind": "5_method",
            "name": f"{method.model}.{method.name}({method.arguments})",
            "model": method.model,
            "operation": "call",
            "judgement": judgement,
            "explanation": explanation,
            "module": method.module,
            "takes_no_arguments": method.takes_none,
            "who": _("All portal users"),
        }

    @api.model
    def _is_known_code(self, module, authors):
        """Tell whether code is Odoo's or ours, which the tests try."""
        return module in allowance.OWN_MODULES or _is_odoo(module, authors)

    @api.model
    def _prepare_limits(self):
        """Return a row for each thing that is not looked at."""
        texts = {
            _("Code behind methods and addresses"): _(
                "It was not run. Where it works as superuser, it can do more than the rights say. The tests of the "
                "module Portal Access call the methods and pages of Odoo that take no arguments, as a portal user, and "
                "look at what that changes in the database; not at what they return."
            ),
            _("Pages and files outside the addresses"): _(
                "Website pages, redirects, and files served by their address or with an access token in the link."
            ),
            _("Records reached by a link with a token"): _(
                "Whoever has such a link sees that document, whatever the record rules say."
            ),
            _("What single records allow"): _(
                "The record rules are shown as they are. Which records fulfil them is not counted, and where a rule "
                "mentions the user, whether that limits it to what is theirs is not examined."
            ),
            _("Portal users who are archived"): _(
                "They can't sign in. What groups beyond the usual ones would let them reach shows once they are active "
                "again."
            ),
        }
        return [
            {"kind": "6_limit", "name": name, "judgement": "5_untried", "explanation": text}
            for name, text in texts.items()
        ]


def _is_odoo(module, authors):
    """Tell whether a module comes with Odoo."""
    return module == "base" or "odoo s.a" in authors.get(module, "").lower()
