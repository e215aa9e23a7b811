"""Odoo with the addons from elsewhere than this checkout: from wheels, or from an older state of it."""

import os
import subprocess
from pathlib import Path

from devtools import results
from devtools.build import build, git_environ
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
        return [text for level, _logger, text in records if level in results.ALARMS and not results.is_ignored(text)]


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
    # A shallow clone can still fetch it, where there is a network.
    if not _has(commit) and (_git("fetch", "--quiet", "--depth", "1", "origin", commit).returncode or not _has(commit)):
        return None
    tree = _git("archive", "--format=tar", commit)
    tree.check_returncode()
    # By tar, because the tarfile of Python before 3.11.4 knows no filter, and later ones warn of its absence.
    subprocess.run(["tar", "-x", "-C", str(folder)], input=tree.stdout, check=True)
    return Installation(context, addons=(folder,))


def _has(commit: str) -> bool:
    return not _git("cat-file", "-e", f"{commit}^{{commit}}").returncode


def _git(*arguments: str) -> subprocess.CompletedProcess:
    environ = {**git_environ(), "GIT_TERMINAL_PROMPT": "0"}
    command = ["git", "-C", str(ROOT), *arguments]
    return subprocess.run(command, env=environ, stdin=subprocess.DEVNULL, capture_output=True, check=False)
