"""What each addon shows in the list of apps, and in registries of packages."""

import ast
import re
import struct
from pathlib import Path

import pytest
from lxml import html

from devtools.addons import Addon, own_addons
from devtools.settings import ROOT

LARGEST = 200_000  # bytes of a picture
SIZE = struct.Struct(">16xII")  # where a PNG says it


def description(addon: Addon) -> Path:
    """Return the folder of what is shown of an addon."""
    return addon.folder / "static" / "description"


@pytest.fixture(params=own_addons(), ids=lambda addon: addon.name)
def addon(request) -> Addon:
    """Each of our addons."""
    return request.param


def manifest(addon: Addon) -> dict:
    """Return an addon's manifest."""
    return ast.literal_eval((addon.folder / "__manifest__.py").read_text(encoding="utf-8"))


def test_the_page_shows_pictures_that_are_there_and_nothing_from_elsewhere(addon):
    text = (description(addon) / "index.html").read_text(encoding="utf-8")
    page = html.document_fromstring(text)
    shown = {link for _element, _attribute, link, _position in page.iterlinks()}
    there = {path.name for path in description(addon).glob("*.png")}
    assert shown == there
    assert {f"static/description/{name}" for name in there}.issuperset(manifest(addon).get("images", []))
    assert not page.xpath("//script | //style | //link")
    assert all(image.get("alt") or image.get("src") == "icon.png" for image in page.iter("img"))
    assert all((description(addon) / name).stat().st_size < LARGEST for name in there)


def test_the_icon_is_as_large_as_odoo_s_and_has_its_source(addon):
    picture = (description(addon) / "icon.png").read_bytes()
    assert SIZE.unpack(picture[: SIZE.size]) == (140, 140)
    assert (description(addon) / "icon.svg").is_file()


def test_the_icons_differ():
    icons = [(description(addon) / "icon.png").read_bytes() for addon in own_addons()]
    assert len(set(icons)) == len(icons)


def test_the_readme_is_in_the_fragments_of_oca(addon):
    names = {path.stem for path in (addon.folder / "readme").glob("*.md")}
    assert {"DESCRIPTION", "USAGE", "CONTRIBUTORS"} <= names
    assert (addon.folder / "README.md").read_text() == (addon.folder / "readme" / "DESCRIPTION.md").read_text()


def test_the_addons_have_one_version_that_the_changelog_tells_of():
    [version] = {manifest(addon)["version"] for addon in own_addons()}
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)[1]
    assert newest == version


def test_the_addons_say_the_same_of_who_made_them_and_of_their_licence():
    said = {tuple(manifest(addon)[key] for key in ("author", "license", "category")) for addon in own_addons()}
    assert said == {("portal_access_ext contributors", "LGPL-3", "Services/Portal")}
    assert (ROOT / "LICENSE").read_text(encoding="utf-8").lstrip().startswith("GNU LESSER GENERAL PUBLIC LICENSE")
