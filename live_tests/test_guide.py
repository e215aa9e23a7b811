"""The examples of the developers' page print what it says that they print."""

import contextlib
import doctest
import io
import re

import pytest

from devtools.settings import ROOT

from .conftest import PASSWORD, PEOPLE

PAGE = ROOT / "docs" / "developer.md"
BLOCK = re.compile(r"^```(python|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
WHERE = 'URL, DATABASE, LOGIN, PASSWORD = "http://localhost:8069", "your_database", "admin", "admin"\n'


@pytest.mark.allows_log("could not serialize access")  # it invites and revokes while the cron sends
def test_the_examples_of_the_developers_page_print_what_it_says_to_a_contact_manager(odoo, catcher, people):
    text = PAGE.read_text(encoding="utf-8")
    assert WHERE in text
    values = ", ".join(f'"{value}"' for value in (odoo.url, odoo.database.name, PEOPLE["mona"].login, PASSWORD))
    where = f"URL, DATABASE, LOGIN, PASSWORD = {values}\n"
    blocks = BLOCK.findall(text.replace(WHERE, where))
    assert len([kind for kind, _code in blocks if kind == "text"]) >= 7
    checker, namespace, said = doctest.OutputChecker(), {}, ""
    for kind, content in blocks:
        if kind == "text":
            assert checker.check_output(content, said, doctest.ELLIPSIS), f"{content}\nis really:\n{said}"
            said = ""
            continue
        assert not said, f"The page does not say that this is printed:\n{said}"
        with contextlib.redirect_stdout(io.StringIO()) as output:
            exec(compile(content, str(PAGE), "exec"), namespace)
        said = output.getvalue()
    assert not said
