"""The command line: what ./dev understands, and which module does it."""

import argparse
import importlib
import os
import sys
from pathlib import Path

from . import environment
from .console import Problem, say
from .processes import stop_on_signals
from .settings import ROOT

DESCRIPTION = """\
Develop, test and try the portal access addon on a real Odoo 17.0.

The first run clones Odoo, makes a virtual environment and a database server in a cache folder
($XDG_CACHE_HOME or ~/.cache), and takes minutes. Later runs reuse them and start in seconds.
"""
EPILOG = """\
examples:
  ./dev demo                                    try it in a browser
  ./dev test                                    run all tests
  ./dev test portal_access_ext/tests/test_x.py  run one file
  ./dev test test_x.py::TestX::test_y           run one test
  ./dev COMMAND --help                          all options of a command

environment variables:
  ODOO_SOURCE       a checkout of Odoo 17.0 to use instead of cloning one
  PGHOST, PGPORT... a PostgreSQL server to use instead of the embedded one
  XDG_CACHE_HOME    where the cache is
"""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser. Each command names the module and function that carry it out."""
    parser = argparse.ArgumentParser(
        prog="./dev", description=DESCRIPTION, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command", required=True)

    demo = commands.add_parser("demo", help="Odoo with demo data, our addons and a mail catcher, in your browser")
    demo.add_argument("--port", type=int, default=8069, help="Odoo's port (%(default)s)")
    demo.add_argument("--mail-port", type=int, default=8025, help="port of the page of caught mail (%(default)s)")
    demo.add_argument("--smtp-port", type=int, default=2525, help="port of the mail catcher (%(default)s)")
    demo.add_argument("--fresh", action="store_true", help="start again with a new demo database")
    demo.set_defaults(run="demo:run")

    test = commands.add_parser("test", help="all tests, or the named ones")
    test.add_argument("names", nargs="*", metavar="PATH[::NAME]", help="test files or tests; with --stock: modules")
    test.add_argument("--stock", action="store_true", help="Odoo's own tests, with our addons and without")
    test.add_argument("-k", dest="keyword", metavar="EXPRESSION", help="only the tests whose names match")
    test.add_argument("--base", default="full", choices=["alone", "full", "demo"], help="database for named tests")
    test.add_argument("--oca", action="store_true", help="with the OCA module of the compatibility tests installed")
    test.set_defaults(run="testing:run")

    lint = commands.add_parser("lint", help="check the style of everything")
    lint.add_argument("paths", nargs="*", metavar="FOLDER", help="addons or other folders; everything by default")
    lint.add_argument("--fix", action="store_true", help="correct what can be corrected, in those folders")
    lint.set_defaults(run="lint:run")

    i18n = commands.add_parser("i18n", help="update the texts and translations of the addons, and check them")
    i18n.add_argument("--check", action="store_true", help="only check: write nothing")
    i18n.set_defaults(run="i18n:run")

    bench = commands.add_parser("bench", help="measure against stock Odoo")
    bench.add_argument("name", nargs="?", help="which benchmark; without a name they are listed")
    bench.add_argument("arguments", nargs=argparse.REMAINDER, help="options of the benchmark")
    bench.set_defaults(run="bench:run")

    shell = commands.add_parser("shell", help="Odoo's shell, on the demo database or another")
    shell.add_argument("database", nargs="?", help="a database of ./dev db list (default: the demo's)")
    shell.set_defaults(run="tools:shell")

    odoo = commands.add_parser("odoo", help="odoo-bin in the environment: ./dev odoo -- -d NAME ...")
    odoo.add_argument("arguments", nargs=argparse.REMAINDER)
    odoo.set_defaults(run="tools:odoo")

    python = commands.add_parser("python", help="the environment's Python: ./dev python -- FILE ...")
    python.add_argument("arguments", nargs=argparse.REMAINDER)
    python.set_defaults(run="tools:python")

    database = commands.add_parser("db", help="list, create or drop databases")
    database.add_argument("action", choices=["list", "create", "drop", "clean"])
    database.add_argument("name", nargs="?")
    database.add_argument("--base", default="full", choices=["alone", "full", "demo"], help="which stock modules")
    database.add_argument("--stock", action="store_true", help="without our addons")
    database.set_defaults(run="tools:database")

    build = commands.add_parser("build", help="build the addons' wheels into dist/")
    build.set_defaults(run="build:run")

    shots = commands.add_parser("shots", help="the pictures of the guide, from the running product")
    shots.add_argument("names", nargs="*", metavar="NAME", help="pictures; all by default")
    shots.add_argument(
        "--lang", action="append", default=[], metavar="LANG", help="en, de, fr, it or nl; all by default"
    )
    shots.add_argument("--force", action="store_true", help="write also pictures that show the same as before")
    shots.add_argument("--list", action="store_true", help="name the pictures")
    shots.set_defaults(run="shots:run")

    setup = commands.add_parser("setup", help="only make what the other commands need")
    setup.set_defaults(run="tools:setup")
    return parser


def main(arguments: list[str]) -> int:
    """Parse the command line and run the command inside the virtual environment."""
    options = build_parser().parse_args(arguments)
    if getattr(options, "arguments", None) and options.arguments[0] == "--":
        options.arguments = options.arguments[1:]
    stop_on_signals()
    try:
        python = environment.ensure_environment(environment.ensure_odoo())
        if Path(sys.prefix).resolve() != python.parent.parent.resolve():
            os.execv(python, [str(python), str(ROOT / "dev"), *arguments])
        module, function = options.run.split(":")
        return getattr(importlib.import_module(f"devtools.{module}"), function)(options) or 0
    except Problem as problem:
        say(f"\n./dev: {problem}")
        return 2
    except KeyboardInterrupt:
        say("\n./dev: stopped.")
        return 130
