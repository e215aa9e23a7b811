import re
import unittest
from pathlib import Path

import polib
from lxml import html

from odoo import http
from odoo.modules import get_module_path
from odoo.tests.common import HOST

LANGUAGES = ("de_DE", "fr_FR", "it_IT", "nl_NL")  # beside English
SHORTEST = 12  # shorter terms are in other languages, too, or inside their words
ATTRIBUTES = ("alt", "aria-label", "placeholder", "title")
MARKUP = re.compile(r"<[^>]+>|%\(\w+\)s|%[sd]|\{\{.*?\}\}")


class LanguageCase:
    """For tests of what customers read, in each language that we translate to."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if set(LANGUAGES) - {code for code, _name in cls.env["res.lang"].get_installed()}:
            raise unittest.SkipTest("The languages are not all installed; ./dev test has them")

    def check_pages(self, partner, addon, *paths, data=None, least=1):
        """Assert that pages are in the language of a contact who is signed in, in each language.

        :param dict data: what is posted to them
        """
        for language in LANGUAGES:
            partner.lang = language
            self.opener.cookies.set("frontend_lang", language, domain=HOST)
            for path in paths:
                with self.subTest(language=language, path=path):
                    values = data and {"csrf_token": http.Request.csrf_token(self), **data}
                    page = self.url_open(path, data=values)
                    self.assertEqual(page.status_code, 200)
                    self.assertIn(f'lang="{language.replace("_", "-")}"', page.text)
                    self.assert_translated(page.text, addon, language, least)

    def assert_translated(self, text, addon, language, least=1):
        """Assert that a text has no English of an addon left, and that its translation is there.

        :param str text: HTML
        :param str addon: whose terms are looked for
        :param int least: how many translated terms there are at least
        """
        text = self._read(text)
        english, translated = [], 0
        for source, translation in self._get_terms(addon, language):
            if source in text:
                english.append(source)
            translated += translation in text
        self.assertFalse(english, f"English is left in {language}: {text}")
        self.assertGreaterEqual(translated, least, f"Hardly anything of {addon} is in {language}: {text}")

    def _get_terms(self, addon, language):
        """:return list: pairs of the longest part without markup of a term, and of its translation"""
        path = Path(get_module_path(addon), "i18n", f"{language.partition('_')[0]}.po")
        terms = [(self._longest(entry.msgid), self._longest(entry.msgstr)) for entry in polib.pofile(str(path))]
        sources = {source for source, _translation in terms}
        # Not what is the same in both, or a part of another term's translation.
        return [
            pair for pair in terms if min(map(len, pair)) >= SHORTEST and pair[0] != pair[1] and pair[1] not in sources
        ]

    @staticmethod
    def _read(text):
        """:return str: what people see of HTML, or hear"""
        root = html.fromstring(f"<div>{text}</div>" if "<body" not in text else text.encode())
        for script in root.xpath("//script | //style | //noscript"):
            script.drop_tree()
        said = [value for name in ATTRIBUTES for value in root.xpath(f"//@{name}")]
        return " ".join(" ".join([*root.itertext(), *said]).split())

    @staticmethod
    def _longest(term):
        return max((" ".join(part.split()) for part in MARKUP.split(term)), key=len)
