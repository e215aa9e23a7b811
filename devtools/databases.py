"""Databases: stock bases and templates with our addons, made once and copied for each use.

The name of a base or template ends with a key of everything it was made from, and it gets that name only when
it is complete. So a name that exists is right, and nothing has to be remembered anywhere else.
"""

import contextlib
import fcntl
import functools
import itertools
import os
import shutil
import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from psycopg2 import sql

from .addons import Addon, files_key, with_dependencies_in, with_what_they_need
from .console import say, step
from .context import DATA_DIR, Context
from .environment import ensure_disk_space
from .postgres import quoted
from .processes import lock, run_or_explain
from .settings import CACHE, LOGS, ROOT, short_hash

MODULES_ALONE = (
    "contacts", "portal", "auth_signup", "auth_totp_portal", "auth_password_policy_portal", "payment", "onboarding",
)  # fmt: skip
MODULES_DEMO = (
    *MODULES_ALONE,
    "sale_management", "account", "account_payment", "purchase", "project", "hr_timesheet", "crm", "payment_demo",
    "sale_loyalty",
)  # fmt: skip
# OCA's, whose documents customers see. Stock comparisons have them on both sides, or on none.
OCA_APPS = ("helpdesk_mgmt", "subscription_oca")
MODULES_FULL = (
    *MODULES_DEMO, "website", "website_sale", "payment_custom", "website_crm_partner_assign", *OCA_APPS,
)  # fmt: skip
LANGUAGES = ("en_US", "de_DE", "fr_FR", "it_IT", "nl_NL")
KEPT_PER_FAMILY = 3  # older templates are dropped
FORMAT = "1"  # change it when bases have to be made anew for a reason the key does not know


@dataclass(frozen=True)
class Base:
    """A database without our addons: its modules, and whether it has demo data."""

    modules: tuple[str, ...]
    demo: bool
    languages: tuple[str, ...] = ()
    start: str = field(default="", repr=False)  # the base that it is made from; its name is in the key


BASES = {
    "alone": Base(MODULES_ALONE, demo=False),
    "full": Base(MODULES_FULL, demo=True, languages=LANGUAGES, start="demo"),
    "demo": Base(MODULES_DEMO, demo=True, languages=LANGUAGES),
}


