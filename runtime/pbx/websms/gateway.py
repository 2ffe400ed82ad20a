"""The running service: all parts joined, and the orders of the command `websms`."""

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
from pbx.websms.asterisk.asterisk_client import AsteriskClient
from pbx.websms.asterisk.delivery import Delivery
from pbx.websms.configuration.settings import SmsSettings
from pbx.websms.incoming import inbox
from pbx.websms.incoming.checks import RefusedError, read_body, read_recipient, read_sender
from pbx.websms.incoming.inbox import IncomingSms
from pbx.websms.incoming.origin import known_by_address, without_authentication
from pbx.websms.incoming.web import WebServer
from pbx.websms.outgoing import outbox
from pbx.websms.outgoing.outbox import OutboxMessage
from pbx.websms.outgoing.request import OutgoingSms
from pbx.websms.outgoing.route import NoInterfaceError
from pbx.websms.outgoing.sending import Sending

MOST_SHOWN = 1000
"""Messages of each direction that `websms queue` lists."""
LISTEN_SECONDS = 10.0
"""Between attempts to listen on a port that is in use."""


class Gateway:
    """The service.

    Args:
        settings: Of websms.conf.
        store: Open.
        port: Of the web server; None: there is none.
        socket: Of the control connection, which the command uses.
        say: Called with a level of pbx.core.log and a line for the log.
    """

    def __init__(
        self,
        settings: SmsSettings,
        store: AsyncStore,
        port: int | None,
        socket: Path,
        say: Callable[[int, str], None],
    ) -> None:
        self._settings = settings
        self._store = store
        self._port = port
        self._socket = socket
        self._say = say
        self._asterisk = AsteriskClient(settings.queue)
        self._delivery = Delivery(store, self._asterisk, settings.queue, say)
        self._web = WebServer(settings, self.store_incoming, say)
        self._sending = Sending(
            settings.interfaces, store, settings.queue.expire, self._delivery.notice, say
        )

    async def run(self) -> None:
        """Run until cancelled."""
        await self._asterisk.open()
        orders = {"queue": self._queue, "send": self._send, "keep": self._keep}
        server = await serve(orders, self._socket)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._delivery.run())
                tasks.create_task(self._sending.run())
                if self._port is not None:
                    tasks.create_task(self._listen(self._port))
        finally:
            server.close()
            self._asterisk.close()
            await self._store.close()

    async def store_incoming(self, message: IncomingSms) -> None:
        """Store an SMS, and have it delivered; ignore one that was stored before.

        Raises:
            StoreError: it is not stored.
        """
        now = time.time()
        expires = now + self._settings.queue.expire
        if await self._store.run(inbox.add(message, now, expires)):
            self._delivery.notice(message.recipient)

    async def _listen(self, port: int) -> None:
        reported = False
        while True:
            try:
                await self._web.open(port)
                break
            except OSError as error:
                if not reported:
                    reported = True
                    self._say(ERROR, f"cannot listen on port {port}: {error.strerror or error}")
                await asyncio.sleep(LISTEN_SECONDS)
        self._say(NOTICE, f"accepts messages on port {port}")
        for name in without_authentication(self._settings.interfaces):
            which = f" for interface '{name}'" if name else ""
            self._say(
                WARNING,
                f"accepts messages{which} from any client: set verify or remt_addr in [websmsd]",
            )
        if names := known_by_address(self._settings.interfaces):
            which = f" for interfaces {', '.join(names)}" if any(names) else ""
            self._say(
                WARNING,
                f"accepts messages{which} by the client's address alone: who can forge it, for "
                "example behind a proxy, can forge messages; set verify in [websmsd]",
            )
        try:
            await asyncio.Event().wait()
        finally:
            with suppress(asyncio.CancelledError):
                await self._web.close()

    async def _queue(self, words: Sequence[str]) -> dict[str, Any]:
        if words:
            raise OrderError("queue takes no arguments")
        try:
            number, messages = await self._store.run(inbox.queue(MOST_SHOWN))
            leaving = await self._store.run(outbox.queue)
        except StoreError as error:
            raise OrderError(str(error)) from error
        rows = [asdict(message) for message in messages]
        for row in rows:
            row["length"] = len(row.pop("body"))  # the text is private
        outgoing = [_shown(message) for message in leaving[:MOST_SHOWN]]
        return {
            "waiting": number,
            "messages": rows,
            "leaving": len(leaving),
            "outgoing": outgoing,
        }

    async def _send(self, words: Sequence[str]) -> dict[str, Any]:
        """Send an SMS; return the result of the first attempt."""
        result = await self._sending.result(await self._store_outgoing(words, notify=False))
        return {"status": result.status, "reason": result.reason}

    async def _keep(self, words: Sequence[str]) -> dict[str, Any]:
        """Store an SMS from a phone; its sender is notified if it cannot be sent."""
        return {"number": await self._store_outgoing(words, notify=True)}

    async def _store_outgoing(self, words: Sequence[str], *, notify: bool) -> int:
        if len(words) not in (3, 4):
            raise OrderError("usage: TO FROM BODY [INDEX]", mistake=True)
        recipient, sender, body, index = (*words, "")[:4]
        try:
            sms = OutgoingSms(read_recipient(recipient), read_sender(sender), read_body(body))
            return await self._sending.accept(sms, index, notify=notify)
        except (RefusedError, NoInterfaceError) as error:
            raise OrderError(str(error), mistake=True) from error
        except StoreError as error:
            raise OrderError(str(error)) from error


def _shown(message: OutboxMessage) -> dict[str, Any]:
    row: dict[str, Any] = asdict(message)
    sms: dict[str, Any] = row.pop("sms")
    row["tell"] = row.pop("notify")  # its name in the output of `websms queue --json`
    length = len(sms.pop("body"))  # the text is private
    return row | sms | {"length": length}
