"""What ./dev i18n makes of catalogues, and what it finds wrong in them."""

import polib
import pytest

from devtools import i18n, i18n_catalog
from devtools.addons import Addon

CODE = [("code:addons/x/models/y.py", "0")]
VIEW = [("model_terms:ir.ui.view,arch_db:x.y", "")]


def catalogue(*entries, header="x"):
    """Make a catalogue from (msgid, msgstr), (msgid, msgstr, occurrences) or entries."""
    made = polib.POFile(wrapwidth=78)
    made.header = header
    made.metadata = {"Project-Id-Version": "Odoo Server 17.0-20240901", "POT-Creation-Date": "2026-01-01"}
    for entry in entries:
        if not isinstance(entry, polib.POEntry):
            msgid, msgstr, *occurrences = entry
            entry = polib.POEntry(
                msgid=msgid, msgstr=msgstr, comment="module: x", occurrences=(occurrences or [CODE])[0]
            )
        made.append(entry)
    return made


def wrong(msgid, msgstr, occurrences=CODE):
    original = polib.POEntry(msgid=msgid, occurrences=occurrences)
    return list(i18n_catalog.entry_problems(polib.POEntry(msgid=msgid, msgstr=msgstr), original))


def test_a_template_is_the_same_on_every_day_whatever_the_order():
    first = catalogue(("b", ""), ("a", "", [*VIEW, *CODE, *CODE]))
    second = catalogue(("a", "", [*CODE, *VIEW]), ("b", ""))
    second.metadata["POT-Creation-Date"] = "2030-01-01"
    text = i18n_catalog.text(i18n_catalog.template(first))
    assert text == i18n_catalog.text(i18n_catalog.template(second))
    assert "Odoo Server 17.0\\n" in text
    assert "Date" not in text
    assert text.count("y.py") == 2  # once for each text


def test_a_translation_follows_its_template_and_keeps_what_is_translated():
    pot = i18n_catalog.template(catalogue(("new", ""), ("kept", "", VIEW), ("doubted", "")))
    doubted = polib.POEntry(msgid="doubted", msgstr="zweifelhaft", flags=["fuzzy"])
    obsolete = polib.POEntry(msgid="obsolete", msgstr="veraltet", obsolete=True)
    po = i18n_catalog.merged(pot, catalogue(("gone", "weg"), ("kept", "bleibt"), doubted, obsolete), "de")
    assert {entry.msgid: entry.msgstr for entry in po} == {"doubted": "zweifelhaft", "kept": "bleibt", "new": ""}
    assert [entry.msgid for entry in po] == [entry.msgid for entry in pot]
    assert po.find("kept").occurrences == VIEW
    assert po.find("doubted").fuzzy
    assert po.metadata["Language"] == "de"


def test_the_form_survives_being_read_again(tmp_path):
    pot = i18n_catalog.template(catalogue(("long " * 60, ""), ("two\nlines", "", VIEW)))
    (tmp_path / "de.po").write_text(i18n_catalog.text(i18n_catalog.merged(pot, None, "de")), encoding="utf-8")
    again = i18n_catalog.merged(pot, polib.pofile(str(tmp_path / "de.po")), "de")
    assert i18n_catalog.text(again) == (tmp_path / "de.po").read_text(encoding="utf-8")


