"""Brings waiting messages to phones: in order for each recipient, several recipients at a time.

A recipient whose phone is not there waits until the registered phones change, which is looked at
once a second, or until `retrytime` is over.
"""

import asyncio
import sqlite3
import time
from collections.abc import Callable
from typing import TypeVar

from pbx.core.async_store import AsyncStore
from pbx.core.log import ERROR, INFO, NOTICE, WARNING
from pbx.core.store import StoreError
from pbx.websms import inbox
from pbx.websms.dialplan import BEGUN
from pbx.websms.exchange import DELIVERED, Exchange, NoAsteriskError, Outcome
from pbx.websms.inbox import Waiting
from pbx.websms.settings import QueueSettings

LANES = 8
LOOK_SECONDS = 1.0
SOON_SECONDS = 2.0
"""Until the next attempt, if Asterisk was at fault."""
CLEAN_SECONDS = 60.0
_SETTLE_SECONDS = 0.1

_Result = TypeVar("_Result")


class Courier:
    """Brings what waits in the database.

    Args:
        database: With the inbox.
        exchange: The way to Asterisk; open.
        queue: Settings.
        say: Called with a level of pbx.core.log and a line.
    """

    def __init__(
        self,
        database: AsyncStore,
        exchange: Exchange,
        queue: QueueSettings,
        say: Callable[[int, str], None],
    ) -> None:
        self._database = database
        self._exchange = exchange
        self._queue = queue
        self._say = say
        self._ready: asyncio.Queue[str] = asyncio.Queue()
        self._busy: dict[str, bool] = {}
        """Who is in the queue or being served, and whether more has come since."""
        self._held: dict[str, float] = {}
        """Whose phone is not there, and when to try again all the same (monotonic)."""
        self._contacts: frozenset[tuple[str, str]] | None = None
        self._looked = 0.0
        self._complaint = ""

    def notice(self, recipient: str) -> None:
        """Says that something waits for somebody."""
        if recipient in self._busy:
            self._busy[recipient] = True
        elif recipient not in self._held:
            self._busy[recipient] = False
            self._ready.put_nowait(recipient)

    async def run(self) -> None:
        """Works until it is cancelled."""
        await self._settle()
        for recipient in await self._keep(inbox.recipients):
            self.notice(recipient)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._watch())
            tasks.create_task(self._clean())
            for lane in range(LANES):
                tasks.create_task(self._serve(lane))

    async def _settle(self) -> None:
        """Find out what became of messages that were on their way when the service last ended."""
        try:
            await self._exchange.prepare()
            for lane, known in (await self._exchange.lanes()).items():
                status: str | None = known.status
                while status == BEGUN:
                    await asyncio.sleep(_SETTLE_SECONDS)
                    status = await self._exchange.status(known.message, lane)
                if status in DELIVERED:
                    await self._deliver(known.message)
                # A number could come again, if the database is replaced by another.
                await self._exchange.forget(lane)
        except NoAsteriskError:
            pass  # with it has gone what it remembered

    async def _serve(self, lane: int) -> None:
        while True:
            recipient = await self._ready.get()
            message = await self._keep(inbox.first(recipient))
            if message is None:
                more = self._busy.pop(recipient)
                if more:
                    self.notice(recipient)
                continue
            try:
                outcome = await self._exchange.hand_over(message, lane)
            except NoAsteriskError as error:
                outcome = Outcome(False, str(error), soon=True)
            await self._note(message, outcome)

    async def _note(self, message: Waiting, outcome: Outcome) -> None:
        if outcome.delivered:
            await self._deliver(message.id)
            self._say(INFO, f"delivered message {message.id} to {message.recipient}")
            self._ready.put_nowait(message.recipient)
            return
        await self._keep(inbox.failed(message.id, outcome.reason))
        if message.attempts == 0:
            self._say(INFO, f"message {message.id} for {message.recipient} waits: {outcome.reason}")
        delay = SOON_SECONDS if outcome.soon else self._queue.retrytime
        now = time.monotonic()
        if now - self._looked > 2 * LOOK_SECONDS:
            self._contacts = None  # a phone may have come since: the next look tries again
        self._held[message.recipient] = now + delay
        del self._busy[message.recipient]

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if not self._held:
                continue
            try:
                if self._contacts is None:  # Asterisk may have been started anew
                    await self._exchange.prepare()
                contacts = await self._exchange.contacts()
            except NoAsteriskError:
                self._contacts = None
                continue
            changed = contacts != self._contacts
            self._contacts = contacts
            now = self._looked = time.monotonic()
            for recipient in [x for x, due in self._held.items() if changed or due <= now]:
                del self._held[recipient]
                self.notice(recipient)

    async def _clean(self) -> None:
        while True:
            for message in await self._keep(inbox.expire(time.time())):
                self._say(
                    WARNING,
                    f"gave up message {message.id} from {message.sender} for {message.recipient}, "
                    f"which waited since {time.strftime('%F %T', time.localtime(message.came))}: "
                    f"{message.reason or 'it was never tried'}",
                )
            await asyncio.sleep(CLEAN_SECONDS)

    async def _deliver(self, number: int) -> None:
        await self._keep(inbox.delivered(number, time.time(), archive=self._queue.archive))

    async def _keep(self, order: Callable[[sqlite3.Connection], _Result]) -> _Result:
        """Run an order, again and again if need be.

        What was delivered and is not noted would be delivered again: there is nothing better to
        do than to wait until there is room on the disk.
        """
        while True:
            try:
                result = await self._database.run(order)
            except StoreError as error:
                if self._complaint != str(error):
                    self._complaint = str(error)
                    self._say(ERROR, f"waits for the database: {error}")
                await asyncio.sleep(LOOK_SECONDS)
            else:
                if self._complaint:
                    self._complaint = ""
                    self._say(NOTICE, "the database works again")
                return result
