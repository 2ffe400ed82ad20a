"""The running WebSMS: messages come in over HTTP and go to phones, and the other way."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pbx.core.async_store import AsyncStore
from pbx.core.control import serve
from pbx.core.errors import OrderError
from pbx.core.log import ERROR, NOTICE, WARNING
from pbx.core.store import StoreError
from pbx.websms import inbox, outbox
from pbx.websms.checks import RefusedError, read_body, read_recipient, read_sender
from pbx.websms.courier import Courier
from pbx.websms.exchange import Exchange
from pbx.websms.inbox import Incoming
from pbx.websms.origin import known_by_address, open_to_anybody
from pbx.websms.outgoing import Text
from pbx.websms.route import NoInterfaceError
from pbx.websms.sending import Sending
from pbx.websms.settings import Settings
from pbx.websms.web import WebServer

MOST_SHOWN = 1000
LISTEN_SECONDS = 10.0
"""Between attempts to listen on a port that is taken."""


class WebSms:
    """All parts, put together.

    Args:
        settings: Of websms.conf.
        database: Open.
        port: For the web server; None for none.
        socket: Where the command asks.
        say: Called with a level of pbx.core.log and a line.
    """

    def __init__(
        self,
        settings: Settings,
        database: AsyncStore,
        port: int | None,
        socket: Path,
        say: Callable[[int, str], None],
    ) -> None:
        self._settings = settings
        self._database = database
        self._port = port
        self._socket = socket
        self._say = say
        self._exchange = Exchange(settings.queue)
        self._courier = Courier(database, self._exchange, settings.queue, say)
        self._web = WebServer(settings, self.accept, say)
        self._sending = Sending(
            settings.interfaces, database, settings.queue.expire, self._courier.notice, say
        )

    async def run(self) -> None:
        """Works until it is cancelled."""
        await self._exchange.open()
        orders = {"queue": self._queue, "send": self._send, "keep": self._keep}
        server = await serve(orders, self._socket)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._courier.run())
                tasks.create_task(self._sending.run())
                if self._port is not None:
                    tasks.create_task(self._listen(self._port))
        finally:
            server.close()
            self._exchange.close()
            await self._database.close()

    async def accept(self, message: Incoming) -> None:
        """Keep a message, and have it delivered; one that is known by its number is let be.

        Raises:
            StoreError: it is not kept.
        """
        now = time.time()
        expires = now + self._settings.queue.expire
        if await self._database.run(inbox.add(message, now, expires)):
            self._courier.notice(message.recipient)

    async def _listen(self, port: int) -> None:
        complained = False
        while True:
            try:
                await self._web.open(port)
                break
            except OSError as error:
                if not complained:
                    complained = True
                    self._say(ERROR, f"cannot listen on port {port}: {error.strerror or error}")
                await asyncio.sleep(LISTEN_SECONDS)
        self._say(NOTICE, f"takes messages on port {port}")
        for name in open_to_anybody(self._settings.interfaces):
            which = f" of interface '{name}'" if name else ""
            self._say(
                WARNING,
                f"takes messages{which} from anybody: set verify or remt_addr in [websmsd]",
            )
        if names := known_by_address(self._settings.interfaces):
            which = f" of interfaces {', '.join(names)}" if any(names) else ""
            self._say(
                WARNING,
                f"the address alone says who posts messages{which}: whoever can forge it, behind a "
                "proxy for one, can write in anybody's name; set verify in [websmsd]",
            )
        try:
            await asyncio.Event().wait()
        finally:
            with suppress(asyncio.CancelledError):
                await self._web.close()

    async def _queue(self, words: Sequence[str]) -> dict[str, Any]:
        if words:
            raise OrderError("queue takes no words")
        try:
            number, messages = await self._database.run(inbox.queue(MOST_SHOWN))
            leaving = await self._database.run(outbox.queue)
        except StoreError as error:
            raise OrderError(str(error)) from error
        rows = [asdict(message) for message in messages]
        for row in rows:
            row["length"] = len(row.pop("body"))  # texts are nobody's business but the phone's
        outgoing = [
            {
                **{key: value for key, value in asdict(x).items() if key != "text"},
                "recipient": x.text.recipient,
                "sender": x.text.sender,
                "length": len(x.text.body),
            }
            for x in leaving[:MOST_SHOWN]
        ]
        return {
            "waiting": number,
            "messages": rows,
            "leaving": len(leaving),
            "outgoing": outgoing,
        }

    async def _send(self, words: Sequence[str]) -> dict[str, Any]:
        """Send a text, and tell what became of the first attempt."""
        outcome = await self._sending.outcome(await self._accept_text(words, tell=False))
        return {"fate": outcome.fate, "reason": outcome.reason}

    async def _keep(self, words: Sequence[str]) -> dict[str, Any]:
        """Take a text of a phone; its user is told if it cannot be sent."""
        return {"number": await self._accept_text(words, tell=True)}

    async def _accept_text(self, words: Sequence[str], *, tell: bool) -> int:
        if len(words) not in (3, 4):
            raise OrderError("give recipient, sender, text, and perhaps interface", mistake=True)
        recipient, sender, body, index = (*words, "")[:4]
        try:
            text = Text(read_recipient(recipient), read_sender(sender), read_body(body))
            return await self._sending.accept(text, index, tell=tell)
        except (RefusedError, NoInterfaceError) as error:
            raise OrderError(str(error), mistake=True) from error
        except StoreError as error:
            raise OrderError(str(error)) from error
