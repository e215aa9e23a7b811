"""Odoo with the addons from elsewhere than this checkout: from wheels, or from an older state of it."""

import io
import os
import subprocess
import tarfile
from pathlib import Path

from devtools import results
from devtools.build import build
from devtools.context import Context
from devtools.processes import run_or_explain
from devtools.settings import LOGS, ROOT


class Installation:
    """Where an Odoo finds its addons.

    :param packages: a folder with packages, as `pip` installs them
    :param addons: folders on the addons path beside those of Odoo and of OCA
    """

    def __init__(self, context: Context, packages: Path | None = None, addons: tuple[Path, ...] = ()):
        self.context = context
        environ = context.environ(own=False)
        path = [str(packages) if packages else "", environ["PYTHONPATH"]]
        self.environ = {**environ, "PYTHONPATH": os.pathsep.join(filter(None, path))}
        folders = ",".join(map(str, [*addons, *context.stock_addons_path]))
        self.options = ("--addons-path", folders)

    def run(self, database: str, log: str, *arguments: str) -> list[str]:
        """Run odoo-bin until it has installed or updated what the arguments say; return what it complained about.

        :param log: the name of its log
        """
        path = LOGS / f"live-{log}.log"
        command = self.context.odoo_command("-d", database, "--stop-after-init", "--no-http", "--max-cron-threads=0")
        run_or_explain([*command, *self.options, *arguments], path, f"odoo-bin {' '.join(arguments)}", env=self.environ)
        records = results.odoo_records(path)
        return [text for level, _logger, text in records if level in ("WARNING", "ERROR", "CRITICAL")]


def of_checkout(context: Context) -> Installation:
    """Return the installation of this checkout."""
    return Installation(context, addons=(ROOT,))


def of_wheels(context: Context, folder: Path) -> tuple[Installation, list[Path]]:
    """Build the wheels and install them; return the installation and the wheels."""
    wheels = build(folder / "wheels")
    command = [context.python, "-m", "pip", "install", "--no-deps", "--no-index", "--quiet"]
    command += ["--disable-pip-version-check", "--target", folder / "packages", *wheels]
    run_or_explain(command, LOGS / "live-wheels-pip.log", "Installing the wheels")
    return Installation(context, packages=folder / "packages"), wheels


def of_commit(context: Context, commit: str, folder: Path) -> Installation | None:
    """Return the installation of an older state of this checkout, None when its history does not go back so far."""
    git = ["git", "-c", f"safe.directory={ROOT}", "-C", str(ROOT), "archive", "--format=tar", commit]
    answer = subprocess.run(git, capture_output=True, check=False)
    if answer.returncode:
        return None
    with tarfile.open(fileobj=io.BytesIO(answer.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return Installation(context, addons=(folder,))
