"""Hands messages over to Asterisk, and finds out how it went. See pbx.websms.dialplan.

One case is left in which nobody can know: Asterisk is killed after the channel has entered the
user's dialplan, and before that has told how it went, which are some milliseconds. Such a message
is handed over again, since one that comes twice is better than one that does not come.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from pbx.asterisk.console import NotRunningError, ask
from pbx.websms import dialplan
from pbx.websms.agi import AgiError, encode_pieces
from pbx.websms.checks import address_part
from pbx.websms.dialplan import BEGUN, Lane
from pbx.websms.fastagi import Session, serve
from pbx.websms.inbox import Waiting
from pbx.websms.settings import QueueSettings

BEGIN_SECONDS = 2.0
"""Until Asterisk calls back; then its dialplan is looked after."""
LOOK_SECONDS = 0.5
"""Between two looks at what became of a message, if Asterisk does not tell by itself."""
DELIVERED = ("SUCCESS", "")
"""MESSAGE_SEND_STATUS of what need not be sent again. A dialplan that answered and then did without
MessageSend has something else in mind for the text, and is taken to have done it."""


class NoAsteriskError(Exception):
    """Asterisk cannot be asked; the text says why."""


@dataclass(frozen=True)
class Outcome:
    """How it went.

    Attributes:
        delivered: Whether the dialplan took the message.
        reason: Why it did not.
        soon: Whether the fault is Asterisk's, so that it is worth trying again soon.
    """

    delivered: bool
    reason: str = ""
    soon: bool = False


class Exchange:
    """The way to Asterisk.

    Args:
        queue: Settings.
    """

    def __init__(self, queue: QueueSettings) -> None:
        self._queue = queue
        self._beginnings: dict[int, asyncio.Future[Session]] = {}
        self._ends: dict[int, asyncio.Future[str]] = {}
        self._leave: dict[int, asyncio.Event] = {}

    async def open(self) -> None:
        """Begins to answer Asterisk."""
        self._server, self._address = await serve(self._meet)

    def close(self) -> None:
        """Answers no more."""
        self._server.close()

    async def hand_over(self, message: Waiting, lane: int) -> Outcome:
        """Try to deliver a message; return when it is known how that went.

        Args:
            message: Nobody else is handing it over.
            lane: A place that nobody else uses, until the outcome is kept.

        Raises:
            NoAsteriskError: Asterisk does not answer. Nothing was sent, or it was, and Asterisk
                ended within the moment until it told: nobody can know.
        """
        loop = asyncio.get_running_loop()
        number = message.id
        end = self._ends[number] = loop.create_future()
        left = self._leave[number] = asyncio.Event()
        try:
            session = await self._call(number)
            if session is None:
                return Outcome(False, "Asterisk does not run our dialplan", soon=True)
            try:
                if reason := await self._present(session, message):
                    return Outcome(False, reason)
                await self._send(session, message, lane)
            except AgiError:
                pass  # whether it went on its way all the same is seen now
            left.set()
            return await self._outcome(number, lane, end)
        finally:
            left.set()
            del self._ends[number], self._leave[number]

    async def lanes(self) -> Mapping[int, Lane]:
        """Return what Asterisk remembers.

        Raises:
            NoAsteriskError: it does not answer.
        """
        return dialplan.read_lanes(await self._ask(dialplan.SHOW_GLOBALS))

    async def forget(self, lane: int) -> None:
        """Has Asterisk forget what became of the last message of a lane.

        Raises:
            NoAsteriskError: it does not answer.
        """
        await self._ask(dialplan.forget_command(lane))

    async def status(self, number: int, lane: int) -> str | None:
        """Return how it went with a message: BEGUN, or MESSAGE_SEND_STATUS.

        None means that it was not sent, or that Asterisk was started anew.

        Raises:
            NoAsteriskError: it does not answer.
        """
        known = (await self.lanes()).get(lane)
        if known is None or known.message != number:
            return None
        if known.status != BEGUN:
            return known.status
        if dialplan.has_channel(await self._ask(dialplan.SHOW_CHANNELS), number):
            return BEGUN
        # It may have ended between the two questions.
        known = (await self.lanes()).get(lane)
        is_told = known and known.message == number and known.status != BEGUN
        return known.status if known and is_told else None

    async def contacts(self) -> frozenset[tuple[str, str]]:
        """Return the phones that are registered, and whether they answer.

        Raises:
            NoAsteriskError: it does not answer.
        """
        return dialplan.read_contacts(await self._ask(dialplan.SHOW_CONTACTS))

    async def prepare(self) -> None:
        """Sees to it that Asterisk has our dialplan.

        Raises:
            NoAsteriskError: it does not answer.
        """
        await self._ask(dialplan.AWAIT_BOOT)  # else its own dialplan, when read, ousts ours
        if self._address not in await self._ask(dialplan.SHOW_CONTEXT):
            for command in dialplan.add_commands(self._address):
                await self._ask(command)

    async def _call(self, number: int) -> Session | None:
        """Has Asterisk call back; return the session, None if it does not."""
        begin = self._beginnings[number] = asyncio.get_running_loop().create_future()
        try:
            await self._ask(dialplan.originate_command(number))
            done, _ = await asyncio.wait([begin], timeout=BEGIN_SECONDS)
            if not done:  # after a start of Asterisk, or `dialplan reload`
                await self.prepare()
                await self._ask(dialplan.originate_command(number))
                done, _ = await asyncio.wait([begin], timeout=BEGIN_SECONDS)
            return begin.result() if done else None
        finally:
            del self._beginnings[number]

    async def _meet(self, session: Session) -> None:
        if session.script == "begin":
            number = _number(session.extension)
            begin = self._beginnings.get(number)
            if begin and not begin.done():
                left = self._leave[number]
                begin.set_result(session)
                await left.wait()
        elif session.script == "ended" and session.arguments:
            end = self._ends.get(_number(session.arguments[0]))
            if end and not end.done():
                end.set_result(session.arguments[1] if len(session.arguments) > 1 else "")

    async def _present(self, session: Session, message: Waiting) -> str:
        """Return why nobody takes the message; "" if a phone is there."""
        await session.run("ANSWER")
        await session.run("EXEC", "Dial", dialplan.presence_dial(message.recipient, self._queue))
        status = await session.get("DIALSTATUS")
        return "" if status == "ANSWER" else f"no phone is there ({status or 'no answer'})"

    async def _send(self, session: Session, message: Waiting, lane: int) -> None:
        """Send the channel on its way. All up to the last command has no effect by itself."""
        pieces = encode_pieces(message.body)
        encoding = self._queue.message_encode
        variables = [
            ("MESSAGE(to)", message.recipient),
            ("MESSAGE(from)", address_part(message.sender)),
            *dialplan.text_variables(pieces, encoding),
            ("WEBSMS_ID", str(message.id)),
            ("WEBSMS_LANE", str(lane)),
        ]
        for name, value in variables:
            await session.set(name, value)
        if join := dialplan.join_command(pieces, encoding):
            await session.run("EXEC", "Exec", join)
        await session.set("CHANNEL(hangup_handler_push)", f"{dialplan.CONTEXT},ended,1")
        await session.set(f"GLOBAL({dialplan.LANE_VARIABLE}{lane})", f"{message.id}:{BEGUN}")
        queue = self._queue
        place = f"{queue.context},{message.recipient},{queue.priority}"
        await session.run("EXEC", "Goto", place)

    async def _outcome(self, number: int, lane: int, end: asyncio.Future[str]) -> Outcome:
        while True:
            done, _ = await asyncio.wait([end], timeout=LOOK_SECONDS)
            status = end.result() if done else await self.status(number, lane)
            if status is None:
                return Outcome(False, "Asterisk did not say what became of it", soon=True)
            if status in DELIVERED:
                return Outcome(True)
            if status != BEGUN:
                return Outcome(False, f"the phone did not take it ({status})")

    async def _ask(self, command: str) -> str:
        try:
            return await asyncio.to_thread(ask, command)
        except NotRunningError as error:
            raise NoAsteriskError("Asterisk does not run") from error
        except OSError as error:
            raise NoAsteriskError(f"Asterisk does not answer: {error}") from error


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else -1
