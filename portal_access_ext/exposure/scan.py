"""What portal users can reach: models, fields, public methods and routes, read from a running database.

It asks the same questions as Odoo does when a portal user calls in, of a real user of each set of groups, and calls
none of the code behind. The report for administrators and the test that tries it all start from here.
"""

import inspect
import re
from collections import defaultdict
from functools import lru_cache
from typing import NamedTuple

from odoo import SUPERUSER_ID, models
from odoo.conf import server_wide_modules
from odoo.models import LOG_ACCESS_COLUMNS, regex_private
from odoo.osv import expression
from odoo.tools.safe_eval import safe_eval

OPERATIONS = ("read", "create", "write", "unlink")
# A rule is personal if it asks who the user is; which company they are in, all customers have in common.
PERSONAL = re.compile(r"\buser\b(?!\.(company_id|company_ids)\b)|\bis_self\b|\bis_member\b")
# More different sets of groups than that are an accident; what the others may do stays unsaid, and is told so.
PROFILES_MAX = 20


class Profile(NamedTuple):
    """Portal users who have the same groups; `user` stands for all of them."""

    user: models.Model
    groups: models.Model
    count: int


class Right(NamedTuple):
    """A right on a model. `sources` are the access rights and rules it rests on."""

    model: str
    operation: str
    scope: str  # all, company, own, code
    conditions: tuple
    sources: tuple
    groups: tuple


class Condition(NamedTuple):
    """What decides on the records: a record rule, or what `how` says."""

    how: str  # and, or, parent, self, code
    name: str
    domain: str


class Source(NamedTuple):
    """An access right or a record rule: where it comes from, and whether somebody has changed it since."""

    name: str
    xmlid: str  # empty if it was made by hand
    changed_by_hand: bool
    is_active: bool
    widens: bool

    @property
    def module(self):
        return self.xmlid.partition(".")[0]


class Method(NamedTuple):
    """A public method of a model."""

    model: str
    name: str
    module: str
    arguments: str
    takes_none: bool
    is_of_every_model: bool


class Route(NamedTuple):
    """An address, as the controllers of the installed modules have it."""

    path: str
    auth: str
    type: str
    methods: tuple  # empty: any
    has_csrf: bool
    modules: tuple  # the last one decides
    name: str
    takes_none: bool


# -------------------------------------------------------------------------
# Who
# -------------------------------------------------------------------------


def find_profiles(env):
    """Return the different sets of groups that portal users have, those of new users first.

    :param env: as superuser
    """
    portal = env.ref("base.group_portal")
    template = env.ref("base.template_portal_user_id", raise_if_not_found=False)
    env.flush_all()
    env.cr.execute(
        """
        SELECT groups, min(uid), count(*) FILTER (WHERE active)
          FROM (SELECT u.id AS uid, u.active, array_agg(r.gid ORDER BY r.gid) AS groups
                  FROM res_users u
                  JOIN res_groups_users_rel r ON r.uid = u.id
                 WHERE u.active OR u.id = %s
              GROUP BY u.id) AS users
         WHERE %s = ANY(groups)
      GROUP BY groups
      ORDER BY bool_or(uid = %s) DESC, count(*) DESC, groups
        """,
        [template.id if template else None, portal.id, template.id if template else None],
    )
    User, Group = env["res.users"], env["res.groups"]
    return [Profile(User.browse(uid), Group.browse(groups), count) for groups, uid, count in env.cr.fetchall()]


# -------------------------------------------------------------------------
# Models and fields
# -------------------------------------------------------------------------


def find_rights(env, user):
    """Return a :class:`Right` for each model and operation that the user has access rights to.

    :param env: as superuser
    """
    access = _find_access(env, user)
    rules = _find_rules(env, user)
    rights = {}
    for (model, operation), (sources, groups) in access.items():
        if model not in env:
            continue
        scope, conditions, rule_sources = _find_scope(env, user, rules, model, operation)
        rights[model, operation] = Right(model, operation, scope, conditions, sources + rule_sources, groups)
    users = ("res.users", "write")
    if users not in rights:  # Odoo writes some fields as superuser where users write themselves
        fields = ", ".join(sorted(env["res.users"].SELF_WRITEABLE_FIELDS))
        rights[users] = Right(*users, "own", (Condition("self", "base", fields),), (), ())
    return rights


