"""./dev lint: every linter over everything, all of them even when one complains."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .addons import own_addons
from .console import Problem, say, step
from .environment import ensure_lint_environment
from .node import ensure_packages
from .results import Outcome, close
from .settings import ROOT

PYTHON_FOLDERS = ("devtools", "benchmarks", "live_tests")
NOT_OURS = {"lib", "description", "node_modules"}  # below static/: libraries and generated pages


@dataclass(frozen=True)
class Check:
    """One linter at work. `fix` is the command that corrects, where there is one."""

    name: str
    command: list[str]
    fix: list[str] | None = None


def run(options) -> int:
    """Carry out ./dev lint: one check for each linter."""
    outcome = Outcome()
    for check in checks(options.paths):
        if options.fix and check.fix:
            _run(check.fix)
        with step(check.name):
            answer = _run(check.command)
        if answer.returncode:
            say((answer.stdout + answer.stderr).rstrip())
            outcome.fail(f"{check.name} (try ./dev lint --fix)" if check.fix else check.name)
        else:
            outcome.passed += 1
    return close(outcome)


def checks(paths: list[str]) -> Iterator[Check]:
    """Give the checks that have something to check.

    :param paths: the only folders to check, and to correct; all of ours when empty
    :raise Problem: for a folder that is not one of ours
    """
    addons, python = chosen(paths)
    tools = ensure_lint_environment().parent
    ruff = str(tools / "ruff")
    yield Check("ruff", [ruff, "check", *python], [ruff, "check", "--fix", *python])
    yield Check("ruff format", [ruff, "format", "--diff", *python], [ruff, "format", *python])
    if not addons:
        return
    yield Check("pylint-odoo", [str(tools / "pylint"), "--rcfile=.pylintrc", *addons])
    oca = [str(tools / "oca-checks-odoo-module"), "--config=.oca_hooks.cfg"]
    yield Check("OCA's checks of modules", [*oca, *addons], [*oca, "--fix", *addons])
    translations = list(files(addons, ".po", ".pot"))
    if translations:
        # Their form is that of ./dev i18n: a word that is the same in a language is translated, not missing.
        command = [str(tools / "oca-checks-po"), "--disable=po-pretty-format", *translations]
        yield Check("OCA's checks of translations", command)
    yield from checks_by_node(addons)


def chosen(paths: list[str]) -> tuple[list[str], list[str]]:
    """Return the addons, and everything that has Python in it, among the given folders or of all."""
    addons = [addon.name for addon in own_addons()]
    everything = ["dev", *addons, *(folder for folder in PYTHON_FOLDERS if (ROOT / folder).is_dir())]
    names = [path.strip("/") for path in paths] or everything
    unknown = [name for name in names if name not in everything]
    if unknown:
        raise Problem(f"Nothing to check: {', '.join(unknown)}.", f"choose from: {', '.join(everything)}.")
    return [name for name in addons if name in names], names


def checks_by_node(addons: list[str]) -> Iterator[Check]:
    """Give the checks of the addons that run on Node.js."""
    node, modules = ensure_packages()
    styled = [*files(addons, ".xml", ".js", ".css", ".scss"), *sorted(path.name for path in ROOT.glob(".*.yml"))]
    plugin = modules / "@prettier" / "plugin-xml" / "src" / "plugin.js"
    prettier = [node, str(modules / "prettier" / "bin" / "prettier.cjs"), f"--plugin={plugin}", "--log-level=warn"]
    yield Check("prettier", [*prettier, "--check", *styled], [*prettier, "--write", *styled])
    scripts = list(files(addons, ".js"))
    if scripts:
        eslint = [node, str(modules / "eslint" / "bin" / "eslint.js"), "--max-warnings=0"]
        yield Check("eslint", [*eslint, *scripts], [*eslint, "--fix", *scripts])


def files(folders: list[str], *endings: str) -> Iterator[str]:
    """Give the files of the folders that end so and are ours, relative to the repository."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*")):
            relative = path.relative_to(ROOT)
            if path.suffix in endings and not ("static" in relative.parts and NOT_OURS.intersection(relative.parts)):
                yield str(relative)


def _run(command: list[str]) -> subprocess.CompletedProcess:
    return subprocess.run(command, cwd=Path(ROOT), capture_output=True, text=True, check=False)
