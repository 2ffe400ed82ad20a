"""Hands a message to Asterisk, and finds the result. See pbx.websms.asterisk.dialplan.

In one case the result is unknown: Asterisk is killed after the channel has entered the user's
dialplan and before the result is stored, which takes some milliseconds. Such a message is delivered
again: a message that arrives twice is better than a lost one.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from pbx.asterisk.console import NotRunningError, ask
from pbx.websms.asterisk import dialplan
from pbx.websms.asterisk.agi import AgiError, encode_pieces
from pbx.websms.asterisk.dialplan import BEGUN, Lane
from pbx.websms.asterisk.fastagi import AgiSession, serve
from pbx.websms.configuration.settings import QueueSettings
from pbx.websms.incoming.checks import address_part
from pbx.websms.incoming.inbox import InboxMessage

BEGIN_SECONDS = 2.0
"""Until Asterisk calls the AGI server; after that, the dialplan is checked."""
LOOK_SECONDS = 0.5
"""Between two looks for the result of a message if Asterisk does not report it."""
DELIVERED = ("SUCCESS", "")
"""MESSAGE_SEND_STATUS of delivered messages. A dialplan that does not use MessageSend does
something else with the text, which counts as delivered."""


class NoAsteriskError(Exception):
    """Asterisk does not answer on its console; the text says why."""


@dataclass(frozen=True)
class DeliveryResult:
    """The result of an attempt to deliver.

    Attributes:
        delivered: Whether the dialplan accepted the message.
        reason: Why it did not.
        soon: Whether to retry soon, since the fault is Asterisk's.
    """

    delivered: bool
    reason: str = ""
    soon: bool = False


class AsteriskClient:
    """The connection to Asterisk: console and AGI server.

    Args:
        queue: Settings of delivery.
    """

    def __init__(self, queue: QueueSettings) -> None:
        self._queue = queue
        self._beginnings: dict[int, asyncio.Future[AgiSession]] = {}
        self._ends: dict[int, asyncio.Future[str]] = {}
        self._leave: dict[int, asyncio.Event] = {}

    async def open(self) -> None:
        """Start the AGI server."""
        self._server, self._address = await serve(self._handle)

    def close(self) -> None:
        """Stop the AGI server."""
        self._server.close()

    async def hand_over(self, message: InboxMessage, lane: int) -> DeliveryResult:
        """Try to deliver a message; return the result.

        Args:
            message: One that is not being delivered already.
            lane: One that is not in use until the result is stored.

        Raises:
            NoAsteriskError: Asterisk does not answer. The message was not sent, or Asterisk ended
                before it stored the result.
        """
        loop = asyncio.get_running_loop()
        number = message.id
        end = self._ends[number] = loop.create_future()
        left = self._leave[number] = asyncio.Event()
        try:
            session = await self._call(number)
            if session is None:
                return DeliveryResult(False, "Asterisk does not run our dialplan", soon=True)
            try:
                if reason := await self._find_phone(session, message):
                    return DeliveryResult(False, reason)
                await self._send(session, message, lane)
            except AgiError:
                pass  # it may have been sent: the result shows
            left.set()
            return await self._result(number, lane, end)
        finally:
            left.set()
            del self._ends[number], self._leave[number]

    async def lanes(self) -> Mapping[int, Lane]:
        """Return Asterisk's memory of all lanes.

        Raises:
            NoAsteriskError: it does not answer.
        """
        return dialplan.read_lanes(await self._ask(dialplan.SHOW_GLOBALS))

    async def forget(self, lane: int) -> None:
        """Make Asterisk forget the last message of a lane.

        Raises:
            NoAsteriskError: it does not answer.
        """
        await self._ask(dialplan.forget_command(lane))

    async def status(self, number: int, lane: int) -> str | None:
        """Return the status of a message: BEGUN, or MESSAGE_SEND_STATUS.

        None means that it was not sent, or that Asterisk was restarted.

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
        # It may have ended between the two queries.
        known = (await self.lanes()).get(lane)
        has_ended = known and known.message == number and known.status != BEGUN
        return known.status if known and has_ended else None

    async def contacts(self) -> frozenset[tuple[str, str]]:
        """Return the registered phones, and whether they are reachable.

        Raises:
            NoAsteriskError: it does not answer.
        """
        return dialplan.read_contacts(await self._ask(dialplan.SHOW_CONTACTS))

    async def prepare(self) -> None:
        """Add our dialplan, if Asterisk does not have it.

        Raises:
            NoAsteriskError: it does not answer.
        """
        await self._ask(dialplan.AWAIT_BOOT)  # else reading the user's dialplan would remove ours
        if self._address not in await self._ask(dialplan.SHOW_CONTEXT):
            for command in dialplan.add_commands(self._address):
                await self._ask(command)

    async def _call(self, number: int) -> AgiSession | None:
        """Start a channel; return its AGI session, None if there is none."""
        begin = self._beginnings[number] = asyncio.get_running_loop().create_future()
        try:
            await self._ask(dialplan.originate_command(number))
            done, _ = await asyncio.wait([begin], timeout=BEGIN_SECONDS)
            if not done:  # Asterisk was restarted, or `dialplan reload` was run
                await self.prepare()
                await self._ask(dialplan.originate_command(number))
                done, _ = await asyncio.wait([begin], timeout=BEGIN_SECONDS)
            return begin.result() if done else None
        finally:
            del self._beginnings[number]

    async def _handle(self, session: AgiSession) -> None:
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

    async def _find_phone(self, session: AgiSession, message: InboxMessage) -> str:
        """Return why no phone can receive the message; "" if one can."""
        await session.run("ANSWER")
        await session.run("EXEC", "Dial", dialplan.presence_dial(message.recipient, self._queue))
        status = await session.get("DIALSTATUS")
        return "" if status == "ANSWER" else f"no phone is available ({status or 'no answer'})"

    async def _send(self, session: AgiSession, message: InboxMessage, lane: int) -> None:
        """Send the channel to the user's dialplan. Only the last command has an effect."""
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

    async def _result(self, number: int, lane: int, end: asyncio.Future[str]) -> DeliveryResult:
        while True:
            done, _ = await asyncio.wait([end], timeout=LOOK_SECONDS)
            status = end.result() if done else await self.status(number, lane)
            if status is None:
                return DeliveryResult(False, "Asterisk did not report the result", soon=True)
            if status in DELIVERED:
                return DeliveryResult(True)
            if status != BEGUN:
                return DeliveryResult(False, f"the phone did not accept it ({status})")

    async def _ask(self, command: str) -> str:
        try:
            return await asyncio.to_thread(ask, command)
        except NotRunningError as error:
            raise NoAsteriskError("Asterisk does not run") from error
        except OSError as error:
            raise NoAsteriskError(f"Asterisk does not answer: {error}") from error


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else -1
