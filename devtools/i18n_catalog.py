"""Catalogues of texts: their form on disk, how a translation follows its template, and what is wrong in it."""

import re
from collections import Counter
from collections.abc import Iterator

import polib
from lxml import etree, html

WRAP = 78
PROJECT = "Odoo Server 17.0"
PLURAL_FORMS = {"fr": "nplurals=2; plural=(n > 1);"}
PLURAL_FORM = "nplurals=2; plural=(n != 1);"

# What code fills in, as Odoo writes it in Python, JavaScript and the subjects of mail templates.
FORMAT = re.compile(r"%(?:\((?P<name>\w+)\))?[-+ 0#]*[\d.]*(?P<kind>[diouxXeEfFgGcrsa%])")
# A blank is a flag too, and "5 % of it" a placeholder only where the text has others, so that it is formatted at all.
FORMATTED = re.compile(r"%(?:\(\w+\))?[-+0#]*[\d.]*[diouxXeEfFgGcrsa]")
FILLED_IN = re.compile(r"\{\{.*?\}\}|[#$]\{.*?\}|\{\w*\}", re.DOTALL)
TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
ENTITY = re.compile(r"&(?:[a-zA-Z]+|#\d+|#x[\da-fA-F]+);")
BLANKS = " \t\r\n"
# Attributes whose value is text, and so another one in a translation.
TEXT_ATTRIBUTES = {"alt", "aria-label", "aria-valuetext", "confirm", "data-tooltip", "placeholder", "string", "title"}


# === Form === #


def template(exported: polib.POFile) -> polib.POFile:
    """Return what Odoo exported in a form that is the same on every day and machine."""
    catalogue = _empty(exported.header, {"Plural-Forms": ""})
    for entry in sorted(_current(exported), key=lambda each: each.msgid):
        catalogue.append(
            polib.POEntry(
                msgid=entry.msgid,
                comment=entry.comment,
                occurrences=sorted(set(entry.occurrences)),
                flags=sorted(set(entry.flags)),
            )
        )
    return catalogue


def merged(pot: polib.POFile, po: polib.POFile | None, language: str) -> polib.POFile:
    """Return a translation that follows its template: its texts and order, and the translations that are there.

    :param po: the translation until now, if there is one
    """
    known = {}
    for entry in _current(po or []):
        if entry.msgstr or entry.msgid not in known:
            known.setdefault(entry.msgid, entry)
    metadata = {"Language": language, "Plural-Forms": PLURAL_FORMS.get(language, PLURAL_FORM)}
    catalogue = _empty(pot.header, metadata)
    for entry in pot:
        before = known.get(entry.msgid) or polib.POEntry()
        catalogue.append(
            polib.POEntry(
                msgid=entry.msgid,
                msgstr=before.msgstr,
                comment=entry.comment,
                tcomment=before.tcomment,
                occurrences=entry.occurrences,
                flags=[*entry.flags, *(["fuzzy"] if before.fuzzy else [])],
            )
        )
    return catalogue


def text(catalogue: polib.POFile) -> str:
    """Return the content of a catalogue's file."""
    return f"{catalogue}".rstrip("\n") + "\n"


def _empty(header: str, metadata: dict[str, str]) -> polib.POFile:
    catalogue = polib.POFile(wrapwidth=WRAP)
    catalogue.header = header
    catalogue.metadata = {
        "Project-Id-Version": PROJECT,
        "Report-Msgid-Bugs-To": "",
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        **metadata,
    }
    return catalogue


def _current(catalogue) -> list[polib.POEntry]:
    return [entry for entry in catalogue if not entry.obsolete]


# === What is wrong === #


def differences(pot: polib.POFile, on_disk: polib.POFile) -> Iterator[str]:
    """Tell what the template on disk lacks and has too much; nothing when only order or references differ."""
    wanted, there = {entry.msgid for entry in pot}, {entry.msgid for entry in _current(on_disk)}
    yield from (f"not in the .pot: {short(msgid)}" for msgid in sorted(wanted - there))
    yield from (f"in the .pot, and in the product no more: {short(msgid)}" for msgid in sorted(there - wanted))


def problems(pot: polib.POFile, po: polib.POFile) -> Iterator[str]:
    """Tell what keeps a translation from being complete and right, text by text."""
    wanted = {entry.msgid: entry for entry in pot}
    counts = Counter(entry.msgid for entry in _current(po))
    for msgid in sorted(set(wanted) - set(counts)):
        yield f"not in the .po: {short(msgid)}"
    for entry in po:
        if entry.obsolete:
            yield f"obsolete: {short(entry.msgid)}"
        elif entry.msgid not in wanted:
            yield f"in the product no more: {short(entry.msgid)}"
        else:
            yield from (f"{what}: {short(entry.msgid)}" for what in entry_problems(entry, wanted[entry.msgid]))
    yield from (f"{count} times: {short(msgid)}" for msgid, count in counts.items() if count > 1)


