"""./dev shots: the pictures of the guide, taken of the running product.

A picture is kept as it is while what it shows is the same but for days and numbers, so that a run changes only what
has changed.
"""

import contextlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

from ..console import Problem, say, step
from ..context import Context
from ..databases import OCA_APPS, Databases
from ..settings import LOGS, ROOT
from ..testing import free_port
from . import addons, administrator, customer
from .camera import Album, Camera

DATA = ROOT / "devtools" / "shots" / "data.py"
ENGLISH = "en"
IN_ENGLISH = (*administrator.SCENES, *addons.SCENES)


def wanted(languages: list[str], names: list[str]) -> list[tuple]:
    """Return the scenes to be played, each with its language.

    :raise Problem: when a language or a picture is not known
    """
    if unknown := set(languages) - set(customer.LANGUAGES):
        raise Problem(f"No pictures are made in {', '.join(sorted(unknown))}: {', '.join(customer.LANGUAGES)}.")
    scenes = [*customer.SCENES, *IN_ENGLISH]
    if unknown := set(names) - {name for scene in scenes for name in scene.names}:
        raise Problem(f"There is no picture {', '.join(sorted(unknown))}.", "./dev shots --list names them.")
    found = []
    for lang in languages or customer.LANGUAGES:
        of_language = scenes if lang == ENGLISH else customer.SCENES
        found += [(lang, scene) for scene in of_language if not names or set(names) & set(scene.names)]
    return found


def run(options) -> int:
    """Carry out ./dev shots."""
    if options.list:
        for scene in (*customer.SCENES, *IN_ENGLISH):
            say("\n".join(scene.names))
        return 0
    scenes = wanted(options.lang, options.names)
    context = Context()
    databases = Databases(context)
    template = databases.template("demo", OCA_APPS)
    with databases.throwaway(template) as name:
        with step("making the customers of the pictures"):
            known = prepare(context, name)
        log = LOGS / "shots-odoo.log"
        with serving(context, name, log) as url:
            album = Album(ROOT, options.names, options.force)
            for lang, scene in scenes:
                with step(f"[{lang}] {', '.join(scene.names)}"):
                    scene.play(Camera(url, lang, album), known, lang)
    say(f"\n{album}")
    return 0


@contextlib.contextmanager
def serving(context: Context, name: str, log: Path) -> Iterator[str]:
    """Run Odoo without its crons, so that no mail leaves; give its address."""
    from live_tests import server  # only in the environment

    port = free_port()
    with contextlib.closing(server.Database(name, context)) as database:
        server.prepare(database, f"http://127.0.0.1:{port}", 9)
        # Odoo's own only plays, and says so beside each method; here it stands for a real one.
        database.execute("UPDATE payment_provider SET state = 'enabled' WHERE code = 'demo'")
    with server.process(context, name, log, port, "--max-cron-threads", "0", "--no-database-list") as url:
        yield url


def prepare(context: Context, name: str) -> dict:
    """Make the data in a database, and return what the pictures need to know of it.

    :raise Problem: with the end of its output, when that fails
    """
    answer = subprocess.run(
        [context.python, DATA, name], env=context.environ(), capture_output=True, text=True, check=False
    )
    if answer.returncode:
        raise Problem(f"Making the data of the pictures failed:\n{answer.stderr[-3000:]}")
    return json.loads(answer.stdout.splitlines()[-1])
