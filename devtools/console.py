"""Talking to the person at the keyboard: steps with their duration, and problems that say what to do."""

import contextlib
import itertools
import sys
import threading
import time

_lock = threading.Lock()
HEARTBEAT = (10, 20, 30, 60)  # seconds between the signs of life of a long step; the last one repeats


class Problem(Exception):
    """Something the person can put right. The message says what is wrong, `hint` what to do."""

    def __init__(self, message: str, hint: str = ""):
        super().__init__(message)
        self.hint = hint

    def __str__(self):
        message = super().__str__()
        return f"{message}\n  What to do: {self.hint}" if self.hint else message


def say(text: str = "") -> None:
    """Print one line at once, whole, whatever other threads print. Never on stdout's way when stdout is data."""
    with _lock:
        print(text, file=sys.stderr, flush=True)


def result(text: str) -> None:
    """Print a line that is the answer of the command, on stdout."""
    with _lock:
        print(text, flush=True)


def duration(seconds: float) -> str:
    """Write seconds the way people say them."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds // 60:.0f} min {seconds % 60:.0f} s"


class Step:
    """A running step. `detail` is what its heartbeat shows."""

    def __init__(self, title: str):
        self.title = title
        self.detail = ""
        self.started = time.monotonic()

    def elapsed(self) -> str:
        """Tell how long the step has been running."""
        return duration(time.monotonic() - self.started)


@contextlib.contextmanager
def step(title: str):
    """Announce a step, show that it is alive while it runs, and say how long it took."""
    current = Step(title)
    finished = threading.Event()

    def beat():
        pauses = itertools.chain(HEARTBEAT, itertools.repeat(HEARTBEAT[-1]))
        while not finished.wait(next(pauses)):
            say(f"   ... {title}: {current.elapsed()}{', ' + current.detail if current.detail else ''}")

    say(f"-> {title}")
    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield current
    except BaseException:
        say(f"   stopped after {current.elapsed()}: {title}")
        raise
    else:
        say(f"   {title}: done in {current.elapsed()}")
    finally:
        finished.set()
        thread.join()
