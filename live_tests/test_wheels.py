"""What ./dev build makes is what people install: beside a plain Odoo, with nothing of this checkout on its path."""

import ast
import contextlib
import os
import subprocess
import zipfile
from email.parser import HeaderParser
from pathlib import Path
from typing import NamedTuple

import pytest

from devtools.addons import own_addons
from devtools.build import git_environ
from devtools.context import Context
from devtools.databases import Databases
from devtools.settings import LOGS, ROOT

from . import installations, server
from .clients import Browser
from .conftest import PASSWORD, set_password

MAIN = "portal_access_ext"
ADDONS = {addon.name: addon for addon in own_addons()}
NOT_PACKED = {"pyproject.toml"}


class Wheels(NamedTuple):
    """The wheels, and an Odoo where they are installed."""

    installation: installations.Installation
    files: dict[str, Path]


@pytest.fixture(scope="module")
def wheels(tmp_path_factory) -> Wheels:
    """Build and install them once."""
    installation, files = installations.of_wheels(Context(), tmp_path_factory.mktemp("wheels"))
    return Wheels(installation, {next(name for name in ADDONS if f"_{name}-" in file.name): file for file in files})


def test_each_addon_has_a_wheel(wheels):
    assert wheels.files.keys() == ADDONS.keys()


@pytest.mark.parametrize("addon", ADDONS)
def test_a_wheel_has_the_addon_s_files_and_no_others(wheels, addon):
    folder, environ = ADDONS[addon].folder, git_environ()
    listing = subprocess.run(
        ["git", "ls-files"], cwd=folder, env=environ, capture_output=True, text=True, check=True
    ).stdout
    with zipfile.ZipFile(wheels.files[addon]) as wheel:
        names = [name for name in wheel.namelist() if ".dist-info/" not in name]
        prefix = f"odoo/addons/{addon}/"
        assert {name.removeprefix(prefix) for name in names} == set(listing.splitlines()) - NOT_PACKED
        assert wheel.read(f"{prefix}LICENSE") == (ROOT / "LICENSE").read_bytes(), "the text, and not a link to it"


@pytest.mark.parametrize("addon", ADDONS)
def test_a_wheel_says_what_it_is_and_needs(wheels, addon):
    manifest = ast.literal_eval((ADDONS[addon].folder / "__manifest__.py").read_text(encoding="utf-8"))
    with zipfile.ZipFile(wheels.files[addon]) as wheel:
        [name] = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
        metadata = HeaderParser().parsestr(wheel.read(name).decode())
    assert metadata["Name"] == f"odoo-addon-{addon}"
    assert metadata["Version"].startswith(manifest["version"])
    assert (metadata["License"], metadata["Summary"]) == ("LGPL-3", manifest["summary"])
    needed = {line.partition(">")[0] for line in metadata.get_all("Requires-Dist")}
    others = {name for name in manifest["depends"] if name in ADDONS or name in ("helpdesk_mgmt", "subscription_oca")}
    assert needed == {"odoo", *(f"odoo-addon-{name}" for name in others)}


def test_the_addon_works_from_its_wheel_beside_a_plain_odoo_also_in_german(wheels, catcher_process):
    context = wheels.installation.context
    databases = Databases(context)
    with databases.throwaway(databases.base("alone")) as name:
        complaints = wheels.installation.run(name, "wheels", "-i", MAIN, "--load-language=de_DE")
        assert complaints == []
        log = LOGS / "live-odoo-wheels.log"
        with server.running(context, name, catcher_process.port, log, wheels.installation) as odoo:
            admin = Browser(odoo.url).authenticate("admin", "admin")
            values = {"name": "Greta", "email": "greta@wheels.example", "lang": "de_DE"}
            contact = admin.call("res.partner", "create", values)
            [result] = admin.call("res.partner", "portal_access_grant", [contact])
            assert result["outcome"] == "granted"
            assert catcher_process.wait_for_invitation(values["email"]).subject.startswith("Ihr Konto")
            set_password(odoo.database, [values["email"]])
            browser = Browser(odoo.url)
            browser.sign_in(values["email"], PASSWORD)
            page = browser.get("/my/addresses")
            assert "Adressen" in page.text
            label = odoo.database.value(
                "SELECT field_description FROM ir_model_fields WHERE model = %s AND name = %s",
                *("res.partner", "portal_access_until"),
            )
            assert label.get("de_DE", label["en_US"]) != label["en_US"]
            static = browser.session.get(f"{odoo.url}/{MAIN}/static/description/icon.png", timeout=60)
            assert static.content == (ADDONS[MAIN].folder / "static/description/icon.png").read_bytes()
            assert odoo.log.problems(0, allowed=[]) == []
            [module] = admin.read("ir.module.module", [["name", "=", MAIN]], "icon", "description_html")
            assert module["icon"] == f"/{MAIN}/static/description/icon.png"
            assert f"/{MAIN}/static/description/dialog.png" in module["description_html"]


@pytest.mark.skipif(not os.environ.get("PAE_FULL_DB_TEMPLATE"), reason="needs the database with everything")
def test_the_addons_beside_it_install_themselves_from_their_wheels(wheels):
    databases = Databases(wheels.installation.context)
    with databases.throwaway(databases.base("full")) as name:
        assert wheels.installation.run(name, "wheels-full", "-i", MAIN) == []
        with contextlib.closing(server.Database(name, wheels.installation.context)) as database:
            query = "SELECT name FROM ir_module_module WHERE state = 'installed' AND name = ANY(%s)"
            assert set(database.values(query, list(ADDONS))) == ADDONS.keys()
