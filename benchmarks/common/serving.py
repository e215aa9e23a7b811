"""The side of a worker: Odoo on one database, tasks read from stdin, results written to stdout.

Nothing is in test mode: commits are commits, and mail is sent.
"""

import contextlib
import functools
import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator

from lxml import etree

import odoo
from odoo import SUPERUSER_ID, api
from odoo.service.model import retrying
from odoo.tools.date_utils import json_default

PAGE = 40  # rows that the web client shows of a list inside a form
INVISIBLE = ("1", "True")


class Meter:
    """Counts the seconds and the queries of what runs inside `with`."""

    def __init__(self):
        self.seconds = 0.0
        self.queries = 0

    def __enter__(self):
        self._queries = odoo.sql_db.sql_counter
        self._started = time.perf_counter()
        return self

    def __exit__(self, *_exception):
        self.seconds += time.perf_counter() - self._started
        self.queries += odoo.sql_db.sql_counter - self._queries

    def figures(self, prefix: str = "") -> dict:
        """Return what was counted."""
        return {f"{prefix}seconds": self.seconds, f"{prefix}queries": self.queries}


class Client:
    """Calls methods as the web client does: each is a request with a transaction and a cache of its own."""

    def __init__(self, database: str, login: str):
        self.database = database
        with odoo.registry(database).cursor() as cr:
            cr.execute("SELECT id, company_id FROM res_users WHERE login = %s", [login])
            self.uid, company_id = cr.fetchone()
        self.context = {"lang": "en_US", "tz": "UTC", "uid": self.uid, "allowed_company_ids": [company_id]}

    def call(self, model: str, method: str, *args, context: dict | None = None, **kwargs):
        """Do what /web/dataset/call_kw and its controller's worker do, and return the decoded answer."""
        kwargs["context"] = {**self.context, **(context or {})}
        with contextlib.closing(odoo.registry(self.database).cursor()) as cr:
            env = api.Environment(cr, self.uid, {})
            answer = retrying(functools.partial(api.call_kw, env[model], method, args, kwargs), env)
        return json.loads(json.dumps(answer, default=json_default))


class Bench:
    """What a task gets: the database, the settings, and what tasks need in common."""

    def __init__(self, database: str, settings: dict):
        self.database = database
        self.settings = settings
        self.is_ours = settings["variant"] == "ours"

    @contextlib.contextmanager
    def environment(self, **context) -> Iterator[api.Environment]:
        """Give a superuser's environment in a transaction that is committed at the end."""
        with odoo.registry(self.database).cursor() as cr:
            yield api.Environment(cr, SUPERUSER_ID, context)

    def reference(self) -> float:
        """Return the seconds of a fixed piece of work, in Python and in SQL: how busy the machine is."""
        started = time.perf_counter()
        sum(number * number % 7 for number in range(400_000))
        with self.environment() as env:
            for _count in range(100):
                env.cr.execute("SELECT count(*) FROM res_partner WHERE name LIKE %s", ["%x%"])
        return time.perf_counter() - started


def form_specification(client: Client, model: str, limit: int | None = PAGE) -> dict:
    """Return the fields that the web client reads for a model's form, from the form itself.

    :param limit: rows of lists inside the form that are read; None for all
    """
    arch = client.call(model, "get_views", [[False, "form"]])["views"]["form"]["arch"]
    fields = client.call(model, "fields_get", attributes=["type", "relation"])
    return _specification(client, etree.fromstring(arch), fields, limit)


def _specification(client: Client, arch, fields: dict, limit: int | None) -> dict:
    specification = {}
    for node in arch.xpath(".//field[not(ancestor::field)]"):
        field = fields[node.get("name")]
        is_hidden = node.get("invisible") in INVISIBLE or node.get("column_invisible") in INVISIBLE
        entry = specification.setdefault(node.get("name"), {})
        if field["type"] == "many2one":
            entry["fields"] = {} if is_hidden else {"display_name": {}}
        elif field["type"] in ("one2many", "many2many") and not is_hidden:
            entry.update(_list_specification(client, node, field, limit))
    return specification


def _list_specification(client: Client, node, field: dict, limit: int | None) -> dict:
    # A copy: its fields must not count as fields inside a field.
    tree = etree.fromstring(etree.tostring(node.find("tree")))
    fields = client.call(field["relation"], "fields_get", attributes=["type", "relation"])
    rows = {} if limit is None else {"limit": int(tree.get("limit") or limit)}
    return {"fields": _specification(client, tree, fields, limit), **rows}


def _configure(database: str, settings: dict) -> None:
    arguments = ["--addons-path", os.environ["PAE_ADDONS_PATH"], "--database", database, "--log-level", "warn"]
    if os.environ.get("PAE_FILESTORE"):
        arguments += ["--data-dir", os.environ["PAE_FILESTORE"]]
    if settings.get("smtp_port"):
        arguments += ["--smtp", "127.0.0.1", "--smtp-port", str(settings["smtp_port"])]
    odoo.tools.config.parse_config([*arguments, "--max-cron-threads", "0"])


def serve(tasks: dict[str, Callable]) -> None:
    """Run tasks until stdin ends. A task is a function of a :class:`Bench` and its arguments."""
    with os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8") as answers:
        # What anything else prints must not come between the answers.
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        database, settings = sys.argv[1], json.loads(sys.argv[2])
        _configure(database, settings)
        odoo.registry(database)
        bench = Bench(database, settings)
        tasks = {"reference": Bench.reference, **tasks}
        for line in sys.stdin:
            request = json.loads(line)
            try:
                answer = {"result": tasks[request["task"]](bench, **request["arguments"])}
            except Exception:  # noqa: BLE001 -- of whichever task: the program decides what it means
                answer = {"error": traceback.format_exc()}
            answers.write(json.dumps(answer) + "\n")
            answers.flush()
