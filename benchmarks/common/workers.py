"""The side of the benchmark program: copies of the template databases, and the workers on them."""

import contextlib
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from devtools.context import Context
from devtools.databases import Databases
from devtools.processes import stop_on_signals
from devtools.settings import LOGS

TEMPLATES = {"stock": "PAE_STOCK_DB_TEMPLATE", "ours": "PAE_DB_TEMPLATE"}


class WorkerError(Exception):
    """A task failed in a worker. The message is the traceback from there."""


class Worker:
    """A process that has one database open and runs one task after the other.

    :param program: the file with the tasks; it ends in a call of :func:`common.serving.serve`
    :param database: the database's name
    :param settings: what the tasks have to know; they find it in `bench.settings`
    """

    def __init__(self, program: Path, database: str, **settings):
        LOGS.mkdir(parents=True, exist_ok=True)
        self.log = LOGS / f"bench-{database}.log"
        with self.log.open("w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [os.environ["PAE_PYTHON"], program, database, json.dumps(settings)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={**os.environ, "PYTHONPATH": str(Path(os.environ["PAE_ODOO_BIN"]).parent)},
            )

    def start(self, task: str, **arguments) -> None:
        """Begin a task; :meth:`result` waits for it."""
        self.process.stdin.write(json.dumps({"task": task, "arguments": arguments}) + "\n")
        self.process.stdin.flush()

    def result(self):
        """Return what the task returned.

        :raise WorkerError: when it failed, or the process ended
        """
        line = self.process.stdout.readline()
        if not line:
            raise WorkerError(f"The worker ended. Its log is {self.log}.")
        answer = json.loads(line)
        if "error" in answer:
            raise WorkerError(f"{answer['error']}\nThe worker's log is {self.log}.")
        return answer["result"]

    def run(self, task: str, **arguments):
        """Run a task and return what it returned."""
        self.start(task, **arguments)
        return self.result()

    def close(self) -> None:
        """End the process, and its log with it when there is nothing in it."""
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        if not self.log.stat().st_size:
            self.log.unlink()


class Workbench:
    """Copies of databases and workers on them, all gone when the program ends, however it ends."""

    def __init__(self, program: Path, **settings):
        self.program = program
        self.settings = settings
        self.databases = Databases(Context())
        self._stack = contextlib.ExitStack()

    def __enter__(self):
        stop_on_signals()
        return self

    def __exit__(self, *exception):
        return self._stack.__exit__(*exception)

    def templates(self, base: str = "alone") -> dict[str, str]:
        """Return the name of the template database of each variant.

        :param base: with which stock modules; all but "alone" may have to be made, which takes a while
        """
        if base == "alone":
            return {variant: os.environ[name] for variant, name in TEMPLATES.items()}
        return {"stock": self.databases.base(base), "ours": self.databases.template(base)}

    def copies(self, sources: dict[str, str]) -> dict[str, str]:
        """Copy one database for each variant, to keep until the program ends."""
        return {
            variant: self._stack.enter_context(self.databases.throwaway(source)) for variant, source in sources.items()
        }

    @contextlib.contextmanager
    def workers(self, databases: dict[str, str]) -> Iterator[dict[str, Worker]]:
        """Give a worker for each variant, on a database that no one else uses."""
        with contextlib.ExitStack() as stack:
            workers = {}
            for variant, database in databases.items():
                workers[variant] = Worker(self.program, database, variant=variant, **self.settings)
                stack.callback(workers[variant].close)
            yield workers

    @contextlib.contextmanager
    def round(self, sources: dict[str, str]) -> Iterator[dict[str, Worker]]:
        """Give a worker for each variant, on a fresh copy that is dropped afterwards."""
        with contextlib.ExitStack() as stack:
            copies = {
                variant: stack.enter_context(self.databases.throwaway(source)) for variant, source in sources.items()
            }
            yield stack.enter_context(self.workers(copies))
