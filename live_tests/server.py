"""One real Odoo process on a copy of a database, and what tests need to look behind it."""

import contextlib
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2
import psycopg2.extras
import requests

from devtools import results
from devtools.context import Context
from devtools.processes import Child, tail
from devtools.testing import free_port

from .installations import Installation

START_TIMEOUT = 120
ERRORS = ("ERROR", "CRITICAL")
# The crons that these tests are about. Others only disturb, and one reports to odoo.com.
KEPT_CRONS = """
    SELECT res_id FROM ir_model_data
     WHERE model = 'ir.cron'
       AND (module LIKE 'portal_access_ext%' OR (module, name) = ('mail', 'ir_cron_mail_scheduler_action'))
"""


def wait_until(condition: Callable, what: str, timeout: float = 20):
    """Return the first true value of `condition`.

    :raise TimeoutError: when there was none in time
    """
    deadline = time.monotonic() + timeout
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"Not within {timeout} seconds: {what}")
        time.sleep(0.05)
    return value


class Database:
    """SQL on the database of the running Odoo, and on its server."""

    def __init__(self, name: str, context: Context):
        self.name = name
        self._server = context.server
        self._connection = self._connect(name)

    def _connect(self, name: str):
        server = self._server
        connection = psycopg2.connect(
            dbname=name,
            host=server.host or None,
            port=server.port or None,
            user=server.user or None,
            password=server.password or None,
        )
        connection.autocommit = True
        return connection

    def close(self) -> None:
        """Let go of the database, so that it can be dropped."""
        self._connection.close()

    def rows(self, query: str, *parameters) -> list[dict]:
        """Return what a query finds; lists are for `= ANY(%s)`."""
        with self._connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
            cursor.execute(query, parameters or None)
            return [dict(row) for row in cursor.fetchall()]

    def values(self, query: str, *parameters) -> list:
        """Return the first column of what a query finds."""
        return [next(iter(row.values())) for row in self.rows(query, *parameters)]

    def value(self, query: str, *parameters):
        """Return the first value of the first row, None when there is none."""
        return next(iter(self.values(query, *parameters)), None)

    def execute(self, query: str, *parameters) -> None:
        """Change something behind Odoo's back. Only what Odoo does not keep in a cache."""
        with self._connection.cursor() as cursor:
            cursor.execute(query, parameters or None)

    def ref(self, xmlid: str) -> int:
        """Return the id of the record with an external id."""
        module, _dot, name = xmlid.partition(".")
        return self.value("SELECT res_id FROM ir_model_data WHERE module = %s AND name = %s", module, name)

    @contextlib.contextmanager
    def locking(self, table: str) -> Iterator[None]:
        """Let whoever writes to a table wait until the end of the `with`; reading goes on."""
        with contextlib.closing(self._connect(self.name)) as connection, connection.cursor() as cursor:
            connection.autocommit = False
            cursor.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
            yield
            connection.rollback()

    @contextlib.contextmanager
    def locking_row(self, table: str, row_id: int) -> Iterator[None]:
        """Let whoever writes to a row wait until the end of the `with`; reading goes on."""
        with contextlib.closing(self._connect(self.name)) as connection, connection.cursor() as cursor:
            connection.autocommit = False
            cursor.execute(f"SELECT FROM {table} WHERE id = %s FOR UPDATE", [row_id])
            yield
            connection.rollback()

    @contextlib.contextmanager
    def committing_late(self, *statements: tuple) -> Iterator[None]:
        """Do something in a transaction that is committed at the end of the `with` only.

        :param statements: queries, each with its parameters
        """
        with contextlib.closing(self._connect(self.name)) as connection, connection.cursor() as cursor:
            connection.autocommit = False
            for query, *parameters in statements:
                cursor.execute(query, parameters or None)
            yield
            connection.commit()

    def cut_off_who_waits(self) -> None:
        """End the connections that wait for a lock, as when their process is killed."""
        self.execute(
            """
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = %s AND wait_event_type = 'Lock'
            """,
            self.name,
        )

    def is_waited_for(self) -> bool:
        """Tell whether somebody waits for a lock in this database."""
        return bool(
            self.value(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'", self.name
            )
        )

    def notify_crons(self) -> None:
        """Wake Odoo's cron threads, as Odoo itself does after a commit."""
        with contextlib.closing(self._connect("postgres")) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify('cron_trigger', %s)", [self.name])

    def trigger_cron(self, xmlid: str) -> None:
        """Have a cron thread run a job now."""
        self.execute(
            "INSERT INTO ir_cron_trigger (cron_id, call_at) VALUES (%s, now() AT TIME ZONE 'UTC')", self.ref(xmlid)
        )
        self.notify_crons()

    def wait_for_crons(self, timeout: float = 30) -> None:
        """Wait until no triggered job waits or runs (its trigger stays until it is done)."""
        due = """
            SELECT 1 FROM ir_cron_trigger trigger JOIN ir_cron cron ON cron.id = trigger.cron_id AND cron.active
             WHERE trigger.call_at <= now() AT TIME ZONE 'UTC' LIMIT 1
        """
        wait_until(lambda: not self.value(due), "the crons are at rest", timeout)


