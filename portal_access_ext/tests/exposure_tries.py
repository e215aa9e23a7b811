"""Try as a portal user what portal users can reach, and see what changes in the database."""

import re
import socket
import subprocess
import threading
import time
from contextlib import ExitStack, closing, contextmanager
from unittest.mock import patch

from psycopg2 import sql

from odoo import api
from odoo.models import check_method_name
from odoo.sql_db import Cursor, TestCursor
from odoo.tools import mute_logger

CHANGES = re.compile(
    r'\bINSERT\s+INTO\s+"?(\w+)"?'
    r'|\bDELETE\s+FROM\s+(?:ONLY\s+)?"?(\w+)"?'
    r'|(?<!DO )(?<!FOR )(?<!KEY )\bUPDATE\s+"?(\w+)"?',
    re.IGNORECASE,
)


class NotHere(Exception):
    """Something that would reach beyond the database."""


def _refuse(*_args, **_kwargs):
    raise NotHere


def is_not_here(error):
    """Tell whether an error comes from something that was refused here."""
    while error and not isinstance(error, NotHere):
        error = error.__cause__ or error.__context__
    return bool(error)


@contextmanager
def nothing_outside(threads=True):
    """Let nothing reach the network, another program or another thread, and say nothing of it in the log.

    :param threads: whether to refuse threads and sockets too, which a web server in this process needs
    """
    with ExitStack() as stack:
        stack.enter_context(mute_logger(""))
        stack.enter_context(patch.object(subprocess, "Popen", _refuse))
        stack.enter_context(patch.object(time, "sleep", lambda _seconds: None))
        if threads:
            stack.enter_context(patch.object(threading.Thread, "start", _refuse))
            for name in ("connect", "connect_ex", "sendto"):
                stack.enter_context(patch.object(socket.socket, name, _refuse))
        yield


@contextmanager
def watched_changes():
    """Give the tables in which rows are made, changed or deleted, and those of them where code committed it itself."""
    tables, committed = set(), set()
    execute, commit = Cursor.execute, TestCursor.commit

    def watch(self, query, params=None, log_exceptions=True):
        result = execute(self, query, params, log_exceptions)
        text = query.as_string(self._obj) if isinstance(query, sql.Composable) else getattr(query, "code", query)
        if self._obj.rowcount > 0:
            for found in CHANGES.findall(text):
                tables.update(filter(None, found))
        return result

    def watch_commit(self):
        commit(self)
        committed.update(tables)

    with patch.object(Cursor, "execute", watch), patch.object(TestCursor, "commit", watch_commit):
        yield tables, committed


class Tries:
    """Calls of one portal user over RPC, each undone afterwards.

    It needs the registry's test mode: code that commits only ends a savepoint then.
    """

    def __init__(self, env, user):
        self.env = env
        self.user = user
        self.people = {
            "res.users": set(user.ids),
            "res.partner": set((user.partner_id | user.partner_id.commercial_partner_id).ids),
        }

    def call(self, model, method, *args, **kwargs):
        """Call a method as Odoo's RPC does, and undo it.

        :return: the tables in which it changed something, and what it raised if it did
        """
        cr = self.env.cr
        error = None
        cr.execute("SAVEPOINT portal_access_try")
        with watched_changes() as (tables, committed):
            try:
                with closing(TestCursor(cr, self.env.registry.test_lock)) as test_cr:
                    env = api.Environment(test_cr, self.user.id, {})
                    check_method_name(method)
                    try:
                        api.call_kw(env[model], method, list(args), kwargs)
                    except Exception as exception:
                        if is_not_here(exception):
                            env.flush_all()  # it would have come to that
                        raise
            except Exception as exception:  # noqa: BLE001 whatever it is, it is the answer
                error = exception
        cr.execute("ROLLBACK TO SAVEPOINT portal_access_try")
        cr.execute("RELEASE SAVEPOINT portal_access_try")
        if tables:
            self.env.registry.clear_all_caches()
        # What raises is undone, but for what the code has committed before. What stopped only for trying to reach
        # beyond the database would not have raised.
        return (committed if error and not is_not_here(error) else tables), error

    def make(self, model, values):
        """Call `create`, which is a method of records where a model has forgotten to say otherwise."""
        is_decorated = getattr(self.env.registry[model].create, "_api", None)
        return self.call(model, "create", *([values] if is_decorated else [[], values]))

    def call_everywhere(self, model, method, samples):
        """Call a method without arguments, on no record and on each sort of record.

        :return: yields the sort, and the tables that were changed
        """
        if getattr(getattr(self.env.registry[model], method), "_api", None):
            yield "no record", self.call(model, method)[0]
            return
        yield "no record", self.call(model, method, [])[0]
        for sort, record_id in samples.items():
            yield sort, self.call(model, method, [record_id])[0]

    # -------------------------------------------------------------------------
    # Which records
    # -------------------------------------------------------------------------

    def find_samples(self, model):
        """Return a record of each sort that there is: `own`, `others` that the user reads, and `hidden` ones."""
        Model = self.env[model].sudo().with_context(active_test=False)
        if Model._abstract or not Model._auto and not Model._table_query:
            return {}
        every = Model.search([], order="id desc", limit=200)
        try:
            with mute_logger("odoo.addons.base.models.ir_model", "odoo.addons.base.models.ir_rule"):
                readable = every.with_user(self.user).search([("id", "in", every.ids)]).ids
        except Exception:  # noqa: BLE001 they can't read it, or not search it
            readable = []
        samples = {}
        for record in every:
            if record.id not in readable:
                sort = "hidden"
            else:
                sort = "own" if self.is_own(record) else "others"
            samples.setdefault(sort, record.id)
        return samples

    def is_own(self, record):
        """Tell whether a record names the user, or the user's company."""
        if record._name in self.people and record.id in self.people[record._name]:
            return True
        for field in record._fields.values():
            if field.comodel_name in self.people and field.type in ("many2one", "many2many"):
                if field.store and set(record[field.name].ids) & self.people[field.comodel_name]:
                    return True
                if field.name == "message_partner_ids" and record[field.name] & self.user.partner_id:
                    return True
        return False

    # -------------------------------------------------------------------------
    # What to write
    # -------------------------------------------------------------------------

    def find_value(self, field, foreign=False):
        """Return some value for a field; of people the user, or others."""
        if field.type in ("char", "text", "html"):
            return "tried"
        if field.type in ("integer", "float", "monetary"):
            return 1
        if field.type == "boolean":
            return True
        if field.type == "date":
            return "2030-01-01"
        if field.type == "datetime":
            return "2030-01-01 00:00:00"
        if field.type == "selection":
            return next(iter(field.get_values(self.env)), False)
        if field.type == "many2one":
            return self.find_target(field.comodel_name, foreign)
        if field.type == "many2many":
            target = self.find_target(field.comodel_name, foreign)
            return [(6, 0, [target])] if target else []
        return False

    def find_target(self, model, foreign):
        if model in self.people and not foreign:
            return self.user.id if model == "res.users" else self.user.partner_id.id
        target = self.env[model].sudo().search([], limit=1)
        return target.id

    def find_values(self, model, foreign=False):
        """Return values for the required fields of a new record, and for those that say whose it is."""
        fields = self.env[model]._fields.values()
        return {
            field.name: self.find_value(field, foreign)
            for field in fields
            if field.store
            and not field.automatic
            and not field.inherited
            and not field.related
            and (field.required or field.comodel_name in self.people)
            and field.type not in ("one2many", "binary", "json", "properties", "properties_definition", "reference")
        }
