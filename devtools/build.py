"""./dev build: the addons' wheels."""

import subprocess
import sys

from .addons import own_addons
from .console import Problem, result, say, step
from .settings import ROOT

OUTPUT = ROOT / "dist"


def run(_options) -> int:
    """Build one wheel for each addon that has a pyproject.toml.

    :raise Problem: when one cannot be built, or there is nothing to build
    """
    built = []
    for addon in own_addons():
        if not (addon.folder / "pyproject.toml").is_file():
            say(f"   {addon.name} has no pyproject.toml: it is not built")
            continue
        with step(f"building {addon.name}"):
            # whool is in the environment: nothing has to be fetched to build.
            answer = subprocess.run(
                [
                    *(sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--quiet"),
                    *("--disable-pip-version-check", "--wheel-dir", OUTPUT, addon.folder),
                ],
                capture_output=True,
                text=True,
                check=False,
            )
            if answer.returncode:
                raise Problem(f"Building {addon.name} failed:\n{answer.stdout}{answer.stderr}")
        built.append(addon.name)
    if not built:
        raise Problem("There is no addon to build.", "give the addon a pyproject.toml with whool as its build backend.")
    for wheel in sorted(OUTPUT.glob("*.whl")):
        result(str(wheel.relative_to(ROOT)))
    return 0