def find_fields(env, user, rights):
    """Yield (model, field, operation), operation being read or write, as far as the user's groups allow.

    That a field is readonly in views is no protection, so it doesn't count here.

    :param rights: what :func:`find_rights` has found
    """
    operations = defaultdict(set)
    for model, operation in rights:
        operations[model].add(operation)
    for model, allowed in operations.items():
        records = env[model].with_user(user)
        for operation in ("read", "write"):
            if operation in allowed or (operation == "write" and "create" in allowed):
                for name in _find_field_names(records, operation):
                    yield model, name, operation


def _find_field_names(records, operation):
    if records._name == "res.users":
        own = records.sudo().SELF_READABLE_FIELDS if operation == "read" else records.sudo().SELF_WRITEABLE_FIELDS
        if operation == "write" and not records.check_access_rights("write", raise_exception=False):
            return sorted(set(own) & records._fields.keys())
    else:
        own = []
    names = set(records.check_field_access_rights(operation, None))
    if hasattr(records, "_ensure_fields_are_accessible"):  # the tasks of shared projects
        model = records.sudo()
        names &= set(model.SELF_READABLE_FIELDS if operation == "read" else model.SELF_WRITABLE_FIELDS)
    names |= set(own) & records._fields.keys()
    if operation == "write":
        automatic = {"id", *LOG_ACCESS_COLUMNS}
        names = {
            name
            for name in names - automatic
            if records._fields[name].store or records._fields[name].inverse or name in own
        }
    return sorted(names)


def _find_access(env, user):
    """Return the sources and the names of the groups that give each right, by model and operation."""
    env["ir.model.access"].flush_model()
    env.cr.execute(
        """
        SELECT m.model, a.name, d.module || '.' || d.name, a.write_uid IS NOT NULL AND a.write_uid != %s, a.group_id,
               a.perm_read, a.perm_create, a.perm_write, a.perm_unlink
          FROM ir_model_access a
          JOIN ir_model m ON m.id = a.model_id
     LEFT JOIN ir_model_data d ON d.model = 'ir.model.access' AND d.res_id = a.id
         WHERE a.active
           AND (a.group_id IS NULL OR a.group_id IN (SELECT gid FROM res_groups_users_rel WHERE uid = %s))
      ORDER BY m.model, a.id
        """,
        [SUPERUSER_ID, user.id],
    )
    rows = env.cr.fetchall()
    groups = env["res.groups"].browse({row[4] for row in rows if row[4]})
    names = {group.id: group.full_name for group in groups}
    sources, givers = defaultdict(list), defaultdict(list)
    for model, name, xmlid, by_hand, group_id, *permissions in rows:
        for operation, permission in zip(OPERATIONS, permissions, strict=True):
            if permission:
                sources[model, operation].append(Source(name, xmlid or "", by_hand, True, True))
                givers[model, operation].append(names.get(group_id, ""))
    return {key: (tuple(found), tuple(dict.fromkeys(givers[key]))) for key, found in sources.items()}


def _find_rules(env, user):
    """Return the rules that count for the user, and those that would if they were not switched off, by model."""
    env["ir.rule"].flush_model()
    env.cr.execute(
        """
        SELECT m.model, r.name, COALESCE(r.domain_force, ''), COALESCE(r.global, false), d.module || '.' || d.name,
               r.write_uid IS NOT NULL AND r.write_uid != %s, COALESCE(r.active, false),
               r.perm_read, r.perm_create, r.perm_write, r.perm_unlink
          FROM ir_rule r
          JOIN ir_model m ON m.id = r.model_id
     LEFT JOIN ir_model_data d ON d.model = 'ir.rule' AND d.res_id = r.id
         WHERE r.global
            OR r.id IN (SELECT g.rule_group_id
                          FROM rule_group_rel g
                          JOIN res_groups_users_rel u ON u.gid = g.group_id
                         WHERE u.uid = %s)
      ORDER BY m.model, r.global DESC, r.id
        """,
        [SUPERUSER_ID, user.id],
    )
    rows = env.cr.fetchall()
    rules = defaultdict(list)
    context = env["ir.rule"].with_user(user)._eval_context()
    for model, name, domain, is_global, xmlid, by_hand, active, *permissions in rows:
        # A rule for some groups widens what the others allow, and narrows nothing but what there is no rule for.
        source = Source(name, xmlid or "", by_hand, active, not is_global)
        operations = {operation for operation, given in zip(OPERATIONS, permissions, strict=True) if given}
        rules[model].append((source, domain.strip(), _find_rule_scope(domain, context), operations))
    return rules


