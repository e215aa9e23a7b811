"""wkhtmltopdf, by which Odoo makes PDFs: the one on PATH, or one that the system's package manager has."""

import os
import shutil

from .console import Problem, say
from .environment import apt_install
from .processes import lock

NAME = "wkhtmltopdf"


def ensure() -> bool:
    """Install it when it is not there and that is possible; say so when it is not. Odoo works without it.

    :return: whether there is one; tests that need it are skipped without it
    """
    if shutil.which(NAME):
        return True
    reason = "this user can't install it"
    if os.geteuid() == 0 and shutil.which("apt-get"):
        with lock(NAME):
            try:
                if not shutil.which(NAME):
                    apt_install(NAME)
            except Problem as problem:
                reason = str(problem).partition("\n")[0]
    if shutil.which(NAME):
        return True
    say(f"   no PDFs: there is no {NAME} on PATH ({reason}); tests that need it are skipped")
    return False
