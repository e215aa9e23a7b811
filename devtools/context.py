"""Everything a command needs to run Odoo: source, Python, addons path, PostgreSQL, configuration file."""

import functools
import os
import sys
from pathlib import Path

from . import addons, environment, postgres
from .settings import CACHE, ROOT, STATE, short_hash

DATA_DIR = CACHE / "data"  # Odoo's data folder: filestores and sessions


class Context:
    """What is made on first use, and only then. One for each run of ./dev."""

    def __init__(self):
        self.python = Path(sys.executable)
        self.odoo = environment.ensure_odoo()

    @property
    def odoo_bin(self) -> Path:
        """The path of odoo-bin."""
        return self.odoo / "odoo-bin"

    @functools.cached_property
    def odoo_version(self) -> str:
        """What tells this state of Odoo's source from another."""
        return environment.odoo_version(self.odoo)

    @functools.cached_property
    def oca_addons(self) -> Path:
        """The addons folder of the OCA modules. What is installed of them, each base and template says."""
        return environment.ensure_oca_addons(self.python)

    @functools.cached_property
    def stock_addons_path(self) -> list[Path]:
        """The addons path without ours."""
        return [self.odoo / "odoo" / "addons", self.odoo / "addons", self.oca_addons]

    @functools.cached_property
    def addons_path(self) -> list[Path]:
        """The addons path with ours first. Odoo takes every folder of it that has a manifest."""
        return [ROOT, *self.stock_addons_path]

    @functools.cached_property
    def server(self) -> postgres.Server:
        """The PostgreSQL server, running."""
        return postgres.start()

    @functools.cached_property
    def own_addons(self) -> list[addons.Addon]:
        """Our addons that can be installed here."""
        return addons.installable_addons(self.addons_path)

    def configuration(self, own: bool = True) -> Path:
        """Write Odoo's configuration file and return its path.

        :param own: with our addons on the addons path
        """
        path = self.addons_path if own else self.stock_addons_path
        server = self.server
        lines = [
            "[options]",
            f"addons_path = {','.join(map(str, path))}",
            f"data_dir = {DATA_DIR}",
            f"db_host = {server.host or False}",
            f"db_port = {server.port or False}",
            f"db_user = {server.user or False}",
            f"db_password = {server.password or False}",
            "db_maxconn = 32",
            "admin_passwd = admin",
            "http_interface = 127.0.0.1",
            "limit_time_real = 1200",
            "limit_time_cpu = 600",
            "",
        ]
        text = "\n".join(lines)
        target = STATE / "conf" / f"odoo-{short_hash(text)}.conf"
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            partial = target.with_name(f"{target.name}.{os.getpid()}")
            partial.write_text(text, encoding="utf-8")
            partial.chmod(0o600)
            partial.rename(target)
        return target

    def environ(self, own: bool = True) -> dict[str, str]:
        """Return the environment variables under which Odoo, and whatever imports it, runs."""
        path = [str(self.odoo), os.environ.get("PYTHONPATH", "")]
        return {
            **os.environ,
            **self.server.environment(),
            "ODOO_RC": str(self.configuration(own)),
            "PYTHONPATH": os.pathsep.join(filter(None, path)),
            "PATH": os.pathsep.join([str(self.python.parent), os.environ.get("PATH", os.defpath)]),
            "PYTHONDONTWRITEBYTECODE": "",
        }

    def odoo_command(self, *arguments: str) -> list[str]:
        """Return the command line that runs odoo-bin."""
        return [str(self.python), str(self.odoo_bin), *arguments]
