"""Running other programs so that none of them is left behind, and locks between checkouts."""

import contextlib
import fcntl
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from .console import Problem, say
from .settings import CACHE


def stop_on_signals() -> None:
    """Make a polite kill or a closed terminal end the program like Ctrl-C does: cleaning up."""

    def interrupt(signum, _frame):
        raise KeyboardInterrupt(signal.Signals(signum).name)

    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGHUP, interrupt)


_running: set["Child"] = set()
_stopping = threading.Event()


def stop_everything() -> None:
    """End all programs that threads have started, and let them start no more."""
    _stopping.set()
    for child in list(_running):
        child.stop()


class Child:
    """A program in a process group of its own, which is ended as a whole when the `with` block ends.

    :param stop_signal: how it is asked to end; pytest tidies up after SIGINT only
    """

    def __init__(
        self,
        command: Sequence,
        *,
        cwd: Path | None = None,
        env: dict | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
        **popen,
    ):
        self.command = [str(part) for part in command]
        self.stop_signal = stop_signal
        if _stopping.is_set():
            raise KeyboardInterrupt
        self.process = subprocess.Popen(self.command, cwd=cwd, env=env, start_new_session=True, **popen)
        _running.add(self)

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        self.stop()

    def stop(self, patience: float = 15) -> None:
        """End the whole group: ask first, then insist."""
        if self.process.poll() is None:
            self._signal(self.stop_signal)
            try:
                self.process.wait(patience)
            except subprocess.TimeoutExpired:
                self._signal(signal.SIGKILL)
                self.process.wait()
        self._signal(signal.SIGKILL)  # grandchildren that outlived their parent
        _running.discard(self)

    def _signal(self, signum: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signum)


def run_logged(
    command: Sequence,
    log: Path,
    *,
    env: dict | None = None,
    cwd: Path | None = None,
    on_line: Callable[[str], None] | None = None,
    append: bool = False,
    stop_signal: signal.Signals = signal.SIGTERM,
) -> int:
    """Run a program with its whole output in `log`.

    :param on_line: called with each line as it comes, to show progress
    :return: the exit code
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with (
        log.open("a" if append else "w", encoding="utf-8") as target,
        Child(
            command,
            cwd=cwd,
            env=env,
            stop_signal=stop_signal,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as child,
    ):
        for line in child.process.stdout:
            target.write(line)
            target.flush()
            if on_line:
                on_line(line.rstrip())
        return child.process.wait()


def run_in_foreground(command: Sequence, *, env: dict | None = None, cwd: Path | None = None) -> int:
    """Run a program that has the terminal: Ctrl-C reaches it too, and it decides what to do.

    :return: the exit code
    """
    with subprocess.Popen([str(part) for part in command], env=env, cwd=cwd) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt as interrupt:
                if str(interrupt):  # a signal that only we have got, see stop_on_signals
                    process.send_signal(signal.SIGINT)


def tail(log: Path, lines: int = 25) -> str:
    """Return the end of a log, indented for printing."""
    content = log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]
    return "\n".join(f"   | {line}" for line in content)


def run_or_explain(command: Sequence, log: Path, what: str, hint: str = "", **options) -> None:
    """Run a program; when it fails raise a Problem with the end of its output.

    :raise Problem: when the program cannot be started or ends with an error
    """
    try:
        code = run_logged(command, log, **options)
    except FileNotFoundError as error:
        raise Problem(f"{what} failed: the program {error.filename} is not installed.", hint) from error
    if code:
        raise Problem(f"{what} failed (exit code {code}). The end of {log}:\n{tail(log)}", hint)


@contextlib.contextmanager
def lock(name: str, busy: str = "") -> Iterator[None]:
    """Hold a lock that all checkouts of this machine share. Says so when it has to wait.

    :param busy: what to say instead of waiting
    :raise Problem: with that, when someone else holds the lock
    """
    path = CACHE / "locks" / f"{name}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if busy:
                raise Problem(busy) from None
            say(f"-> waiting for another ./dev, which is making the same thing ({name})")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def wait_until(condition: Callable[[], bool], timeout: float, interval: float = 0.1) -> bool:
    """Return True as soon as the condition holds, False when it did not within `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(interval)
    return False
