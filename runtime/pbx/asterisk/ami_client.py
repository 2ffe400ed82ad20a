"""A connection to Asterisk's manager interface that comes back by itself."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from pbx.asterisk.ami import AmiReader, Message, write_action

CONNECT_TIMEOUT = 5.0  # seconds
SILENCE = 30.0  # seconds without a byte, although Asterisk was asked for one: it hangs
FIRST_DELAY, LONGEST_DELAY = 0.1, 1.0  # seconds between attempts to connect
REFUSED_DELAY, LONGEST_REFUSED_DELAY = 1.0, 600.0  # until a refused login is tried again
FOREIGN_DELAY = 5.0  # until the next look whether it is still somebody else who listens


@dataclass(frozen=True)
class AmiLogin:
    """Where Asterisk listens, and as whom to log in.

    Attributes:
        host: Name or address.
        port: Of TCP.
        user: Name of the section in manager.conf.
        secret: Of that section.
        events: Classes of events to be told of, separated by commas.
    """

    host: str
    port: int
    user: str
    secret: str
    events: str


class AmiRefusedError(Exception):
    """Asterisk does not let us in; the text is its reason."""


class AmiForeignError(Exception):
    """Somebody else listens there: no login is even tried; the text says what to do."""


class AmiClient:
    """Keeps a connection; say what comes in, and when it comes and goes.

    Args:
        login: Where and as whom.
        on_messages: Called with the messages that came together.
        on_up: Called each time when logged in.
        on_down: Called with the reason each time when an attempt or a connection has ended.
        check: Called before each attempt; raises AmiForeignError if that would be a mistake.
    """

    def __init__(
        self,
        login: AmiLogin,
        on_messages: Callable[[Sequence[Message]], None],
        on_up: Callable[[], None],
        on_down: Callable[[Exception], None],
        check: Callable[[], None] = lambda: None,
    ) -> None:
        self.up = False
        self._login = login
        self._on_messages = on_messages
        self._on_up = on_up
        self._on_down = on_down
        self._check = check
        self._now = asyncio.Event()
        self._failure: Exception | None = None
        self._transport: asyncio.Transport | None = None

    async def run(self) -> None:
        """Connect, again and again; ends only when it is cancelled."""
        delay, refused_delay = FIRST_DELAY, REFUSED_DELAY
        while True:
            try:
                self._check()
                await self._stay_connected()
            except (OSError, UnicodeError, AmiRefusedError, AmiForeignError) as error:
                if self.up or self._now.is_set():
                    delay, refused_delay = FIRST_DELAY, REFUSED_DELAY
                self.up = False
                self._now.clear()
                self._on_down(error)
                if isinstance(error, AmiForeignError):
                    await self._pause(FOREIGN_DELAY)
                elif isinstance(error, AmiRefusedError):
                    await self._pause(refused_delay)
                    refused_delay = min(2 * refused_delay, LONGEST_REFUSED_DELAY)
                else:
                    await self._pause(delay)
                    delay = min(2 * delay, LONGEST_DELAY)

    def retry_now(self) -> None:
        """Has the next attempt made at once, and those after it soon: things have changed."""
        self._now.set()

    def end(self, error: Exception) -> None:
        """End the connection, if there is one, for a reason."""
        if self._transport:
            self._failure = error
            self._transport.abort()

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._now.wait()

    def ask(self, action: str, **fields: str) -> None:
        """Send an action, if connected; the answer comes among the messages."""
        if self._transport:
            self._transport.write(write_action(action, **fields))

    async def _stay_connected(self) -> None:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(CONNECT_TIMEOUT):
            self._transport, connection = await loop.create_connection(
                lambda: _Connection(self._receive), self._login.host, self._login.port
            )
        self._failure = None
        try:
            user, secret = self._login.user, self._login.secret
            self.ask("Login", ActionID="login", Username=user, Secret=secret)
            asked = False
            while True:
                heard = connection.heard
                await asyncio.wait([connection.closed], timeout=SILENCE / 2)
                if connection.closed.done():
                    break
                if not self.up:
                    raise TimeoutError(f"no answer to the login within {SILENCE / 2:g} s")
                silent = connection.heard == heard
                if silent and asked:
                    raise TimeoutError(f"nothing heard for {SILENCE:g} s")
                asked = silent
                self.ask("Ping", ActionID="ping")
            raise self._failure or connection.closed.result()
        finally:
            self._transport.abort()
            self._transport = None

    def _receive(self, messages: Sequence[Message]) -> None:
        if not self.up:
            for message in messages:
                if message.get("ActionID") == "login":
                    self._enter(message)
        self._on_messages(messages)

    def _enter(self, response: Message) -> None:
        if response.get("Response") != "Success":
            self._failure = AmiRefusedError(response.get("Message", "no reason given"))
            if self._transport:
                self._transport.abort()
            return
        self.up = True
        self.ask("Events", ActionID="events", EventMask=self._login.events)
        self._on_up()


class _Connection(asyncio.Protocol):
    """Passes messages on.

    Attributes:
        heard: How often something came.
        closed: Done, with the reason, when the connection has ended.
    """

    def __init__(self, receive: Callable[[Sequence[Message]], None]) -> None:
        self.heard = 0
        self.closed: asyncio.Future[Exception] = asyncio.get_running_loop().create_future()
        self._receive = receive
        self._reader = AmiReader()

    def data_received(self, data: bytes) -> None:
        self.heard += 1
        if messages := self._reader.receive(data):
            self._receive(messages)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.closed.done():
            self.closed.set_result(error or ConnectionResetError("Asterisk closed the connection"))
