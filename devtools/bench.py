"""./dev bench: run a program of benchmarks/ in the environment."""

import ast

from .console import Problem, result
from .context import Context
from .databases import Databases
from .processes import run_in_foreground
from .settings import ROOT
from .testing import live_environment

FOLDER = ROOT / "benchmarks"


def run(options) -> int:
    """List the benchmarks, or run the named one with its own arguments.

    :raise Problem: when there is no such benchmark
    """
    programs = {path.stem: path for path in sorted(FOLDER.glob("[!_]*.py"))}
    if not options.name:
        for name, path in programs.items():
            docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
            result(f"{name:<16} {docstring.partition(chr(10))[0]}")
        if not programs:
            result("There are no benchmarks yet.")
        return 0
    if options.name not in programs:
        raise Problem(f"There is no benchmark {options.name}.", f"choose from: {', '.join(programs) or 'none yet'}.")
    context = Context()
    databases = Databases(context)
    databases.sweep()
    env = live_environment(context, databases)
    code = run_in_foreground([context.python, programs[options.name], *options.arguments], env=env)
    return code if code >= 0 else 128 - code
