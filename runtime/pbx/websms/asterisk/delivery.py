"""Delivers pending messages: in order for each recipient, to several recipients in parallel.

If no phone of a recipient is available, its messages wait until the registered phones change, which
is checked once a second, or until `retrytime` has passed.
"""

import asyncio
import time
from collections.abc import Callable

from pbx.core.async_store import AsyncStore
from pbx.core.log import INFO, WARNING
from pbx.websms.asterisk.asterisk_client import (
    DELIVERED,
    AsteriskClient,
    DeliveryResult,
    NoAsteriskError,
)
from pbx.websms.asterisk.dialplan import BEGUN
from pbx.websms.configuration.settings import QueueSettings
from pbx.websms.incoming import inbox
from pbx.websms.incoming.inbox import InboxMessage

LANES = 8
LOOK_SECONDS = 1.0
SOON_SECONDS = 2.0
"""Until the next attempt if the fault was Asterisk's."""
CLEAN_SECONDS = 60.0
_SETTLE_SECONDS = 0.1


class Delivery:
    """Delivers the messages of the inbox.

    Args:
        store: With the inbox.
        asterisk: Open.
        queue: Settings.
        say: Called with a level of pbx.core.log and a line for the log.
    """

    def __init__(
        self,
        store: AsyncStore,
        asterisk: AsteriskClient,
        queue: QueueSettings,
        say: Callable[[int, str], None],
    ) -> None:
        self._store = store
        self._asterisk = asterisk
        self._queue = queue
        self._say = say
        self._ready: asyncio.Queue[str] = asyncio.Queue()
        self._busy: dict[str, bool] = {}
        """Recipients that are queued or served, and whether more messages have come since."""
        self._held: dict[str, float] = {}
        """Recipients without an available phone, and when to retry in any case (monotonic)."""
        self._contacts: frozenset[tuple[str, str]] | None = None
        self._looked = 0.0

    def notice(self, recipient: str) -> None:
        """Note that a message for a recipient is pending."""
        if recipient in self._busy:
            self._busy[recipient] = True
        elif recipient not in self._held:
            self._busy[recipient] = False
            self._ready.put_nowait(recipient)

    async def run(self) -> None:
        """Run until cancelled."""
        await self._settle()
        for recipient in await self._store.insist(inbox.recipients):
            self.notice(recipient)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._watch())
            tasks.create_task(self._clean())
            for lane in range(LANES):
                tasks.create_task(self._serve(lane))

    async def _settle(self) -> None:
        """Find the results of messages that were being delivered when the service ended."""
        try:
            await self._asterisk.prepare()
            for lane, known in (await self._asterisk.lanes()).items():
                status: str | None = known.status
                while status == BEGUN:
                    await asyncio.sleep(_SETTLE_SECONDS)
                    status = await self._asterisk.status(known.message, lane)
                if status in DELIVERED:
                    await self._deliver(known.message)
                # An ID could come again, if the database is replaced.
                await self._asterisk.forget(lane)
        except NoAsteriskError:
            pass  # and remembers nothing

    async def _serve(self, lane: int) -> None:
        while True:
            recipient = await self._ready.get()
            message = await self._store.insist(inbox.first(recipient))
            if message is None:
                more = self._busy.pop(recipient)
                if more:
                    self.notice(recipient)
                continue
            try:
                result = await self._asterisk.hand_over(message, lane)
            except NoAsteriskError as error:
                result = DeliveryResult(False, str(error), soon=True)
            await self._note(message, result)

    async def _note(self, message: InboxMessage, result: DeliveryResult) -> None:
        if result.delivered:
            await self._deliver(message.id)
            self._say(INFO, f"delivered message {message.id} to {message.recipient}")
            self._ready.put_nowait(message.recipient)
            return
        await self._store.insist(inbox.failed(message.id, result.reason))
        if message.attempts == 0:
            self._say(
                INFO, f"message {message.id} for {message.recipient} is pending: {result.reason}"
            )
        delay = SOON_SECONDS if result.soon else self._queue.retrytime
        now = time.monotonic()
        if now - self._looked > 2 * LOOK_SECONDS:
            self._contacts = None  # a phone may have registered since: retry at the next look
        self._held[message.recipient] = now + delay
        del self._busy[message.recipient]

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if not self._held:
                continue
            try:
                if self._contacts is None:  # Asterisk may have been restarted
                    await self._asterisk.prepare()
                contacts = await self._asterisk.contacts()
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
            for message in await self._store.insist(inbox.expire(time.time())):
                came = time.strftime("%F %T", time.localtime(message.came))
                self._say(
                    WARNING,
                    f"message {message.id} from {message.sender} for {message.recipient} has "
                    f"expired, pending since {came}: {message.reason or 'there was no attempt'}",
                )
            await asyncio.sleep(CLEAN_SECONDS)

    async def _deliver(self, number: int) -> None:
        await self._store.insist(inbox.delivered(number, time.time(), archive=self._queue.archive))
