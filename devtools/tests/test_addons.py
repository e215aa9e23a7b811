"""Which of our addons are installed where."""

from pathlib import Path

from devtools.addons import Addon, with_dependencies_in, with_what_they_need


def test_glue_is_installed_where_its_other_side_is():
    addons = [
        Addon("glue_of_glue", Path(), ("glue",)),
        Addon("glue", Path(), ("ours", "app")),
        Addon("ours", Path(), ("portal",)),
    ]
    assert [addon.name for addon in with_dependencies_in(addons, {"portal"})] == ["ours"]
    assert with_dependencies_in(addons, {"portal", "app"}) == addons
    assert with_dependencies_in(addons, {"app"}) == []


def test_modules_come_with_what_they_need(tmp_path):
    for name, depends in {"app": ["portal"], "portal": ["web"], "web": [], "other": ["web"]}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "__manifest__.py").write_text(repr({"depends": depends}), encoding="utf-8")
    assert with_what_they_need(["app", "unknown"], [tmp_path]) == {"app", "portal", "web", "unknown"}