class Databases:
    """The databases of one server that belong to this project. Their names start with `pae_`."""

    # Of all of them in this process, so that no two throw-away databases have one name.
    _numbers = itertools.count(1)

    def __init__(self, context: Context):
        self.context = context
        self._used: dict[str, TextIO] = {}
        self.demo_name = f"pae_demo_{short_hash(str(ROOT), length=6)}"
        self._run_prefix = f"pae_run_{short_hash(socket.gethostname(), length=4)}_"

    # === Plain operations === #

    def names(self, prefix: str = "pae_") -> list[str]:
        """Return the names of the databases that start with a prefix."""
        return [name for name, _size in self.sizes(prefix)]

    def sizes(self, prefix: str = "") -> list[tuple[str, str]]:
        """Return name and size of the databases that start with a prefix."""
        with self.context.server.cursor() as cursor:
            cursor.execute(
                "SELECT datname, pg_size_pretty(pg_database_size(datname)) FROM pg_database"
                " WHERE NOT datistemplate AND datname != 'postgres' AND starts_with(datname, %s) ORDER BY datname",
                [prefix],
            )
            return cursor.fetchall()

    def exists(self, name: str) -> bool:
        """Tell whether there is a database of that name."""
        with self.context.server.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
            return bool(cursor.fetchone())

    def drop(self, name: str) -> None:
        """Drop a database, whoever is connected to it, and its filestore."""
        with self.context.server.cursor() as cursor:
            cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(quoted(name)))
        shutil.rmtree(self.filestore(name), ignore_errors=True)

    def copy(self, source: str, target: str) -> None:
        """Make a database that is the copy of another, its filestore included."""
        with self.context.server.cursor() as cursor:
            cursor.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(quoted(target), quoted(source))
            )
        shutil.rmtree(self.filestore(target), ignore_errors=True)
        if self.filestore(source).is_dir():
            # Odoo never changes a stored file: it adds and removes. So a copy can share them.
            shutil.copytree(self.filestore(source), self.filestore(target), copy_function=os.link)

    def rename(self, source: str, target: str) -> None:
        """Give a database and its filestore another name."""
        if self.filestore(source).is_dir():
            shutil.rmtree(self.filestore(target), ignore_errors=True)
            self.filestore(source).rename(self.filestore(target))
        with self.context.server.cursor() as cursor:
            cursor.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(quoted(source), quoted(target)))

    def note(self, name: str) -> str:
        """Return what `set_note` has noted of a database."""
        with self.context.server.cursor() as cursor:
            cursor.execute("SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [name])
            return (cursor.fetchone() or [None])[0] or ""

    def set_note(self, name: str, text: str) -> None:
        """Note something of a database; the note goes when the database goes."""
        with self.context.server.cursor() as cursor:
            statement = sql.SQL("COMMENT ON DATABASE {} IS {}").format(quoted(name), sql.Literal(text))
            cursor.execute(statement)

    @staticmethod
    def filestore(name: str) -> Path:
        """Return the folder of a database's attachments."""
        return DATA_DIR / "filestore" / name

    # === What is kept === #

    def base(self, kind: str) -> str:
        """Return the name of a stock base, made when it is not there: none of our addons in it."""
        base = BASES[kind]
        start = self.base(base.start) if base.start else ""
        key = short_hash(FORMAT, self.context.odoo_version, repr(base), *filter(None, [start]))
        there = BASES[base.start].modules if start else ()
        arguments = ["-i", ",".join(module for module in base.modules if module not in there)]
        if not base.demo:
            arguments += ["--without-demo=all"]
        if base.languages and not start:  # a new module brings the languages that the database has
            arguments += [f"--load-language={','.join(base.languages)}"]
        title = f'installing the modules of the base "{kind}"'
        return self._ensure(f"pae_base_{kind}_{key}", title, arguments, source=start, own=False)

    def template(self, kind: str, extra: tuple[str, ...] = ()) -> str:
        """Return the name of a template: a base with those of our addons installed that its modules are enough for.

        :param extra: other modules to install afterwards, such as an OCA module
        """
        base = self.base(kind)
        addons = self.own_addons(BASES[kind].modules)
        name = f"pae_with_{kind}_{short_hash(base, files_key(addons))}"
        modules = ",".join(addon.name for addon in addons)
        self._ensure(name, f'installing our addons on "{kind}"', ["-i", modules], source=base)
        if not extra:
            return name
        # Our other addons may install themselves with them.
        key = short_hash(name, *extra, files_key(self.context.own_addons))
        arguments = ["-i", ",".join(extra)]
        return self._ensure(f"pae_extra_{kind}_{key}", f"installing {', '.join(extra)}", arguments, source=name)

    def own_addons(self, modules: Iterable[str]) -> list[Addon]:
        """Return those of our addons whose other side is installed with these modules."""
        installed = with_what_they_need(modules, self.context.stock_addons_path)
        return with_dependencies_in(self.context.own_addons, installed)

    def _ensure(self, name: str, title: str, arguments: list[str], source: str = "", own: bool = True) -> str:
        """Make the named database unless it is there: copy `source`, run odoo-bin on it, name it last."""
        self._use(name)
        if not self.exists(name):
            with lock(name):
                if not self.exists(name):
                    ensure_disk_space(2)
                    self._build(name, title, arguments, source, own)
                    self._drop_older(name)
        return name

    def _build(self, name: str, title: str, arguments: list[str], source: str, own: bool) -> None:
        partial = f"{name}_partial"
        self.drop(partial)
        try:
            with step(title) as current:
                if source:
                    self.copy(source, partial)
                self.run_odoo(partial, *arguments, log=LOGS / f"{name}.log", current=current, title=title, own=own)
                self.rename(partial, name)
        except BaseException:
            self.drop(partial)
            raise

    def run_odoo(self, name: str, *arguments: str, log: Path, current, title: str, own: bool = True) -> None:
        """Run odoo-bin on a database until it has done what its arguments say.

        :raise Problem: with the end of the log, when it fails
        """
        run_or_explain(
            self.context.odoo_command("-d", name, "--stop-after-init", "--no-http", "--max-cron-threads=0", *arguments),
            log,
            title,
            env=self.context.environ(own),
            on_line=functools.partial(_note_module, current),
        )

    def _use(self, name: str) -> None:
        """Note that a kept database is used now, and keep others from dropping it as long as we run."""
        if name not in self._used:
            path = _use_file(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            self._used[name] = path.open("a")
            fcntl.flock(self._used[name], fcntl.LOCK_SH)
            os.utime(path)

    def _drop_older(self, name: str) -> None:
        """Drop all but the last used of a family of kept databases, and none that someone uses."""
        family = name.rpartition("_")[0] + "_"
        others = [other for other in self.names(family) if other != name and not other.endswith("_partial")]
        for other in sorted(others, key=_last_use, reverse=True)[KEPT_PER_FAMILY - 1 :]:
            with _use_file(other).open("a") as handle, contextlib.suppress(BlockingIOError):
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self.drop(other)

    # === What is thrown away === #

    @contextlib.contextmanager
    def throwaway(self, source: str) -> Iterator[str]:
        """Give a copy of a database for one run, and drop it afterwards."""
        name = f"{self._run_prefix}{os.getpid()}_{next(self._numbers)}"
        self.drop(name)
        self.copy(source, name)
        try:
            yield name
        finally:
            self.drop(name)

    def sweep(self) -> None:
        """Drop the copies of runs that were killed before they could do it."""
        for name in self.names(self._run_prefix):
            pid = name.removeprefix(self._run_prefix).partition("_")[0]
            if pid.isdigit() and not Path("/proc", pid).exists():
                say(f"   dropping {name}, left behind by a run that was killed")
                self.drop(name)


def _use_file(name: str) -> Path:
    return CACHE / "used" / name


def _last_use(name: str) -> float:
    return _use_file(name).stat().st_mtime if _use_file(name).exists() else 0.0


def _note_module(current, line: str) -> None:
    """Show how far an installation has come."""
    _before, found, after = line.partition("odoo.modules.loading: Loading module ")
    if found:
        current.detail = f"module {after}"
    elif "odoo.modules.registry: module" in line and "loading translation" in line:
        current.detail = line.partition("odoo.modules.registry: ")[2][:60]
