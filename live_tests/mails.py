"""The mails that Odoo sent, as their readers see them."""

import asyncio
import contextlib
from collections.abc import Iterator
from email.message import EmailMessage
from email.utils import parseaddr

from lxml import html

from devtools.mail_catcher import MailCatcher, body

from .server import wait_until


class Catcher(MailCatcher):
    """The mail catcher, which can also hang up in mid-conversation."""

    def __init__(self):
        super().__init__()
        self.hangs_up = False
        self._held: set[str] = set()
        self._waiting: set[str] = set()

    def accept(self) -> None:
        """Behave again, in every way."""
        super().accept()
        self.hangs_up = False
        self._held.clear()

    @contextlib.contextmanager
    def holding(self, address: str) -> Iterator[None]:
        """Let whoever sends to an address wait for the answer until the end of the `with`."""
        self._held.add(address)
        try:
            yield
        finally:
            self._held.discard(address)

    def wait_until_held(self, address: str) -> None:
        """Wait until somebody has sent a message to an address and waits for the answer."""
        wait_until(lambda: address in self._waiting, f"a message to {address} is on its way")

    async def handle_DATA(self, server, session, envelope):
        """Take the message, at once or later, or close the line on it without a word."""
        [address, *_others] = envelope.rcpt_tos
        while address in self._held:
            self._waiting.add(address)
            await asyncio.sleep(0.02)
        self._waiting.discard(address)
        if self.hangs_up:
            server.transport.abort()
            return "421 never heard"
        return await super().handle_DATA(server, session, envelope)

    def invitations(self, *addresses: str) -> list["Invitation"]:
        """Return the invitations that came for some addresses, for anybody when none is named."""
        found = [Invitation(caught.message) for caught in self.caught if "/web/signup" in body(caught.message)]
        return [mail for mail in found if not addresses or mail.to in addresses]

    def wait_for_invitation(self, address: str, timeout: float = 20) -> "Invitation":
        """Return the first invitation for an address, waiting for it if need be."""

        def is_it(message: EmailMessage) -> bool:
            return "/web/signup" in body(message) and Invitation(message).to == address

        return Invitation(self.wait_for(is_it, timeout))


class Invitation:
    """One invitation, taken apart."""

    def __init__(self, message: EmailMessage):
        self.message = message
        self.subject = message["Subject"]
        self.sender = parseaddr(message["From"])
        self.to_name, self.to = parseaddr(message["To"])
        self.reply_to = parseaddr(message["Reply-To"])[1]
        self.tree = html.fromstring(body(message))

    @property
    def text(self) -> str:
        """What a reader sees, with single spaces."""
        return " ".join(self.tree.text_content().split())

    @property
    def link(self) -> str:
        """The address behind the button."""
        links = self.tree.xpath("//a[contains(@href, '/web/signup')]/@href")
        assert len(links) == 1, f"One link to sign up was expected: {links}"
        return links[0]
