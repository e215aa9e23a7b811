"""Which text in sources nobody can translate."""

from pathlib import Path

import pytest

from devtools import i18n_sources

MODEL, VIEW = Path("models/x.py"), Path("views/x.xml")
SCRIPT, BROWSER = Path("static/src/x.js"), Path("static/src/x.xml")


@pytest.mark.parametrize(
    "source",
    [
        'TITLE = _("Hello")',
        'def f(self): return _("At most %(amount)s", amount=f"{MOST:,}")',
        'def f(self): return _("Hello") + " " + self.name',
        'def f(self): return self.name + _(" is taken")',
        'def f(self):\n    text = _("One")\n    text += _(" two")\n    return text',
        'def f(self): return "%s (%s)" % (_("a"), _("b"))',
        'def f(self): return "%(a)s!" % {"a": _("a")}',
        'def f(self): return "%s!" % _("a")',
        "def f(self): return f\"{_('Hello')} {self.name}\"",
        'def f(self): return [_("Hello %s", name) for name in names]',
        'def f(self):\n    def g(): return _("Hello")\n    return g',
        'def f(self): return _("From 0 to 100 %%")',
    ],
)
def test_python_that_can_not_be_translated_is_found(source):
    assert list(i18n_sources.python_problems(source, MODEL))


@pytest.mark.parametrize(
    "source",
    [
        'TITLE = _lt("Hello")',
        'def f(self): return _("At most %(amount)s", amount=self.most)',
        'def f(self): return [_("Hello %s", name) for name in self.names]',
        'def f(self): return _("%(share)s of 100 %%", share=self.share)',
        'def f(self): return ", ".join([_("one"), _("two")])',
        'def f(self):\n    texts = []\n    texts += [_("one"), _("two")]\n    return texts',
        'def f(self): return Markup("<p>%s</p>") % _("one")',
        'def f(self): return _("%s of it") % self.share',
    ],
)
def test_python_that_can_be_translated_is_fine(source):
    assert not list(i18n_sources.python_problems(source, MODEL))


@pytest.mark.parametrize(
    ("source", "path"),
    [
        ('<t t-set="x" t-value="\'Nothing is left\'"/>', VIEW),
        ("<t t-out=\"'Yes' if x else 'No'\"/>", VIEW),
        ("<a t-att-title=\"'Delete'\"/>", VIEW),
        ('<button confirm-title="Delete?"/>', VIEW),
        ('<a data-question="Do you want this"/>', VIEW),
        ('<attribute name="data-question">Do you want this</attribute>', VIEW),
        ("<Dialog title=\"'Are you sure'\"/>", BROWSER),
        ('<input aria-label="Link"/>', BROWSER),
    ],
)
def test_text_in_templates_that_odoo_does_not_export_is_found(source, path):
    assert list(i18n_sources.xml_problems(source, path))


@pytest.mark.parametrize(
    ("source", "path"),
    [
        ('<t t-set="x" t-value="object.name or \'name\'"/>', VIEW),
        ('<a title="Delete this" class="btn btn-primary" data-id="x y"/>', VIEW),
        ('<button confirm="Do you want this?"/>', VIEW),
        ('<template name="Fields of an address"/>', VIEW),
        ('<input t-att-aria-label="label"/>', BROWSER),
        ('<Dialog title.translate="Are you sure"/>', BROWSER),
    ],
)
def test_other_attributes_are_fine(source, path):
    assert not list(i18n_sources.xml_problems(source, path))


def test_what_code_translates_need_not_be_exported_from_a_view():
    source = '<button confirm-title="Delete?"/>'
    known = set(i18n_sources.translated_texts('def f(self): return {"Delete?": _("Delete?")}'))
    assert not list(i18n_sources.xml_problems(source, VIEW, known))


@pytest.mark.parametrize(
    "source",
    [
        'add("Nothing is left");',
        "x.textContent = 'Nothing is left';",
        "_t(text)",
        "_t(`Nothing ${x}`)",
        '_t("Hello") + x',
        'x + _t(" is taken")',
        'text += _t(" two")',
    ],
)
def test_scripts_that_can_not_be_translated_are_found(source):
    assert list(i18n_sources.javascript_problems(source, SCRIPT))


@pytest.mark.parametrize(
    "source",
    [
        '_t("Nothing is left")',
        '_t(\n    "Nothing is left of %s",\n    x,\n)',
        "// Nothing is left",
        "/* Nothing\n is left */",
        'events: { "change input[name=x]": "_onChange" }',
        'throw new Error("Nothing is left");',
    ],
)
def test_other_scripts_are_fine(source):
    assert not list(i18n_sources.javascript_problems(source, SCRIPT))


def test_an_addon_is_searched_but_for_its_tests(tmp_path):
    for folder in ("models", "tests"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.py").write_text('TITLE = _("Hello")\n')
    assert list(i18n_sources.problems(tmp_path)) == [
        "models/x.py:1: _() outside of a function is English for ever: use _lt()"
    ]
