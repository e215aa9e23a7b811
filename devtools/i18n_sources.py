"""Texts that nobody can translate: they are in none of the catalogues, whatever Odoo exports.

What pylint-odoo finds (`_()` of something else than a literal, raised texts without it) is left to it. These are
few rules that are exact: a text is two words in a row, or what only people read.
"""

import ast
import functools
import re
from collections.abc import Iterator, Set
from pathlib import Path

from lxml import etree

from .settings import ROOT

NOT_SHOWN = {"tests", "lib", "description", "migrations", "__pycache__"}
PROSE = re.compile(r"[A-Za-z][a-z']+[,.:]? [a-z]+")
SENTENCE = re.compile(r"\s*[A-Z][a-z']+[,.:]? [a-z]+")
WORD = re.compile(r"[A-Za-z]{2}")
TRANSLATE = {"_", "_lt"}
SCOPES = (ast.FunctionDef, ast.Lambda, ast.ListComp, ast.DictComp, ast.SetComp, ast.GeneratorExp)

# What Odoo 17.0 exports of an element's attributes: TRANSLATED_ATTRS in odoo/tools/translate.py.
EXPORTED = {
    "add-label", "alt", "aria-keyshortcuts", "aria-label", "aria-placeholder", "aria-roledescription",
    "aria-valuetext", "avg", "confirm", "data-editor-message", "data-tooltip", "help", "label", "placeholder",
    "string", "sum", "text", "title", "value", "value_label",
}  # fmt: skip
# What it shows to people, and does not export: the addon's Python code has to name and translate these texts.
NEVER_EXPORTED = {"cancel-label", "confirm-label", "confirm-title"}
# What Owl translates of that when it draws a template in the browser.
TRANSLATED_BY_OWL = {"alt", "data-tooltip", "label", "placeholder", "title"}
# Attributes whose words are no text.
NO_TEXT = {"class", "style", "context", "domain", "options", "groups", "filter_domain", "name", "d"}
SHOWN_EXPRESSIONS = re.compile(rf"t-(out|esc|value|att-({'|'.join(sorted(EXPORTED - {'value', 'text'}))}))$")

JS_TOKEN = re.compile(
    r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`|_t\(\s*(?![\"'`\s])", re.DOTALL
)
# Only the browser's own words are shown for it.
JS_NOT_SHOWN = re.compile(r"(returnValue = |new Error\(|console\.\w+\(|querySelector(All)?\(|closest\()\s*$")


def problems(folder: Path) -> Iterator[str]:
    """Tell the places of an addon with text that can't be translated."""
    sources = [path for path in sorted(folder.rglob("*.py")) if NOT_SHOWN.isdisjoint(path.relative_to(folder).parts)]
    known = {text for path in sources for text in translated_texts(path.read_text(encoding="utf-8"))}
    checks = {
        ".py": python_problems,
        ".xml": functools.partial(xml_problems, in_code=known),
        ".js": javascript_problems,
    }
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if path.suffix in checks and NOT_SHOWN.isdisjoint(relative.parts) and path.name != "__manifest__.py":
            for line, what in checks[path.suffix](path.read_text(encoding="utf-8"), relative):
                where = path.relative_to(ROOT) if path.is_relative_to(ROOT) else relative
                yield f"{where}:{line}: {what}"


# === Python === #


def python_problems(source: str, path: Path) -> Iterator[tuple[int, str]]:
    """Give line and reason of each use of `_()` that is no whole text, or not in the language of who reads it."""
    tree = ast.parse(source)
    yield from _python_problems(tree, in_function=False)
    if "controllers" not in path.parts:  # there, Odoo finds the language by the request
        yield from _scope_problems(tree, None)


def translated_texts(source: str) -> Iterator[str]:
    """Give the texts that `_()` translates in a file."""
    for node in ast.walk(ast.parse(source)):
        if _is_translation(node) and node.args and isinstance(node.args[0], ast.Constant):
            yield node.args[0].value


def _python_problems(node: ast.AST, in_function: bool) -> Iterator[tuple[int, str]]:
    if _is_translation(node):
        if not in_function and node.func.id == "_":
            yield node.lineno, "_() outside of a function is English for ever: use _lt()"
        if len(node.args) == 1 and not node.keywords and "%%" in str(getattr(node.args[0], "value", "")):
            yield node.lineno, "%% in a text without arguments is shown as it is"
        if any(isinstance(child, ast.JoinedStr) for child in ast.walk(node)):
            yield node.lineno, "an f-string among the arguments of _(): Odoo can't export this file"
    elif any(_is_translation(part) for part in _put_together(node)):
        yield node.lineno, "texts put together with + or %: translators need the whole one, with %(name)s in it"
    elif isinstance(node, ast.FormattedValue) and _is_translation(node.value):
        yield node.lineno, "a translated text in an f-string: translators need the whole one, with %(name)s in it"
    inner = in_function or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    for child in ast.iter_child_nodes(node):
        yield from _python_problems(child, inner)


