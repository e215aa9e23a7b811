"""./dev build: the addons' wheels."""

import os
import subprocess
import sys
from pathlib import Path

from .addons import own_addons
from .console import Problem, result, say, step
from .settings import ROOT

OUTPUT = ROOT / "dist"


def run(_options) -> int:
    """Carry out ./dev build."""
    for wheel in build(OUTPUT):
        result(str(wheel.relative_to(ROOT)))
    return 0


def build(folder: Path) -> list[Path]:
    """Build one wheel for each addon that has a pyproject.toml, in place of those that are there.

    :raise Problem: when one cannot be built, or there is nothing to build
    """
    built = []
    for addon in own_addons():
        if not (addon.folder / "pyproject.toml").is_file():
            say(f"   {addon.name} has no pyproject.toml: it is not built")
            continue
        for older in folder.glob(f"odoo_addon_{addon.name}-*.whl"):
            older.unlink()
        with step(f"building {addon.name}"):
            # whool is in the environment: nothing has to be fetched to build.
            answer = subprocess.run(
                [
                    *(sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--quiet"),
                    *("--disable-pip-version-check", "--wheel-dir", folder, addon.folder),
                ],
                env=git_environ(),
                capture_output=True,
                text=True,
                check=False,
            )
            if answer.returncode:
                raise Problem(f"Building {addon.name} failed:\n{answer.stdout}{answer.stderr}")
        built += folder.glob(f"odoo_addon_{addon.name}-*.whl")
    if not built:
        raise Problem("There is no addon to build.", "give the addon a pyproject.toml with whool as its build backend.")
    return built


def git_environ() -> dict[str, str]:
    """Return the environment in which git reads this checkout, also where it belongs to somebody else.

    Refused, whool would pack all files that lie there instead of those that git knows.
    """
    number = int(os.environ.get("GIT_CONFIG_COUNT") or 0)
    return {
        **os.environ,
        "GIT_CONFIG_COUNT": str(number + 1),
        f"GIT_CONFIG_KEY_{number}": "safe.directory",
        f"GIT_CONFIG_VALUE_{number}": str(ROOT),
    }