def entry_problems(entry: polib.POEntry, original: polib.POEntry) -> Iterator[str]:
    """Tell what is wrong with the translation of one text."""
    source, target = original.msgid, entry.msgstr
    if entry.fuzzy:
        yield "fuzzy"
    if not target.strip():
        yield "not translated"
        return
    yield from _placeholder_problems(source, target)
    if source[: len(source) - len(source.lstrip(BLANKS))] != target[: len(target) - len(target.lstrip(BLANKS))]:
        yield "other blanks at the beginning"
    if source[len(source.rstrip(BLANKS)) :] != target[len(target.rstrip(BLANKS)) :]:
        yield "other blanks at the end"
    yield from _markup_problems(source, target, any(o.startswith("model_terms:") for o, _line in original.occurrences))


def _placeholder_problems(source: str, target: str) -> Iterator[str]:
    wanted, there = (sorted({match.group() for match in FILLED_IN.finditer(each)}) for each in (source, target))
    yield from _changes(wanted, there)
    if not FORMATTED.search(source):
        yield from _changes([], FORMATTED.findall(target))
        return
    for in_order in (True, False):
        wanted, there = (_placeholders(each, in_order) for each in (source, target))
        yield from _changes(wanted, there)
    samples = [(m["name"], "" if m["kind"] in "rsa" else 1) for m in FORMAT.finditer(source) if m["kind"] != "%"]
    by_name = samples[0][0] is not None
    values = dict(samples) if by_name else tuple(value for _name, value in samples)
    if _can_format(source, values) and not _can_format(target, values):
        yield "placeholders: a % too much (write %%), or a broken one"


def _placeholders(content: str, in_order: bool) -> list[str]:
    """Return what code fills in by position, or what may change places: what it fills in by name, and each %%."""
    matches = FORMAT.finditer(content)
    if in_order:
        return [match.group() for match in matches if not match["name"] and match["kind"] != "%"]
    return sorted(match.group() for match in matches if match["name"] or match["kind"] == "%")


def _can_format(content: str, values: dict | tuple) -> bool:
    try:
        content % values
    except (KeyError, TypeError, ValueError):
        return False
    return True


def _changes(wanted: list[str], there: list[str]) -> Iterator[str]:
    """Tell what is not as it has to be among placeholders."""
    if wanted != there:
        lost, added = Counter(wanted) - Counter(there), Counter(there) - Counter(wanted)
        parts = [f"lost {', '.join(lost)}"] if lost else []
        parts += [f"added {', '.join(added)}"] if added else []
        yield f"placeholders: {' and '.join(parts) or 'in another order'}"


def _markup_problems(source: str, target: str, is_xml: bool) -> Iterator[str]:
    parse = _parse_xml
    wanted = parse(source) if is_xml or TAG.search(source) else None
    if wanted is None and TAG.search(source):
        parse = _parse_html
        wanted = parse(source)
    if wanted is None:
        if TAG.search(target):
            yield "markup that the original does not have"
        added = set(ENTITY.findall(target)) - set(ENTITY.findall(source))
        if added:
            yield f"entities that the original does not have: {', '.join(sorted(added))}"
        return
    there = parse(target)
    if there is None:
        yield "markup that can't be read (an unclosed tag, or & instead of &amp;)"
    elif _signature(wanted) != _signature(there):
        yield "other markup than the original: tags, attributes or how they are nested"


def _parse_xml(content: str) -> etree._Element | None:
    try:
        return etree.fromstring(f"<div>{content.replace('&nbsp;', '&#160;')}</div>")
    except etree.XMLSyntaxError:
        return None


def _parse_html(content: str) -> etree._Element:
    return html.fragment_fromstring(content, create_parent="div")


def _signature(node: etree._Element) -> tuple:
    """Return what a translation has to keep of an element; the order of the elements in it may change."""
    attributes = sorted(
        (name, "" if name.removeprefix("t-attf-") in TEXT_ATTRIBUTES else value) for name, value in node.attrib.items()
    )
    children = [_signature(child) for child in node if isinstance(child.tag, str)]
    return str(node.tag), tuple(attributes), tuple(sorted(children))


def short(msgid: str, length: int = 90) -> str:
    """Return a text in one line that tells which it is."""
    line = " ".join(msgid.split())
    return f'"{line}"' if len(line) <= length else f'"{line[:length].rstrip()}..."'
