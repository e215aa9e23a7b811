"""What a browser sends as a number may be anything."""

import re
import unicodedata

ID_MAX = 2**31 - 1
# For addresses that take numbers. Not `int` in the route: it fails on thousands of digits.
NUMBER = re.compile(r"-?[0-9]+")
# The longest amount that somebody types.
AMOUNT_LENGTH = 20


def as_id(value):
    """:return int: the id that a text from a browser is, or 0: what no record has"""
    # Python reads digits of all scripts, fails on some, and on more than 4300 of them.
    is_id = isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= len(str(ID_MAX))
    return int(value) if is_id and int(value) <= ID_MAX else 0


def as_page(value):
    """:return int: the number of a page that a text from a browser is, or 1; a pager shows its last for a great one"""
    digits = value.lstrip("0") if isinstance(value, str) and value.isascii() and value.isdecimal() else ""
    return as_id(digits) or (ID_MAX if digits else 1)


def as_amount(value, lang, symbol=""):
    """Read an amount as somebody types it in their language, or with the other decimal sign where that is clear.

    :param value: a text from a browser: "25", "1,250.50", "1.250,50 €"
    :param lang: the record of the language
    :param str symbol: what the currency is written with
    :return float: the amount, positive or 0; or None if it is none or may be read in two ways
    """
    if not isinstance(value, str) or len(value) > AMOUNT_LENGTH:
        return None
    text = value.replace(symbol or "", "")
    text = "".join(sign for sign in text if unicodedata.category(sign) != "Sc").strip()
    group, point = re.escape((lang.thousands_sep or "").strip() or " "), re.escape(lang.decimal_point)
    # No group starts with 0: 0.500 in German is half of one to whoever typed it.
    match = re.fullmatch(rf"([0-9]+|[1-9][0-9]{{0,2}}(?:(?:{group}|\s)[0-9]{{3}})+)(?:{point}([0-9]*))?", text)
    # A group has three digits.
    match = match or re.fullmatch(r"([0-9]+)[.,]([0-9]{1,2})", text)
    return float(f"{re.sub('[^0-9]', '', match[1])}.{match[2] or 0}") if match else None
