"""Our addons: the folders at the repository's root that have a manifest."""

import ast
import hashlib
from collections.abc import Iterable, Set
from dataclasses import dataclass
from pathlib import Path

from .console import Problem, say
from .settings import ADDON, ROOT

# What a database does not contain: changing it needs no new database.
NOT_IN_DATABASE = {"tests", "readme", "description", "__pycache__"}


@dataclass(frozen=True)
class Addon:
    """One addon of this repository."""

    name: str
    folder: Path
    depends: tuple[str, ...]


def own_addons() -> list[Addon]:
    """Return our installable addons.

    :raise Problem: when a manifest cannot be read, or there is no addon at all
    """
    addons = []
    for manifest in sorted(ROOT.glob("*/__manifest__.py")):
        try:
            values = ast.literal_eval(manifest.read_text(encoding="utf-8"))
        except (SyntaxError, ValueError) as error:
            raise Problem(f"{manifest} is not a readable manifest: {error}") from error
        if values.get("installable", True):
            addons.append(Addon(manifest.parent.name, manifest.parent, tuple(values.get("depends", ()))))
    if not addons:
        raise Problem(
            f"There is no addon in {ROOT}: no folder there has a __manifest__.py.",
            "run this in a checkout of the whole repository.",
        )
    return addons


def installable_addons(addons_path: list[Path]) -> list[Addon]:
    """Return our addons whose dependencies are all on the addons path; say which are left out."""
    addons = {addon.name: addon for addon in own_addons()}
    available = {}

    def is_available(name: str) -> bool:
        if name not in available:
            available[name] = True  # a cycle is Odoo's to report
            if name in addons:
                available[name] = all(is_available(depend) for depend in addons[name].depends)
            else:
                available[name] = any((path / name / "__manifest__.py").is_file() for path in addons_path)
        return available[name]

    for addon in addons.values():
        if not is_available(addon.name):
            missing = [name for name in addon.depends if not is_available(name)]
            say(f"   {addon.name} is left out: no module {', '.join(missing)} on the addons path")
    return [addon for addon in addons.values() if is_available(addon.name)]


def with_dependencies_in(addons: list[Addon], installed: set[str]) -> list[Addon]:
    """Return those of our addons that can be installed beside these modules without installing another one."""
    there = set(installed)
    while new := [addon for addon in addons if addon.name not in there and there.issuperset(addon.depends)]:
        there |= {addon.name for addon in new}
    return [addon for addon in addons if addon.name in there]


def with_what_they_need(modules: Iterable[str], addons_path: list[Path]) -> set[str]:
    """Return the names of modules, and of all modules that they depend on."""
    found: set[str] = set()
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            manifest = next(filter(Path.is_file, (path / name / "__manifest__.py" for path in addons_path)), None)
            if manifest:
                waiting += ast.literal_eval(manifest.read_text(encoding="utf-8")).get("depends", ())
    return found


def files_key(addons: list[Addon], without: Set[str] = NOT_IN_DATABASE) -> str:
    """Return a key that changes when a file does that an installed database depends on.

    :param without: names of folders and files that are left out
    """
    digest = hashlib.sha256()
    for addon in addons:
        for path in sorted(addon.folder.rglob("*")):
            relative = path.relative_to(addon.folder)
            if path.is_file() and without.isdisjoint(relative.parts):
                digest.update(f"{addon.name}/{relative}\0".encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()[:10]


def main_addon() -> str:
    """Return the name of the addon that must work with nothing but its own dependencies."""
    return ADDON
