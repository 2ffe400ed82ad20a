"""The connection to a manager interface that comes, goes, refuses, and talks nonsense."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any

import pytest
from pbx.asterisk import ami_client
from pbx.asterisk.ami import Message
from pbx.asterisk.ami_client import AmiClient, AmiForeignError, AmiLogin

EVENT = b"Event: InvalidPassword\r\nAccountID: x\r\n\r\n"
WELCOME = b"Response: Success\r\nActionID: login\r\n\r\n"
REFUSAL = b"Response: Error\r\nActionID: login\r\nMessage: Authentication failed\r\n\r\n"


class Asterisk:
    """A manager interface that does what a test says."""

    def __init__(self) -> None:
        self.port = 0
        self.logins = 0
        self.received = b""
        self.answer = WELCOME
        self.after = EVENT
        self._server: asyncio.Server | None = None
        self._writers: list[asyncio.StreamWriter] = []

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._meet, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        assert self._server
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    def send(self, data: bytes) -> None:
        self._writers[-1].write(data)

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        writer.write(b"Asterisk Call Manager/11.0.0\r\n")
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            self.received += await reader.readuntil(b"\r\n\r\n")
            self.logins += 1
            writer.write(self.answer + self.after)
            while data := await reader.read(1000):
                self.received += data


class Log:
    """What a client said."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.up = 0
        self.down: list[Exception] = []

    def on_messages(self, messages: Sequence[Message]) -> None:
        self.messages += messages

    def on_up(self) -> None:
        self.up += 1

    def events(self) -> int:
        return sum("Event" in message for message in self.messages)


async def until(condition: Callable[[], object], seconds: float = 5) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)


def play(scene: Callable[[Asterisk, Log, AmiClient], Awaitable[Any]]) -> None:
    async def run() -> None:
        asterisk, log = Asterisk(), Log()
        await asterisk.start()
        login = AmiLogin("127.0.0.1", asterisk.port, "autoban", "s", "security")
        client = AmiClient(login, log.on_messages, log.on_up, log.down.append)
        task = asyncio.create_task(client.run())
        await scene(asterisk, log, client)
        assert not task.done()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        asterisk.stop()

    asyncio.run(run())


def test_ami_client_reconnects_soon_after_asterisk_is_back() -> None:
    async def scene(asterisk: Asterisk, log: Log, client: AmiClient) -> None:
        await until(lambda: log.up == 1)
        asterisk.stop()
        await until(lambda: len(log.down) > 6)  # long enough for the longest pause
        assert not client.up
        back = time.monotonic()
        await asterisk.start()
        await until(lambda: log.events() == 2)
        assert time.monotonic() - back < 2
        # The next outage begins with short pauses again.
        before = len(log.down)
        asterisk.stop()
        await until(lambda: len(log.down) > before)
        back = time.monotonic()
        await asterisk.start()
        await until(lambda: log.events() == 3)
        assert time.monotonic() - back < 1

    play(scene)


def test_ami_client_retries_a_refused_login_less_and_less_often(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ami_client, "REFUSED_DELAY", 0.01)
    pauses: list[float] = []
    pause = AmiClient._pause

    async def noted(self: AmiClient, seconds: float) -> None:
        pauses.append(seconds)
        await pause(self, seconds)

    async def scene(asterisk: Asterisk, _: Log, __: AmiClient) -> None:
        asterisk.answer = REFUSAL
        await until(lambda: len(pauses) > 4)
        assert pauses[:5] == pytest.approx([0.01, 0.02, 0.04, 0.08, 0.16])

    monkeypatch.setattr(AmiClient, "_pause", noted)
    play(scene)


def test_ami_client_retries_a_refused_login_at_once_when_things_have_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ami_client, "REFUSED_DELAY", 300.0)

    async def scene(asterisk: Asterisk, log: Log, client: AmiClient) -> None:
        asterisk.answer = REFUSAL
        await until(lambda: len(log.down) == 1)
        asterisk.answer = WELCOME
        client.retry_now()
        await until(lambda: log.up == 1)

    play(scene)


def test_ami_client_gives_the_login_to_no_other_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ami_client, "FOREIGN_DELAY", 0.01)
    foreign = False

    def check() -> None:
        if foreign:
            raise AmiForeignError("somebody else's")

    async def scene(asterisk: Asterisk, log: Log, client: AmiClient) -> None:
        nonlocal foreign
        client._check = check
        await until(lambda: log.up == 1)
        foreign = True
        client.end(AmiForeignError("somebody else's"))
        await until(lambda: len(log.down) > 3)
        assert all(isinstance(error, AmiForeignError) for error in log.down)
        assert asterisk.logins == 1
        foreign = False
        await until(lambda: log.up == 2)

    play(scene)


@pytest.mark.parametrize("answer", [b"", WELCOME])
def test_ami_client_leaves_a_server_that_hangs(
    monkeypatch: pytest.MonkeyPatch, answer: bytes
) -> None:
    monkeypatch.setattr(ami_client, "SILENCE", 0.1)

    async def scene(asterisk: Asterisk, log: Log, client: AmiClient) -> None:
        asterisk.answer, asterisk.after = answer, b""
        await until(lambda: asterisk.logins == 3)
        assert isinstance(log.down[0], TimeoutError)
        assert (b"Action: Ping" in asterisk.received) == bool(answer)
        assert bool(log.up) == bool(answer)
        assert answer or not client.up

    play(scene)


def test_ami_client_survives_nonsense_halves_and_floods() -> None:
    async def scene(asterisk: Asterisk, log: Log, client: AmiClient) -> None:
        await until(lambda: log.events() == 1)
        asterisk.send(b"\x00\xff" * 500_000 + b"\r\n\r\n" + EVENT[:10])
        asterisk.send(EVENT[10:] + EVENT * 20_000)
        await until(lambda: log.events() == 20_002, seconds=20)
        assert client.up
        assert log.down == []

    play(scene)


def test_ami_client_treats_an_impossible_host_name_as_a_failure() -> None:
    async def run() -> None:
        log = Log()
        login = AmiLogin("a..b", 5038, "autoban", "s", "security")
        client = AmiClient(login, log.on_messages, log.on_up, log.down.append)
        task = asyncio.create_task(client.run())
        await until(lambda: log.down or task.done())
        assert not task.done()
        task.cancel()

    asyncio.run(run())
