"""Odoo's source, the virtual environments and the OCA wheels: made once, kept in the cache."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from .console import Problem, say, step
from .processes import lock, run_or_explain
from .settings import (
    CACHE,
    DISK_NEEDED_GB,
    LINT_REQUIREMENTS,
    OCA_WHEELS,
    ODOO_BRANCH,
    ODOO_REQUIREMENTS_310,
    ODOO_REQUIREMENTS_LEFT_OUT,
    ODOO_URL,
    REQUIREMENTS,
    odoo_dir,
    python_key,
    short_hash,
)

NETWORK_HINT = "check the network connection and run the same command again; what is done is kept."
PACKAGES_HINT = "without a network connection, get one and try again; without a compiler, try Python 3.11."
VENV_HINT = "install Python's venv module (Debian and Ubuntu: apt-get install python3-venv) and run it again."


def ensure_disk_space(needed_gb: float = DISK_NEEDED_GB) -> None:
    """Check the room in the cache before something big is put there.

    :raise Problem: when there is too little
    """
    CACHE.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(CACHE).free / 1e9
    if free < needed_gb:
        raise Problem(
            f"There are {free:.1f} GB free where the cache is ({CACHE}); about {needed_gb:.0f} GB are needed.",
            "free some space, or set XDG_CACHE_HOME to a folder on a larger disk.",
        )


def ensure_odoo() -> Path:
    """Return the folder of Odoo's source, cloned when it is not there.

    :raise Problem: without git, network or disk space, or when $ODOO_SOURCE is not Odoo 17.0
    """
    folder = odoo_dir()
    if "ODOO_SOURCE" in os.environ and os.environ["ODOO_SOURCE"]:
        release = folder / "odoo" / "release.py"
        if not release.is_file() or "version_info = (17, 0" not in release.read_text(encoding="utf-8"):
            raise Problem(
                f"ODOO_SOURCE is {folder}, where there is no Odoo 17.0.",
                "point it at a checkout of Odoo's branch 17.0, or unset it and one is cloned.",
            )
        return folder
    if (folder / "odoo-bin").is_file():
        return folder
    if not shutil.which("git"):
        raise Problem(
            "git is not installed, and Odoo's source has to be cloned.",
            "install git (Debian and Ubuntu: apt-get install git), or set ODOO_SOURCE to a checkout of Odoo 17.0.",
        )
    ensure_disk_space()
    with lock("odoo"):
        if not (folder / "odoo-bin").is_file():
            partial = folder.with_name("odoo.partial")
            shutil.rmtree(partial, ignore_errors=True)
            with step(f"cloning Odoo {ODOO_BRANCH} (some hundred megabytes, once)"):
                run_or_explain(
                    ["git", "clone", "--quiet", "--depth", "1", "--branch", ODOO_BRANCH, ODOO_URL, partial],
                    CACHE / "log" / "clone.log",
                    "Cloning Odoo",
                    NETWORK_HINT,
                    env={**os.environ, "GIT_TERMINAL_PROMPT": "0"},
                )
            partial.rename(folder)
    return folder


def odoo_version(folder: Path) -> str:
    """Return what tells one state of Odoo's source from another: its commit, or its release file."""
    if (folder / ".git").exists():
        answer = subprocess.run(
            ["git", "-c", f"safe.directory={folder}", "-C", folder, "rev-parse", "HEAD"],
            capture_output=True,
            text=True,
            check=False,
        )
        if answer.returncode == 0:
            return answer.stdout.strip()
    return short_hash(str(folder), (folder / "odoo" / "release.py").read_text(encoding="utf-8"))


def requirement_lines(folder: Path) -> list[str]:
    """Return Odoo's own requirements without those that need a compiler, and ours."""
    pattern = re.compile(rf"({'|'.join(ODOO_REQUIREMENTS_LEFT_OUT)})\b", re.IGNORECASE)
    lines = (folder / "requirements.txt").read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if line.strip() and not line.startswith("#") and not pattern.match(line)]
    if sys.version_info < (3, 11):
        kept = [line for line in kept if not _is_replaced(line)]
        kept += [f"{name}=={version}" for name, version in ODOO_REQUIREMENTS_310.items()]
    return [*kept, *REQUIREMENTS]