def _find_rule_scope(domain, context):
    """Return `all`, `company` or `own`, for whom the domain makes a difference, as far as its text tells."""
    try:
        value = expression.normalize_domain(safe_eval(domain, context) if domain.strip() else [])
    except Exception:  # noqa: BLE001 whatever is wrong with it, Odoo refuses access then
        return "own"
    if not value or value == expression.TRUE_DOMAIN:
        return "all"
    return "own" if PERSONAL.search(domain) or value == expression.FALSE_DOMAIN else "company"


def _find_scope(env, user, rules, model, operation):
    """Return for which records the rules leave a right, in a word and as conditions, and the rules' sources."""
    conditions, sources = [], []
    general, granted = ["all"], []
    for parent in env[model]._inherits:
        scope, parent_conditions, parent_sources = _find_scope(env, user, rules, parent, operation)
        general.append(scope)
        sources += parent_sources
        if scope != "all":
            conditions.append(Condition("parent", parent, ""))
            conditions += parent_conditions
    for source, domain, scope, operations in rules.get(model, ()):
        if operation not in operations:
            continue
        sources.append(source)
        if source.is_active:
            (granted if source.widens else general).append(scope)
            conditions.append(Condition("or" if source.widens else "and", source.name, domain or "[]"))
    # Global rules all hold, of the others one is enough.
    order = ["all", "company", "own", "code"]
    scope = max([*general, *([min(granted, key=order.index)] if granted else [])], key=order.index)
    if definer := _find_definer(env.registry[model], "check_access_rule"):
        scope = "code"
        conditions.append(Condition("code", definer, ""))
    return scope, tuple(conditions), tuple(sources)


# -------------------------------------------------------------------------
# Methods
# -------------------------------------------------------------------------


def find_methods(env):
    """Yield each public method that a module defines on a model.

    Odoo calls a public method for any user, of any model, and leaves it to the method to check. Those that all models
    have are named once, on the model `base`, and again where a module makes them do something else.
    """
    common = {name: _get_function(env.registry["base"], name) for name in dir(env.registry["base"])}
    for model in sorted(env.registry):
        cls = env.registry[model]
        for name in dir(cls):
            if regex_private.match(name) or name in cls._fields or not inspect.isroutine(getattr(cls, name)):
                continue
            if model == "base" or name not in common or _get_function(cls, name) != common[name]:
                module = _find_definer(cls, name)
                yield Method(model, name, module or "base", *_describe_arguments(getattr(cls, name)), not module)


def _get_function(cls, name):
    method = getattr(cls, name)
    return getattr(method, "__func__", method)


@lru_cache(maxsize=10_000)
def _describe_arguments(function):
    """Return the arguments beside `self`, as text, and whether it can be called without any."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return "...", False
    if not inspect.ismethod(function):
        parameters = parameters[1:]
    takes_none = all(
        parameter.default is not parameter.empty or parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        for parameter in parameters
    )
    return ", ".join(parameter.name for parameter in parameters), takes_none


def _find_definer(cls, name):
    """Return the module that has the last word on an attribute of a model, nothing if that is Odoo's framework."""
    for base in cls.__mro__:
        if name in base.__dict__ and base.__module__.startswith("odoo.addons."):
            return base.__module__.split(".")[2]
    return None


# -------------------------------------------------------------------------
# Routes
# -------------------------------------------------------------------------


def find_routes(env):
    """Yield each route of the installed modules, whoever may call it."""
    IrHttp = env["ir.http"]
    modules = sorted(env.registry._init_modules.union(server_wide_modules))
    converters = IrHttp._get_converters()
    for path, endpoint in IrHttp._generate_routing_rules(modules, converters):
        routing, function = endpoint.routing, endpoint.func
        definers = [
            base.__module__.split(".")[2]
            for base in type(function.__self__).__mro__
            if function.__name__ in base.__dict__ and base.__module__.startswith("odoo.addons.")
        ]
        _arguments, takes_none = _describe_arguments(function.__func__)
        yield Route(
            path=path,
            auth=routing["auth"],
            type=routing["type"],
            methods=tuple(method.upper() for method in routing["methods"] or ()),
            has_csrf=routing["type"] == "http" and routing.get("csrf", True),
            modules=tuple(dict.fromkeys(definers)),
            name=function.__name__,
            takes_none=takes_none and "<" not in path,
        )
