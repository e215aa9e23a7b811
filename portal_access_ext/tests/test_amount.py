from types import SimpleNamespace

from odoo.tests import BaseCase, tagged

from ..models.portal_access_cast import as_amount

ENGLISH = SimpleNamespace(decimal_point=".", thousands_sep=",")
GERMAN = SimpleNamespace(decimal_point=",", thousands_sep=".")
FRENCH = SimpleNamespace(decimal_point=",", thousands_sep="\u202f")
SWISS = SimpleNamespace(decimal_point=".", thousands_sep="'")


@tagged("post_install", "-at_install")
class TestAmount(BaseCase):
    """What customers type where an amount is asked for."""

    def check(self, lang, **expected):
        for text, amount in expected.items():
            with self.subTest(text=text):
                self.assertEqual(as_amount(text, lang, "kr"), amount)

    def test_an_amount_is_read_as_it_is_written_in_the_customer_s_language(self):
        self.check(ENGLISH, **{"25": 25, "1,250.50": 1250.5, "1,000": 1000, "$ 7.": 7, " 0.5 ": 0.5, "12 kr": 12})
        self.check(GERMAN, **{"1.250,50 €": 1250.5, "1.000": 1000, "12,345": 12.345, "1.234.567,8": 1234567.8})
        self.check(FRENCH, **{"1\u202f250,50\xa0€": 1250.5, "1 250": 1250})
        self.check(SWISS, **{"1'250.50": 1250.5})

    def test_the_other_decimal_sign_is_read_where_it_can_be_nothing_else(self):
        self.check(ENGLISH, **{"10,50": 10.5, "10,5": 10.5})
        self.check(GERMAN, **{"10.50": 10.5})
        self.check(GERMAN, **{"0.500": None})

    def test_what_is_no_amount_is_none(self):
        texts = (
            "",
            " ",
            "-5",
            "−5",
            "+5",
            "1e3",
            "NaN",
            "inf",
            "1½",
            "٣",
            "0x10",
            "1.2.3",
            "1,25,000",
            "5 6",
            "5 6x",
            "kr",
        )
        for text in (*texts, "9" * 21, 5, True, None, ["5"]):
            with self.subTest(text=text):
                self.assertIsNone(as_amount(text, ENGLISH, "kr"))
