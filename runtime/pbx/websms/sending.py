"""Sends what the outbox holds, one text after the other to each recipient, and tries again."""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import TypeVar

from pbx.core.async_store import AsyncStore
from pbx.core.log import ERROR, INFO, NOTICE, WARNING
from pbx.core.store import StoreError
from pbx.core.times import format_time
from pbx.websms import outbox
from pbx.websms.outbox import Leaving
from pbx.websms.outgoing import Text, build_request
from pbx.websms.reply import Fate, Outcome
from pbx.websms.route import choose, next_attempt, senders
from pbx.websms.sender import Sender
from pbx.websms.settings import Interface

MOST_AT_ONCE = 16
IDLE_SECONDS = 300.0
"""Between two looks at the outbox, if nothing happens."""
FINISH_SECONDS = 4.0
"""For attempts that have begun when the service is told to stop; a container has ten in all."""
OUTCOME_SECONDS = 120.0
"""For which a command waits for the outcome of an attempt."""
DISK_SECONDS = 5.0
"""Before the database is asked again that could not be written."""
INTERRUPTED = "the service ended while it was being sent"

_Result = TypeVar("_Result")


class Sending:
    """Brings texts to providers.

    Args:
        interfaces: Of websms.conf.
        database: Where texts are kept.
        notice_seconds: For which a notice to a sender waits for the phone.
        told: Called when a notice for somebody was put into the inbox.
        say: Called with a level of pbx.core.log and a line.
    """

    def __init__(
        self,
        interfaces: Iterable[Interface],
        database: AsyncStore,
        notice_seconds: float,
        told: Callable[[str], None],
        say: Callable[[int, str], None],
    ) -> None:
        self._interfaces = senders(interfaces)
        self._database = database
        self._notice_seconds = notice_seconds
        self._told = told
        self._say = say
        self._news = asyncio.Event()
        self._at_work: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._watched: dict[int, asyncio.Future[Outcome]] = {}

    async def accept(self, text: Text, index: str, *, tell: bool) -> int:
        """Keep a text, to be sent; return its number.

        Args:
            text: What, to whom and from whom; already checked.
            index: Which interface; "" for the first.
            tell: Whether the sender gets a message if it is not sent.

        Raises:
            NoInterfaceError: there is no such interface.
            StoreError: it could not be kept.
        """
        name, settings = choose(self._interfaces, index)
        now = time.time()
        number = await self._database.run(
            outbox.add(name, text, tell=tell, now=now, expires=now + settings.expire)
        )
        self._news.set()
        return number

    async def outcome(self, number: int) -> Outcome:
        """Wait for what becomes of the next attempt to send a text that was just kept."""
        future = self._watched.setdefault(number, asyncio.get_running_loop().create_future())
        try:
            async with asyncio.timeout(OUTCOME_SECONDS):
                return await future
        except TimeoutError:
            return Outcome(Fate.AGAIN, "others to that number are before it, see `websms queue`")
        finally:
            self._watched.pop(number, None)

    async def run(self) -> None:
        """Send until it is cancelled."""
        sender = Sender()
        try:
            for leaving in await self._insist(outbox.interrupted):
                await self._end(leaving, Outcome(Fate.UNKNOWN, INTERRUPTED))
            while True:
                self._news.clear()
                due = await self._start_what_is_due(sender)
                try:
                    async with asyncio.timeout(max(0.0, due - time.time())):
                        await self._news.wait()
                except TimeoutError:
                    pass  # the next is due
        finally:
            await self._finish()
            await sender.close()

    async def _finish(self) -> None:
        """Lets attempts that have begun come to their end, if that does not take long."""
        tasks = set(self._at_work.values())
        if tasks:
            _, unfinished = await asyncio.wait(tasks, timeout=FINISH_SECONDS)
            for task in unfinished:
                task.cancel()
            await asyncio.gather(*unfinished, return_exceptions=True)

    async def _start_what_is_due(self, sender: Sender) -> float:
        """Return when the next is due."""
        now = time.time()
        following = now + IDLE_SECONDS
        for leaving in await self._insist(outbox.waiting):
            place = leaving.interface, leaving.text.recipient
            if place in self._at_work:
                continue
            if leaving.due > now:
                following = min(following, leaving.due)
            elif len(self._at_work) < MOST_AT_ONCE:
                task = asyncio.create_task(self._attempt(sender, leaving))
                self._at_work[place] = task
                task.add_done_callback(partial(self._done, place))
        return following

    def _done(self, place: tuple[str, str], task: asyncio.Task[None]) -> None:
        del self._at_work[place]
        self._news.set()
        if not task.cancelled() and (error := task.exception()):
            self._say(ERROR, f"a text to {place[1]} is held until the next start: {error!r}")

    async def _attempt(self, sender: Sender, leaving: Leaving) -> None:
        settings = self._interfaces.get(leaving.interface)
        if settings is None:
            reason = f"there is no interface '{leaving.interface}' in websms.conf any more"
            await self._end(leaving, Outcome(Fate.FAILED, reason))
            return
        await self._insist(outbox.begin(leaving.id))
        outcome = await sender.send(settings, build_request(settings, leaving.text))
        now = time.time()
        if outcome.fate is not Fate.AGAIN:
            await self._end(leaving, outcome)
            return
        due = next_attempt(outcome, leaving.attempts, now, leaving.expires)
        if due is None:
            await self._end(leaving, Outcome(Fate.FAILED, outcome.reason))
            return
        await self._insist(outbox.again(leaving.id, due, outcome.reason))
        self._say(
            WARNING,
            f"a text to {leaving.text.recipient} waits, next attempt in {format_time(due - now)}: "
            f"{outcome.reason}",
        )
        self._report(leaving, outcome)

    async def _end(self, leaving: Leaving, outcome: Outcome) -> None:
        now, whom = time.time(), leaving.text.recipient
        if outcome.fate is Fate.SENT:
            await self._insist(outbox.sent(leaving.id))
            later = f" at attempt {leaving.attempts + 1}" if leaving.attempts else ""
            self._say(NOTICE if later else INFO, f"sent a text to {whom}{later}")
        else:
            maybe = "perhaps " if outcome.fate is Fate.UNKNOWN else ""
            notice = f"{maybe}not sent: ".capitalize() + outcome.reason
            await self._insist(outbox.given_up(leaving, notice, now, now + self._notice_seconds))
            self._say(ERROR, f"a text to {whom} was {maybe}not sent: {outcome.reason}")
            if leaving.tell:
                self._told(leaving.text.sender)
        self._report(leaving, outcome)

    def _report(self, leaving: Leaving, outcome: Outcome) -> None:
        future = self._watched.get(leaving.id)
        if future and not future.done():
            future.set_result(outcome)

    async def _insist(self, order: Callable[[sqlite3.Connection], _Result]) -> _Result:
        """Carries out an order, however long the database cannot do it."""
        while True:
            try:
                return await self._database.run(order)
            except StoreError as error:
                self._say(ERROR, str(error))
                await asyncio.sleep(DISK_SECONDS)
