"""What a browser sends as a number may be anything."""

import re

ID_MAX = 2**31 - 1
# For addresses that take numbers. Not `int` in the route: it fails on thousands of digits.
NUMBER = re.compile(r"-?[0-9]+")


def as_id(value):
    """:return int: the id that a text from a browser is, or 0: what no record has"""
    # Python reads digits of all scripts, fails on some, and on more than 4300 of them.
    is_id = isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= len(str(ID_MAX))
    return int(value) if is_id and int(value) <= ID_MAX else 0


def as_page(value):
    """:return int: the number of a page that a text from a browser is, or 1; a pager shows its last for a great one"""
    digits = value.lstrip("0") if isinstance(value, str) and value.isascii() and value.isdecimal() else ""
    return as_id(digits) or (ID_MAX if digits else 1)
