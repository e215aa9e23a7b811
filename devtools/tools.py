"""The small commands: odoo-bin, Python and Odoo's shell in the environment, and databases."""

from .console import Problem, result, say
from .context import Context
from .databases import Databases
from .processes import run_in_foreground


def odoo(options) -> int:
    """Run odoo-bin with the given arguments."""
    context = Context()
    return run_in_foreground(context.odoo_command(*options.arguments), env=context.environ())


def python(options) -> int:
    """Run the environment's Python with the given arguments, Odoo importable and the database server up."""
    context = Context()
    return run_in_foreground([context.python, *options.arguments], env=context.environ())


def shell(options) -> int:
    """Open Odoo's shell."""
    context = Context()
    databases = Databases(context)
    name = options.database or databases.demo_name
    if not databases.exists(name):
        raise Problem(f"There is no database {name}.", "see ./dev db list; ./dev demo makes the demo's.")
    return run_in_foreground(context.odoo_command("shell", "-d", name, "--no-http"), env=context.environ())


def setup(_options) -> int:
    """Make the environment, the server and the stock databases."""
    databases = Databases(Context())
    for base in ("alone", "full", "demo"):
        databases.base(base)
    say("Everything is there.")
    return 0


def database(options) -> int:
    """List, create or drop databases."""
    databases = Databases(Context())
    if options.action == "list":
        for name, size in databases.sizes():
            result(f"{size:>8}  {name}")
        return 0
    if options.action == "clean":
        for name in databases.names("pae_"):
            databases.drop(name)
            say(f"dropped {name}")
        return 0
    if not options.name:
        raise Problem(f"./dev db {options.action} needs the name of a database.")
    if options.action == "drop":
        databases.drop(options.name)
    elif databases.exists(options.name):
        raise Problem(f"The database {options.name} is already there.", f"./dev db drop {options.name}")
    else:
        template = databases.base(options.base) if options.stock else databases.template(options.base)
        databases.copy(template, options.name)
        say(f"The database {options.name} is a copy of {template}.")
    return 0
