"""./dev i18n: the texts of our addons as Odoo exports them, and their translations: brought up to date, and checked."""

import shutil
from collections.abc import Iterable
from pathlib import Path

import polib

from . import i18n_catalog, i18n_sources
from .addons import NOT_IN_DATABASE, Addon, files_key
from .console import Problem, result, say, step
from .context import Context
from .databases import LANGUAGES, MODULES_FULL, Databases
from .processes import lock, run_or_explain
from .results import Outcome, close, odoo_records
from .settings import CACHE, LOGS, ROOT, short_hash

TRANSLATED = tuple(language.partition("_")[0] for language in LANGUAGES if language != "en_US")
EXPORTS = CACHE / "pot"
EXPORTS_KEPT = 5
SHOWN = 40  # lines of one catalogue
TO_DO = "run ./dev i18n, translate what it lists in ADDON/i18n/LANGUAGE.po, and run it again."


def run(options) -> int:
    """Carry out ./dev i18n: write the templates and translations, unless they are only checked; check all."""
    databases = Databases(Context())
    addons = databases.own_addons(MODULES_FULL)
    folder = export(databases, addons)
    outcome = Outcome()
    for addon in addons:
        _count(outcome, addon.name, i18n_sources.problems(addon.folder))
        pot = i18n_catalog.template(polib.pofile(str(folder / f"{addon.name}.pot")))
        if pot:
            outcome += check_addon(addon, pot, write=not options.check)
        elif any((addon.folder / "i18n").glob("*.po*")):
            outcome.fail(f"{addon.name}: there is nothing to translate in it, delete its folder i18n")
    if outcome.failed:
        say(f"\nWhat to do: {TO_DO}")
    return close(outcome)


def check_addon(addon: Addon, pot: polib.POFile, write: bool) -> Outcome:
    """Check the template and translations of one addon.

    :param write: bring them up to date first
    """
    outcome = Outcome()
    path = addon.folder / "i18n" / f"{addon.name}.pot"
    if write:
        _write(path, pot)
    on_disk = _read(path)
    complaints = list(i18n_catalog.differences(pot, on_disk)) if on_disk else ["there is no .pot"]
    _count(outcome, addon.name, complaints or _form_problems(path, pot))
    for language in TRANSLATED:
        path = addon.folder / "i18n" / f"{language}.po"
        po = _read(path)
        if write:
            _write(path, i18n_catalog.merged(pot, po, language))
            po = _read(path)
        complaints = list(i18n_catalog.problems(pot, po)) if po else ["there is no .po"]
        form = _form_problems(path, i18n_catalog.merged(pot, po, language)) if po else []
        _count(outcome, f"{addon.name} {language}", complaints or form)
    return outcome


def _read(path: Path) -> polib.POFile | None:
    if not path.is_file():
        return None
    try:
        return polib.pofile(str(path), wrapwidth=i18n_catalog.WRAP)
    except (OSError, UnicodeDecodeError) as error:
        raise Problem(f"{path.relative_to(ROOT)} can't be read: {error}") from error


def _write(path: Path, catalogue: polib.POFile) -> None:
    content = i18n_catalog.text(catalogue)
    if not path.is_file() or path.read_text(encoding="utf-8") != content:
        path.parent.mkdir(exist_ok=True)
        path.write_text(content, encoding="utf-8")
        result(f"written: {path.relative_to(ROOT)}")


def _form_problems(path: Path, catalogue: polib.POFile) -> list[str]:
    if path.read_text(encoding="utf-8") == i18n_catalog.text(catalogue):
        return []
    return [f"{path.name} is not as ./dev i18n writes it (order, references, or form)"]


def _count(outcome: Outcome, where: str, complaints: Iterable[str]) -> None:
    """Count one thing that was checked, and keep what is wrong with it."""
    complaints = list(complaints)
    if not complaints:
        outcome.passed += 1
        return
    outcome.failed += 1
    outcome.failures += [f"{where}: {complaint}" for complaint in complaints[:SHOWN]]
    if len(complaints) > SHOWN:
        outcome.failures.append(f"{where}: and {len(complaints) - SHOWN} more")


def export(databases: Databases, addons: list[Addon]) -> Path:
    """Return the folder of the templates that Odoo exports of these addons, with everything installed.

    What was translated does not matter for it, so translating needs no new export.

    :raise Problem: when Odoo could not read all texts of a file
    """
    key = short_hash(databases.base("full"), files_key(addons, NOT_IN_DATABASE | {"i18n"}))
    target = EXPORTS / key
    if target.is_dir():
        return target
    with lock(f"pot-{key}"):
        if not target.is_dir():
            partial = EXPORTS / f"{key}.partial"
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(parents=True)
            _export(databases, addons, partial)
            partial.rename(target)
            kept = sorted(EXPORTS.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
            for path in kept[EXPORTS_KEPT:]:
                shutil.rmtree(path, ignore_errors=True)
    return target


def _export(databases: Databases, addons: list[Addon], folder: Path) -> None:
    context, log, title = databases.context, LOGS / "i18n.log", "exporting the texts of our addons"
    with databases.throwaway(databases.template("full")) as name, step(title):
        names = [addon.name for addon in addons]
        command = [context.python, ROOT / "devtools" / "i18n_export.py", name, folder, *names]
        run_or_explain(command, log, title, env=context.environ())
    failed = [text for level, logger, text in odoo_records(log) if level != "INFO" and logger.startswith("odoo.tools")]
    if failed:
        raise Problem(
            "Odoo could not export all texts:\n" + "\n".join(failed),
            "write what it stumbles over another way: no f-string among the arguments of _(), for one.",
        )