def test_what_is_missing_stale_obsolete_fuzzy_or_twice_is_told():
    pot = catalogue(("missing", ""), ("empty", ""), ("doubted", ""), ("twice", ""), ("good", ""))
    po = catalogue(
        ("empty", " "),
        polib.POEntry(msgid="doubted", msgstr="x", flags=["fuzzy"]),
        ("twice", "x"),
        ("twice", "y"),
        ("good", "gut"),
        ("stale", "x"),
        polib.POEntry(msgid="obsolete", msgstr="x", obsolete=True),
    )
    assert set(i18n_catalog.problems(pot, po)) == {
        'not in the .po: "missing"',
        'not translated: "empty"',
        'fuzzy: "doubted"',
        '2 times: "twice"',
        'in the product no more: "stale"',
        'obsolete: "obsolete"',
    }
    assert list(i18n_catalog.differences(pot, catalogue(("good", ""))))


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("%(count)s of %(total)s", "%(count)s von"),
        ("%(name)s", "%(nom)s"),
        ("%s and %s", "%s"),
        ("Hello", "Hallo %s"),
        ("%(share)s of all", "%(share)s von 100 %"),
        ("Your login at {{ object.company_id.name }}", "Ihr Login"),
        ("{} left", "übrig"),
        ("Pay #{invoice.name}", "Bezahlen"),
        ("%s has %d", "%d hat %s"),
        ("%s%% of it", "%s % davon"),
        ("%s left %s", "%s %% links %s"),
        ("%s left", "%s % übrig"),
        ("%s", "%s %"),
        ("%.2f left", "übrig"),
        ("%-5s left", "übrig"),
        ("%(a)s of %(a)s", "%(a)s"),
        ("%(a)d of it", "%(a)s davon"),
    ],
)
def test_a_placeholder_that_is_lost_added_or_broken_is_told(source, target):
    assert any(problem.startswith("placeholders") for problem in wrong(source, target))


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("<b>One</b> of <i>two</i>", "<b>Eins</b> von zwei"),
        ("<b>One</b>", "<i>Eins</i>"),
        ('<a href="/my">Here</a>', '<a href="/mein">Hier</a>'),
        ("<p>One <b>two</b></p>", "<p>Eins</p><b>zwei</b>"),
        ("One", "<b>Eins</b>"),
        ("One", "Eins&nbsp;zwei"),
        ("<b>One</b>", "<b>Eins"),
    ],
)
def test_changed_markup_is_told(source, target):
    assert wrong(source, target)


def test_markup_of_a_view_has_to_be_xml():
    assert wrong("Deliveries", "Lieferungen & Co", VIEW)
    assert wrong("<br/>One", "<br>Eins", VIEW)
    assert not wrong("Invoices &amp; Bills", "Rechnungen &amp; Belege", VIEW)


def test_blanks_at_both_ends_belong_to_the_text():
    assert wrong("\n   Dear", "Liebe")
    assert wrong("Dear ", "Liebe")
    assert not wrong("\n   Dear ", "\n   Liebe ")


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("%(count)s of %(total)s", "von %(total)s %(count)s"),
        ("<b>One</b> of <i>two</i>", "<i>Zwei</i>, davon <b>eins</b>"),
        ('<i title="Email" class="fa"/> Hello', '<i title="E-Mail" class="fa"/> Hallo'),
        (
            "<p>Dear <t t-out=\"object.name or ''\">Ann</t>,<br>hello</p>",
            "<p><t t-out=\"object.name or ''\">Ann</t>,<br>ciao</p>",
        ),
        ("Only 50 percent", "Nur 50 % des Ganzen"),
        ("%s%% of it", "davon %s %%"),
        ("%(a)s is %(share).1f%% of it", "%(share).1f %% davon ist %(a)s"),
        ("Terms & more", "Bedingungen & mehr"),
    ],
)
def test_a_good_translation_is_good(source, target):
    assert wrong(source, target) == []


def test_an_addon_is_brought_up_to_date_and_then_complete(tmp_path, monkeypatch):
    monkeypatch.setattr(i18n, "ROOT", tmp_path)
    monkeypatch.setattr(i18n, "TRANSLATED", ("de",))
    addon = Addon("x", tmp_path / "x", ())
    addon.folder.mkdir()
    pot = i18n_catalog.template(catalogue(("Hello", "")))
    assert str(i18n.check_addon(addon, pot, write=False)) == "0 passed, 2 failed"
    assert not list(addon.folder.iterdir())
    outcome = i18n.check_addon(addon, pot, write=True)
    assert str(outcome) == "1 passed, 1 failed"
    assert outcome.failures == ['x de: not translated: "Hello"']
    path = addon.folder / "i18n" / "de.po"
    path.write_text(path.read_text().replace('msgstr ""\n', 'msgstr "Hallo"\n').replace('"Hallo"\n"Proj', '""\n"Proj'))
    assert str(i18n.check_addon(addon, pot, write=False)) == "2 passed, 0 failed"
    path.write_text(f"# made by hand\n{path.read_text()}")
    assert "not as ./dev i18n writes it" in i18n.check_addon(addon, pot, write=False).failures[0]
    assert str(i18n.check_addon(addon, pot, write=True)) == "2 passed, 0 failed"
