"""Sends the SMS of the outbox, to each recipient one after the other, with retries."""

import asyncio
import time
from collections.abc import Callable, Iterable
from functools import partial

from pbx.core.async_store import AsyncStore
from pbx.core.log import ERROR, INFO, NOTICE, WARNING
from pbx.core.times import format_time
from pbx.websms.configuration.settings import Interface
from pbx.websms.outgoing import outbox
from pbx.websms.outgoing.outbox import OutboxMessage
from pbx.websms.outgoing.provider_client import ProviderClient
from pbx.websms.outgoing.reply import SendResult, SendStatus
from pbx.websms.outgoing.request import OutgoingSms, build_request
from pbx.websms.outgoing.route import choose_sender, next_attempt, senders

MOST_AT_ONCE = 16
IDLE_SECONDS = 300.0
"""Between two looks at the outbox if nothing happens."""
FINISH_SECONDS = 4.0
"""For attempts that have begun when the service is stopped; a container has ten in total."""
RESULT_SECONDS = 120.0
"""How long a command waits for the result of an attempt."""
INTERRUPTED = "the service ended while it was being sent"


class Sending:
    """Sends SMS to providers.

    Args:
        interfaces: Of websms.conf.
        store: With outbox and inbox.
        notice_seconds: How long a notice waits for the phone of a sender.
        noticed: Called with a sender when a notice to him was put into the inbox.
        say: Called with a level of pbx.core.log and a line for the log.
    """

    def __init__(
        self,
        interfaces: Iterable[Interface],
        store: AsyncStore,
        notice_seconds: float,
        noticed: Callable[[str], None],
        say: Callable[[int, str], None],
    ) -> None:
        self._interfaces = senders(interfaces)
        self._store = store
        self._notice_seconds = notice_seconds
        self._noticed = noticed
        self._say = say
        self._changed = asyncio.Event()
        self._at_work: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._watched: dict[int, asyncio.Future[SendResult]] = {}

    async def accept(self, sms: OutgoingSms, index: str, *, notify: bool) -> int:
        """Store an SMS, to be sent; return its ID.

        Args:
            sms: Already checked.
            index: Of the interface; "" for the first.
            notify: Whether the sender is notified if it is not sent.

        Raises:
            NoInterfaceError: there is no such interface.
            StoreError: it could not be stored.
        """
        name, settings = choose_sender(self._interfaces, index)
        now = time.time()
        number = await self._store.run(
            outbox.add(name, sms, notify=notify, now=now, expires=now + settings.expire)
        )
        self._changed.set()
        return number

    async def result(self, number: int) -> SendResult:
        """Wait for the result of the first attempt to send an SMS that was just stored."""
        future = self._watched.setdefault(number, asyncio.get_running_loop().create_future())
        try:
            async with asyncio.timeout(RESULT_SECONDS):
                return await future
        except TimeoutError:
            return SendResult(
                SendStatus.RETRY, "other SMS to that number are sent first, see `websms queue`"
            )
        finally:
            self._watched.pop(number, None)

    async def run(self) -> None:
        """Run until cancelled."""
        provider = ProviderClient()
        try:
            for message in await self._store.insist(outbox.interrupted):
                await self._end(message, SendResult(SendStatus.UNKNOWN, INTERRUPTED))
            while True:
                self._changed.clear()
                due = await self._start_due(provider)
                try:
                    async with asyncio.timeout(max(0.0, due - time.time())):
                        await self._changed.wait()
                except TimeoutError:
                    pass  # the next one is due
        finally:
            await self._finish()
            await provider.close()

    async def _finish(self) -> None:
        """Wait for attempts that have begun, if that does not take long."""
        tasks = set(self._at_work.values())
        if tasks:
            _, unfinished = await asyncio.wait(tasks, timeout=FINISH_SECONDS)
            for task in unfinished:
                task.cancel()
            await asyncio.gather(*unfinished, return_exceptions=True)

    async def _start_due(self, provider: ProviderClient) -> float:
        """Start the attempts that are due; return when the next one is."""
        now = time.time()
        following = now + IDLE_SECONDS
        for message in await self._store.insist(outbox.waiting):
            place = message.interface, message.sms.recipient
            if place in self._at_work:
                continue
            if message.due > now:
                following = min(following, message.due)
            elif len(self._at_work) < MOST_AT_ONCE:
                task = asyncio.create_task(self._attempt(provider, message))
                self._at_work[place] = task
                task.add_done_callback(partial(self._done, place))
        return following

    def _done(self, place: tuple[str, str], task: asyncio.Task[None]) -> None:
        del self._at_work[place]
        self._changed.set()
        if not task.cancelled() and (error := task.exception()):
            self._say(ERROR, f"an SMS to {place[1]} is not sent before the next start: {error!r}")

    async def _attempt(self, provider: ProviderClient, message: OutboxMessage) -> None:
        settings = self._interfaces.get(message.interface)
        if settings is None:
            reason = f"there is no interface '{message.interface}' in websms.conf any more"
            await self._end(message, SendResult(SendStatus.FAILED, reason))
            return
        await self._store.insist(outbox.begin(message.id))
        result = await provider.send(settings, build_request(settings, message.sms))
        now = time.time()
        if result.status is not SendStatus.RETRY:
            await self._end(message, result)
            return
        due = next_attempt(result, message.attempts, now, message.expires)
        if due is None:
            await self._end(message, SendResult(SendStatus.FAILED, result.reason))
            return
        await self._store.insist(outbox.retry(message.id, due, result.reason))
        self._say(
            WARNING,
            f"an SMS to {message.sms.recipient} was not sent, next attempt in "
            f"{format_time(due - now)}: {result.reason}",
        )
        self._report(message, result)

    async def _end(self, message: OutboxMessage, result: SendResult) -> None:
        now, recipient = time.time(), message.sms.recipient
        if result.status is SendStatus.SENT:
            await self._store.insist(outbox.sent(message.id))
            later = f" at attempt {message.attempts + 1}" if message.attempts else ""
            self._say(NOTICE if later else INFO, f"sent an SMS to {recipient}{later}")
        else:
            maybe = "perhaps " if result.status is SendStatus.UNKNOWN else ""
            notice = f"{maybe}not sent: ".capitalize() + result.reason
            await self._store.insist(
                outbox.failed(message, notice, now, now + self._notice_seconds)
            )
            self._say(ERROR, f"an SMS to {recipient} was {maybe}not sent: {result.reason}")
            if message.notify:
                self._noticed(message.sms.sender)
        self._report(message, result)

    def _report(self, message: OutboxMessage, result: SendResult) -> None:
        future = self._watched.get(message.id)
        if future and not future.done():
            future.set_result(result)
