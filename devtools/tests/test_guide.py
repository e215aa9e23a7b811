"""The guide holds together: ./dev shots makes its pictures, its links lead somewhere, its labels are the product's."""

import functools
import re
from collections.abc import Iterator
from pathlib import Path

import polib
import pytest

from devtools.context import Context
from devtools.settings import ROOT
from devtools.shots import IN_ENGLISH, camera, customer

DOCS = ROOT / "docs"
CUSTOMER_PAGES = {path.stem.partition("_")[2] or "en": path for path in sorted(DOCS.glob("customer*.md"))}
PAGES = [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]
# The apps whose pages customers see, and the frame around them.
STOCK = (
    "account", "account_payment", "auth_password_policy_portal", "auth_signup", "auth_totp", "auth_totp_portal",
    "payment", "portal", "project", "purchase", "sale", "sale_loyalty", "web", "helpdesk_mgmt",
)  # fmt: skip


def content(page: Path) -> str:
    """Return a page without comments and code."""
    text = page.read_text(encoding="utf-8")
    return re.sub(r"<!--.*?-->|^```.*?^```$|`[^`\n]+`", "", text, flags=re.DOTALL | re.MULTILINE)


def plain(text: str) -> str:
    """Return what can be seen of a text of the product."""
    return " ".join(re.sub(r"<[^>]+>", " ", text.replace("&amp;", "&")).split()).strip(" :.…")


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub makes of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", content(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def pictures(page: Path) -> Iterator[Path]:
    """Return the pictures that a page shows."""
    return ((page.parent / path).resolve() for path in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", content(page)))


def test_the_pictures_of_the_pages_are_those_that_are_made():
    album = camera.Album(ROOT, [], False)
    made = {path for scene in IN_ENGLISH for name in scene.names for path in album.paths("en", name)}
    for lang in customer.LANGUAGES:
        made |= {path for scene in customer.SCENES for name in scene.names for path in album.paths(lang, name)}
    shown = {picture for page in PAGES for picture in pictures(page)}
    assert not sorted(path for path in shown if not path.is_file())
    assert not shown - made
    of_docs = {path for path in made if path.is_relative_to(DOCS)}
    languages_there = {path for path in of_docs if path.parent.name in CUSTOMER_PAGES}
    assert not sorted(languages_there - shown), "made, and shown nowhere"
    assert set(DOCS.rglob("*.png")) <= of_docs, "shown nowhere, and made by nothing"
    assert not [path for path in made - of_docs if not path.is_file() or path.stat().st_size > 200_000]


def test_the_pictures_are_small():
    assert sum(path.stat().st_size for path in DOCS.rglob("*.png")) < 4_000_000


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"(?<!!)\[[^\]]+\]\(([^)]+)\)", content(page)):
        if re.match(r"https?://|mailto:", target):
            continue
        path, _hash, anchor = target.partition("#")
        other = (page.parent / path).resolve() if path else page
        assert other.exists(), f"{page.name}: {target}"
        assert not anchor or anchor in anchors(other), f"{page.name}: {target}"


@functools.cache
def translations(lang: str) -> set[str]:
    """Return all that the product can say in a language."""
    folders = [*ROOT.glob("portal_access_ext*/i18n")]
    for path in Context().stock_addons_path:
        folders += [path / module / "i18n" for module in STOCK if (path / module / "i18n").is_dir()]
    said = set()
    for folder in folders:
        for file in folder.glob("*.pot" if lang == "en" else f"{lang}.po"):
            for entry in polib.pofile(str(file)):
                texts = [entry.msgid] if lang == "en" else [entry.msgstr, *entry.msgstr_plural.values()]
                # A few words are the same in both languages, and have no translation for that.
                texts = [*texts, "" if entry.msgstr else entry.msgid]
                # The text of a mail is one with its markup.
                said.update(plain(part) for text in texts for part in (text, *re.split(r"<[^>]+>", text)))
    return said


@pytest.mark.parametrize("lang", CUSTOMER_PAGES)
def test_the_labels_of_the_customers_page_are_the_products(lang):
    labels = {plain(label) for label in re.findall(r"\*\*(.+?)\*\*", " ".join(content(CUSTOMER_PAGES[lang]).split()))}
    assert len(labels) > 50
    assert not sorted(labels - translations(lang))


def test_all_languages_have_the_same_pictures_in_the_same_order():
    english = [path.name for path in pictures(CUSTOMER_PAGES["en"])]
    for lang, page in CUSTOMER_PAGES.items():
        assert [(path.parent.name, path.name) for path in pictures(page)] == [(lang, name) for name in english]
