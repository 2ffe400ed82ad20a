"""Sends what the outbox holds, one text after the other to each recipient, and tries again."""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TypeVar

from pbx.core.log import ERROR, INFO, NOTICE, WARNING
from pbx.core.times import format_time
from pbx.websms import outbox
from pbx.websms.database import Database, DatabaseError
from pbx.websms.outbox import Leaving
from pbx.websms.outgoing import Text, build_request
from pbx.websms.reply import Fate, Outcome
from pbx.websms.sender import Sender
from pbx.websms.settings import Interface, SendSettings

MOST_AT_ONCE = 16
FIRST_WAIT, LONGEST_WAIT = 5.0, 300.0
"""Seconds between attempts: twice as many after each, unless the provider says how many."""
DISK_SECONDS = 5.0
"""Before the database is asked again that could not be written."""
INTERRUPTED = "the service ended while it was being sent"

_Result = TypeVar("_Result")


class NoInterfaceError(Exception):
    """There is none of that name which sends; the text says which there are."""


def senders(interfaces: Iterable[Interface]) -> dict[str, SendSettings]:
    """Returns by name the interfaces of which something is said about sending."""
    return {x.name: x.send for x in interfaces if x.send and x.send != SendSettings()}


def choose(interfaces: Mapping[str, SendSettings], index: str) -> tuple[str, SendSettings]:
    """Returns name and settings of the interface that an index means.

    Without an index it is the first. Where interfaces have no names, any index means the one that
    there is.

    Raises:
        NoInterfaceError: there is none.
    """
    if index in interfaces:
        return index, interfaces[index]
    if not interfaces:
        raise NoInterfaceError("websms.conf does not say where to send texts, in [websms]")
    name = next(iter(interfaces))
    if not index or not name:
        return name, interfaces[name]
    known = ", ".join(interfaces)
    raise NoInterfaceError(f"there is no interface '{index}' in websms.conf, but {known}")


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
        database: Database,
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
        """Keeps a text, to be sent; returns its number.

        Args:
            text: What, to whom and from whom; already checked.
            index: Which interface; "" for the first.
            tell: Whether the sender gets a message if it is not sent.

        Raises:
            NoInterfaceError: there is no such interface.
            DatabaseError: it could not be kept.
        """
        name, settings = choose(self._interfaces, index)
        now = time.time()
        number = await self._database.run(
            outbox.add(name, text, tell=tell, now=now, expires=now + settings.expire)
        )
        self._news.set()
        return number

    async def outcome(self, number: int) -> Outcome:
        """Waits for what becomes of the next attempt to send a text that was just kept."""
        future = self._watched.setdefault(number, asyncio.get_running_loop().create_future())
        try:
            return await future
        finally:
            self._watched.pop(number, None)

    async def run(self) -> None:
        """Sends until it is cancelled."""
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
            for task in self._at_work.values():
                task.cancel()
            await asyncio.gather(*self._at_work.values(), return_exceptions=True)
            await sender.close()

    async def _start_what_is_due(self, sender: Sender) -> float:
        """Returns when the next is due."""
        now = time.time()
        following = now + LONGEST_WAIT
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
        wait = outcome.wait if outcome.wait is not None else backoff(leaving.attempts)
        if now + wait >= leaving.expires:
            await self._end(leaving, Outcome(Fate.FAILED, outcome.reason))
            return
        await self._insist(outbox.again(leaving.id, now + wait, outcome.reason))
        self._say(
            WARNING,
            f"a text to {leaving.text.recipient} waits, next attempt in {format_time(wait)}: "
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
            except DatabaseError as error:
                self._say(ERROR, str(error))
                await asyncio.sleep(DISK_SECONDS)


def backoff(attempts: int) -> float:
    """Returns the seconds to wait after an attempt, if there were so many before."""
    return min(FIRST_WAIT * 2.0 ** min(attempts, 20), LONGEST_WAIT)
