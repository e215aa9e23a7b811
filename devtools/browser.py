"""A browser for the tours: the one on PATH, or one that the system's package manager has."""

import os
import shutil

from .console import Problem
from .environment import apt_install
from .processes import lock

# Those that Odoo's tests look for, too.
NAMES = ("google-chrome", "chromium", "chromium-browser", "google-chrome-stable")


def find() -> str | None:
    """Return the path of a browser on PATH, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def ensure() -> str:
    """Return the path of a browser, installed when that is possible.

    :raise Problem: when there is none and it cannot be installed from here
    """
    browser = find()
    if browser:
        return browser
    hint = "install Chromium or Google Chrome (Debian: apt-get install chromium) and run it again."
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise Problem("The browser tests need Chromium or Google Chrome, and there is none on PATH.", hint)
    with lock("browser"):
        if not find():
            try:
                apt_install("chromium")
            except Problem as problem:
                raise Problem(f"There is no browser for the tests, and it could not be installed: {problem}") from None
    browser = find()
    if not browser:
        raise Problem("The package chromium is installed, but no browser is on PATH.", hint)
    return browser
