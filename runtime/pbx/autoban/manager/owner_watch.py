"""Queries the addresses of phones and trunks from Asterisk, again and again."""

import asyncio
import socket
from collections.abc import Callable, Iterable
from threading import Thread

from pbx.asterisk.ami import Message
from pbx.asterisk.ami_client import AmiClient
from pbx.autoban.judgement.addresses import Span, parse_span
from pbx.autoban.judgement.owners import Owners
from pbx.autoban.manager.trunks import ACTION_ID, Inquiry

INTERVAL = 60.0  # seconds, and one more for every four addresses


class OwnerWatch:
    """Keeps `owners` up to date.

    Args:
        owners: Gets the addresses.
        client: The connection to Asterisk.
        on_denied: Called once, if the AMI user may not query addresses.
    """

    def __init__(self, owners: Owners, client: AmiClient, on_denied: Callable[[], None]) -> None:
        self._owners = owners
        self._client = client
        self._on_denied = on_denied
        self._inquiry = Inquiry()
        self._denied = False
        self._due = 0.0

    def reset(self) -> None:
        """Make the next ask() query at once: the connection is a new one."""
        self._due = 0.0

    def ask(self, now: float) -> None:
        """Query, if it is time to."""
        if now < self._due or not self._client.up or self._denied:
            return
        self._due = now + INTERVAL + len(self._inquiry.spans) / 4
        self._inquiry = Inquiry()
        for action, fields in self._inquiry.begin():
            self._client.ask(action, **fields)

    def hear(self, message: Message) -> None:
        """Process a message that may be an answer."""
        if message.get("ActionID") != ACTION_ID or self._inquiry.done:
            return
        for action, fields in self._inquiry.hear(message):
            self._client.ask(action, **fields)
        if not self._inquiry.done:
            return
        if self._inquiry.denied:
            self._denied = True
            self._on_denied()
        spans = frozenset(self._inquiry.spans)
        phones = frozenset(self._inquiry.phones)
        self._owners.set_trunks(spans, phones)
        if self._inquiry.names:
            look_up(
                sorted(self._inquiry.names),
                lambda found: self._owners.set_trunks(spans | found, phones),
            )


def look_up(names: Iterable[str], on_found: Callable[[frozenset[Span]], None]) -> None:
    """Look up the addresses of hosts; `on_found` is called in this thread.

    Name servers may be slow. Nothing waits for them, not even the end of the program.
    """
    loop = asyncio.get_running_loop()

    def work() -> None:
        found: set[Span] = set()
        for name in names:
            try:
                answers = socket.getaddrinfo(name, None, type=socket.SOCK_DGRAM)
            except (OSError, UnicodeError):
                continue  # it may have an address at the next query
            found.update(parse_span(str(answer[4][0]).partition("%")[0]) for answer in answers)
        if not loop.is_closed():
            loop.call_soon_threadsafe(on_found, frozenset(found))

    Thread(target=work, name="names", daemon=True).start()