def _scope_problems(node: ast.AST, scope: ast.AST | None) -> Iterator[tuple[int, str]]:
    if scope is not None and _is_translation(node) and node.func.id == "_" and not _has_self(scope):
        yield node.lineno, "_() in a scope of its own without self, by which Odoo finds the language: move it out"
    inner = node if isinstance(node, SCOPES) else scope
    for child in ast.iter_child_nodes(node):
        yield from _scope_problems(child, inner)


def _has_self(scope: ast.AST) -> bool:
    names = {node.id for node in ast.walk(scope) if isinstance(node, ast.Name)}
    return "self" in names | {node.arg for node in ast.walk(scope) if isinstance(node, ast.arg)}


def _is_translation(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in TRANSLATE


def _put_together(node: ast.AST) -> list[ast.AST]:
    """Return what an expression adds to other texts, or fills into a literal one."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return [node.left, node.right]
    if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add):
        return [node.value]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod) and isinstance(node.left, ast.Constant):
        filled_in = {ast.Tuple: "elts", ast.Dict: "values"}.get(type(node.right))
        return getattr(node.right, filled_in) if filled_in else [node.right]
    return []


# === Views, templates of pages and of the browser === #


def xml_problems(source: str, path: Path, in_code: Set[str] = frozenset()) -> Iterator[tuple[int, str]]:
    """Give line and reason of each text in an attribute or expression that Odoo does not export, or not translate.

    :param in_code: texts that the addon's code translates
    """
    in_browser = path.parts[0] == "static"
    for element in etree.fromstring(source.encode()).iter(etree.Element):
        for name, value in element.attrib.items():
            if value not in in_code and (what := _attribute_problem(element, name, value, in_browser)):
                yield element.sourceline, what
        if element.tag == "attribute" and _is_lost(element.get("name"), element.text or ""):
            yield (
                element.sourceline,
                f"Odoo does not export the attribute {element.get('name')}: {element.text.strip()}",
            )


def _attribute_problem(element: etree._Element, name: str, value: str, in_browser: bool) -> str | None:
    if SHOWN_EXPRESSIONS.match(name):
        texts = [text for text in _literals(value) if PROSE.search(text) or (text[0].isupper() and WORD.search(text))]
        return f"a text in an expression: {value}" if texts else None
    if in_browser and (element.tag[0].isupper() or "t-component" in element.attrib):
        is_lost = any(PROSE.search(text) for text in _literals(value)) and not name.endswith(".translate")
        return f"a text in an expression: {value}" if is_lost else None
    if in_browser and name in EXPORTED - TRANSLATED_BY_OWL and name.startswith("aria-") and WORD.search(value):
        return f"Owl does not translate {name}: take it from the code (t-att-{name})"
    return f"Odoo does not export the attribute {name}: {value}" if _is_lost(name, value) else None


def _is_lost(name: str, value: str) -> bool:
    """Tell whether an attribute shows a text that is in no catalogue."""
    name = name.removeprefix("t-attf-")
    if name in NEVER_EXPORTED:
        return True
    return name not in EXPORTED | NO_TEXT and not name.startswith("t-") and bool(SENTENCE.match(value))


def _literals(expression: str) -> list[str]:
    return [text for pair in re.findall(r"'([^']*)'|\"([^\"]*)\"", expression) for text in pair if text]


# === JavaScript === #


def javascript_problems(source: str, _path: Path) -> Iterator[tuple[int, str]]:
    """Give line and reason of each text that is not translated by `_t()`, and of each `_t()` of something else."""
    for match in JS_TOKEN.finditer(source):
        token, before = match.group(), source[: match.start()]
        line = before.count("\n") + 1
        if token.startswith(("//", "/*")):
            continue
        if token.startswith("_t("):
            if not before.endswith("function "):
                yield line, "_t() of something else than a literal: Odoo can't export it"
        elif re.search(r"\b_l?t\(\s*$", before):
            if token.startswith("`"):
                yield line, "_t() of a template: Odoo can't export it"
            elif re.match(r"\)?\s*\+", source[match.end() :]) or re.search(r"\+=?\s*_l?t\(\s*$", before):
                yield line, "texts put together with +: translators need the whole one, with %s in it"
        elif PROSE.search(token) and "[" not in token and not JS_NOT_SHOWN.search(before):
            yield line, f"a text without _t(): {token}"
