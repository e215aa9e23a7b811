"""A real SMTP server on loopback that keeps what it is sent, and can be told to misbehave.

`with MailCatcher() as catcher:` starts it; mail goes to `catcher.host` and `catcher.port`, and
`catcher.wait_for(lambda message: "ann@example.com" in message["To"])` waits for a message.
"""

import asyncio
import contextlib
import email.policy
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP

STAGES = ("MAIL", "RCPT", "DATA")


@dataclass(frozen=True)
class Caught:
    """One accepted message, with the addresses of its envelope."""

    number: int
    message: EmailMessage
    sender: str
    recipients: tuple[str, ...]
    time: float = field(default_factory=time.time)


@dataclass(frozen=True)
class _Refusal:
    answer: str
    stage: str
    concerns: Callable[[str], bool]


class MailCatcher:
    """An SMTP server in a thread of its own. All methods may be called from any thread.

    :param port: 0 takes a free one; `port` then tells which
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 0):
        self.host = host
        self.port = port
        self.delay = 0.0  # seconds before each message is accepted: a slow server
        self.attempts = 0  # transactions begun, accepted or not
        self._caught: list[Caught] = []
        self._changed = threading.Condition()
        self._refusal: _Refusal | None = None
        self._server: asyncio.Server | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="mail catcher", daemon=True)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_exception):
        self.stop()

    # === The server === #

    def start(self) -> "MailCatcher":
        """Listen from now on.

        :raise OSError: when the port is taken
        """
        listening = self._listen()
        self._thread.start()
        self._run(self._serve(listening))
        return self

    def stop(self) -> None:
        """Close the server for good. What was caught can still be read."""
        self.go_down()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def go_down(self) -> None:
        """Refuse connections, as a server that is down does."""
        if self._server is not None:
            self._run(self._close())

    def come_back(self) -> None:
        """Listen again, on the same port."""
        if self._server is None:
            self._run(self._serve(self._listen()))

    def _listen(self) -> socket.socket:
        listening = socket.create_server((self.host, self.port), backlog=128)
        self.port = listening.getsockname()[1]
        return listening

    def _run(self, coroutine) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    async def _serve(self, listening: socket.socket) -> None:
        self._server = await self._loop.create_server(self._protocol, sock=listening)

    def _protocol(self) -> SMTP:
        return SMTP(self, hostname="localhost", enable_SMTPUTF8=True, data_size_limit=None, loop=self._loop)

    async def _close(self) -> None:
        self._server.close()
        self._server = None
        current = asyncio.current_task()
        connections = [task for task in asyncio.all_tasks() if task is not current]
        for task in connections:
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)

    # === Misbehaving === #

    def refuse(self, answer: str, stage: str = "RCPT", concerns: Callable[[str], bool] | None = None) -> None:
        """Answer with an error from now on, for example "451 try later" or "550 no such user".

        :param stage: the command that gets this answer: MAIL, RCPT or DATA
        :param concerns: tells, for an address (DATA: the first recipient), whether to refuse; all by default
        """
        if stage not in STAGES:
            raise ValueError(f"{stage} is none of {', '.join(STAGES)}")
        self._refusal = _Refusal(answer, stage, concerns or (lambda address: True))

    def accept(self) -> None:
        """Accept everything again, at once."""
        self._refusal = None
        self.delay = 0.0

    def _answer(self, stage: str, address: str) -> str | None:
        refusal = self._refusal
        if refusal and refusal.stage == stage and refusal.concerns(address):
            return refusal.answer
        return None

    # === What aiosmtpd calls === #

    async def handle_MAIL(self, _server, _session, envelope, address, mail_options):
        """Begin a message."""
        self.attempts += 1
        if answer := self._answer("MAIL", address):
            return answer
        envelope.mail_from = address
        envelope.mail_options.extend(mail_options)
        return "250 OK"

    async def handle_RCPT(self, _server, _session, envelope, address, rcpt_options):
        """Take a recipient."""
        if answer := self._answer("RCPT", address):
            return answer
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(rcpt_options)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope):
        """Take the message itself."""
        if answer := self._answer("DATA", envelope.rcpt_tos[0]):
            return answer
        if self.delay:
            await asyncio.sleep(self.delay)
        message = message_from_bytes(envelope.content, policy=email.policy.default)
        with self._changed:
            number = self._caught[-1].number + 1 if self._caught else 1
            self._caught.append(Caught(number, message, envelope.mail_from, tuple(envelope.rcpt_tos)))
            self._changed.notify_all()
        return "250 OK, caught"

    # === What was caught === #

    @property
    def caught(self) -> list[Caught]:
        """The accepted messages with their envelopes, oldest first."""
        with self._changed:
            return list(self._caught)

    @property
    def messages(self) -> list[EmailMessage]:
        """The accepted messages, oldest first."""
        return [caught.message for caught in self.caught]

    def clear(self) -> None:
        """Forget what was caught."""
        with self._changed:
            self._caught.clear()

    def wait_for(self, predicate: Callable[[EmailMessage], bool], timeout: float = 10) -> EmailMessage:
        """Return the first message for which the predicate holds, waiting for it if need be.

        :raise TimeoutError: when none came in time; the message lists what came instead
        """
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                for caught in self._caught:
                    if predicate(caught.message):
                        return caught.message
                if not self._changed.wait(max(0.0, deadline - time.monotonic())):
                    break
            came = ", ".join(f"{c.message['To']}: {c.message['Subject']}" for c in self._caught) or "none"
        raise TimeoutError(f"No such message within {timeout} seconds. Messages that came: {came}")

    def wait_for_count(self, count: int, timeout: float = 10) -> list[EmailMessage]:
        """Return all messages as soon as there are at least `count`.

        :raise TimeoutError: when there were fewer within `timeout` seconds
        """
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._caught) >= count, timeout):
                raise TimeoutError(f"{len(self._caught)} of {count} messages came within {timeout} seconds.")
        return self.messages


def body(message: EmailMessage, kind: str = "html") -> str:
    """Return the text of a message's part, `html` or `plain`; empty when there is none."""
    part = message.get_body(preferencelist=(kind,))
    if part is None:
        return ""
    with contextlib.suppress(LookupError):  # a charset that Python does not know
        return part.get_content()
    return part.get_payload(decode=True).decode("utf-8", "replace")