class Log:
    """Odoo's log file, read record by record."""

    RECORD = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d+ \d+ (?P<level>[A-Z]+) ", re.MULTILINE)

    def __init__(self, path: Path):
        self.path = path

    def position(self) -> int:
        """Return where the log ends now."""
        return self.path.stat().st_size

    def problems(self, since: int, allowed: list[str], levels: tuple[str, ...] = ERRORS) -> list[str]:
        """Return the records of some levels, and tracebacks, but for those that match an allowed pattern."""
        with self.path.open(encoding="utf-8", errors="replace") as file:
            file.seek(since)
            text = file.read()
        starts = list(self.RECORD.finditer(text))
        ends = [match.start() for match in starts[1:]] + [len(text)]
        records = [(match["level"], text[match.start() : end]) for match, end in zip(starts, ends, strict=False)]
        return [
            record
            for level, record in records
            if (level in levels or "Traceback (most recent call last)" in record)
            and not results.is_ignored(record)
            and not any(re.search(pattern, record) for pattern in allowed)
        ]


class OdooServer:
    """A running Odoo: where it is, its database and its log."""

    def __init__(self, url: str, database: Database, log: Log):
        self.url = url
        self.database = database
        self.log = log


def prepare(database: Database, url: str, smtp_port: int) -> None:
    """Make a copied database ready for its process: its address, its mail server, and only the crons it needs."""
    database.execute(f"UPDATE ir_cron SET active = (id IN ({KEPT_CRONS}))")
    database.execute(
        """
        INSERT INTO ir_config_parameter (key, value) VALUES ('web.base.url', %s), ('web.base.url.freeze', 'True')
            ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value
        """,
        url,
    )
    database.execute("UPDATE ir_mail_server SET active = FALSE")
    database.execute(
        """
        INSERT INTO ir_mail_server (name, smtp_host, smtp_port, smtp_encryption, smtp_authentication, sequence, active)
             VALUES ('Catcher of the live tests', '127.0.0.1', %s, 'none', 'login', 1, TRUE)
        """,
        smtp_port,
    )


@contextlib.contextmanager
def running(
    context: Context, name: str, smtp_port: int, log: Path, installation: Installation | None = None
) -> Iterator[OdooServer]:
    """Run Odoo on a database, with its crons, until the tests are over.

    :param installation: where it has the addons from, if not from this checkout
    """
    port = free_port()
    with contextlib.closing(Database(name, context)) as database:
        prepare(database, f"http://127.0.0.1:{port}", smtp_port)
        with process(context, name, log, port, "--max-cron-threads", "2", installation=installation) as url:
            yield OdooServer(url, database, Log(log))


@contextlib.contextmanager
def process(
    context: Context, name: str, log: Path, port: int, *options: str, installation: Installation | None = None
) -> Iterator[str]:
    """Run one process of Odoo on a database, beside others perhaps; return its address."""
    url = f"http://127.0.0.1:{port}"
    command = context.odoo_command(
        *("-d", name, "--db-filter", f"^{re.escape(name)}$", "--http-port", str(port), "--db_maxconn", "64"),
        *("--workers", "0", "--log-level", "info", *options, *(installation.options if installation else ())),
    )
    environ = installation.environ if installation else context.environ()
    log.parent.mkdir(parents=True, exist_ok=True)
    with (
        log.open("w") as output,
        Child(command, env=environ, stdin=subprocess.DEVNULL, stdout=output, stderr=output) as child,
    ):
        wait_until(lambda: _answers(child, url, log), f"Odoo answers at {url}, see {log}", START_TIMEOUT)
        yield url


def _answers(child: Child, url: str, log: Path) -> bool:
    if child.process.poll() is not None:
        raise RuntimeError(f"Odoo ended with exit code {child.process.returncode}. The end of {log}:\n{tail(log)}")
    try:
        return requests.get(f"{url}/web/login", timeout=30).status_code == requests.codes.ok
    except requests.ConnectionError:
        return False