def _is_replaced(line: str) -> bool:
    return re.split(r"[=<>; ]", line, maxsplit=1)[0] in ODOO_REQUIREMENTS_310


def ensure_environment(folder: Path) -> Path:
    """Return the Python of the environment that runs Odoo, made when its requirements changed."""
    return ensure_venv("venv", requirement_lines(folder))


def ensure_lint_environment() -> Path:
    """Return the Python of the linters' own environment: their requirements clash with Odoo's."""
    return ensure_venv("lint", list(LINT_REQUIREMENTS))


def ensure_venv(kind: str, requirements: list[str]) -> Path:
    """Return the Python of an environment with the given requirements, made when they changed.

    :raise Problem: when it cannot be made
    """
    target = CACHE / f"{kind}-{python_key()}-{short_hash(*requirements, sys.version.split()[0])}"
    python, complete = target / "bin" / "python", target / ".complete"
    if complete.exists():
        return python
    ensure_disk_space(2)
    with lock(target.name):
        if complete.exists():
            return python
        shutil.rmtree(target, ignore_errors=True)
        log = CACHE / "log" / f"{kind}.log"
        base = getattr(sys, "_base_executable", None) or sys.executable
        with step(f"making the environment {target.name} ({len(requirements)} requirements)") as current:
            _make_venv(base, target, log)
            listing = target / "requirements.txt"
            listing.write_text("\n".join(requirements) + "\n", encoding="utf-8")
            run_or_explain(
                [python, "-m", "pip", "install", "--prefer-binary", "--disable-pip-version-check", "-r", listing],
                log,
                "Installing the Python packages",
                PACKAGES_HINT,
                append=True,
                on_line=lambda line: _note_package(current, line),
            )
        complete.touch()
    return python


def _make_venv(base: str, target: Path, log: Path) -> None:
    """Make an empty environment; where Debian left the module out, and root asks, install it first."""
    probe = subprocess.run([base, "-c", "import ensurepip, venv"], capture_output=True, check=False)
    if probe.returncode and os.geteuid() == 0 and shutil.which("apt-get"):
        apt_install("python3-venv", f"python3.{sys.version_info.minor}-venv")
    run_or_explain([base, "-m", "venv", target], log, "Making a virtual environment", VENV_HINT)


def _note_package(current, line: str) -> None:
    if line.startswith(("Collecting ", "Building ", "Installing ")):
        current.detail = line[:60].strip()


def ensure_oca_addons(python: Path) -> Path:
    """Return the addons folder with the OCA modules that we have glue for, or must get on with."""
    target = CACHE / f"oca-{short_hash(*OCA_WHEELS)}"
    if (target / ".complete").exists():
        return target / "odoo" / "addons"
    with lock(target.name):
        if not (target / ".complete").exists():
            with step("fetching the OCA modules"):
                run_or_explain(
                    [python, "-m", "pip", "install", "--no-deps", "--upgrade", "--target", target, *OCA_WHEELS],
                    CACHE / "log" / "oca.log",
                    "Installing the OCA modules",
                    NETWORK_HINT,
                )
            (target / ".complete").touch()
    return target / "odoo" / "addons"


def apt_install(*packages: str) -> None:
    """Install the first of the named Debian packages that exists.

    :raise Problem: when none of them could be installed
    """
    log = CACHE / "log" / "apt.log"
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with step(f"installing {packages[0]} with apt-get"):
        run_or_explain(["apt-get", "update"], log, "apt-get update", NETWORK_HINT, env=env)
        for package in packages:
            try:
                run_or_explain(
                    ["apt-get", "install", "-y", "--no-install-recommends", package],
                    log,
                    f"Installing {package}",
                    f"install it by hand: apt-get install {package}",
                    env=env,
                )
            except Problem as problem:
                failure = problem
                say(f"   {package} could not be installed")
            else:
                return
        raise failure
