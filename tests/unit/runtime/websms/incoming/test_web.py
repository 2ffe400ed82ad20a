"""The web server on invalid HTTP; on real sockets."""

from __future__ import annotations

import asyncio
import logging
import re
import socket

import pytest
from pbx.websms.configuration.reader import read_settings
from pbx.websms.incoming.inbox import IncomingSms
from pbx.websms.incoming.web import WebServer

BODY = b"To=%2B12025550160&From=12025550183&Body=secret"
POST = b"POST / HTTP/1.1\r\nHost: sms.example\r\nContent-Length: 46\r\n"
GOOD = POST + b"\r\n" + BODY
CHUNKED = b"POST / HTTP/1.1\r\nHost: sms.example\r\nTransfer-Encoding: chunked\r\n\r\n"
KEPT = IncomingSms("", "+12025550160", "12025550183", "secret")


class Answers:
    """What came of bytes that were sent on one connection."""

    def __init__(self, *parts: bytes) -> None:
        self.kept: list[IncomingSms] = []
        self.said: list[str] = []
        self.text = asyncio.run(self._run(parts))

    @property
    def statuses(self) -> list[int]:
        return [int(status) for status in re.findall(r"HTTP/1\.[01] (\d+)", self.text)]

    async def _keep(self, message: IncomingSms) -> None:
        self.kept.append(message)

    async def _run(self, parts: tuple[bytes, ...]) -> str:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        server = WebServer(
            read_settings("[websmsd]\n", {}), self._keep, lambda _, line: self.said.append(line)
        )
        await server.open(port)
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            for part in parts:
                writer.write(part)
                await writer.drain()
            async with asyncio.timeout(5):
                received = await reader.read()
            writer.close()
            return received.decode()
        finally:
            await server.close()


@pytest.mark.parametrize(
    "noise",
    [
        POST + b"Transfer-Encoding: chunked\r\n\r\n" + BODY,
        POST + b"Content-Length: 46\r\n\r\n" + BODY,
        GOOD.replace(b"\r\n", b"\n"),
        CHUNKED + b"2e\r\n" + BODY + b"too much\r\n0\r\n\r\n",
        b"GET /secret/\x01 HTTP/1.1\r\nHost: sms.example\r\n\r\n",
        b"GET http://[secret/ HTTP/1.1\r\nHost: sms.example\r\n\r\n",
        b"GET /" + b"secret" * 2000 + b" HTTP/1.1\r\n\r\n",
    ],
)
def test_web_refuses_invalid_http_in_a_line_without_its_content(
    noise: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    answers = Answers(noise)
    assert answers.statuses == [400]
    assert answers.text.endswith("\r\n\r\nnot a valid HTTP request\n")
    assert answers.said == ["refused a request of 127.0.0.1, not a valid HTTP request"]
    assert "secret" not in caplog.text
    assert answers.kept == []


def test_web_confirms_what_was_stored_whatever_follows() -> None:
    upgrade = POST + b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n" + BODY + b"\0\1\2"
    for parts in ([GOOD + b"GET http://[/ HTTP/1.1\r\n\r\n"], [GOOD + b"\0\1\2"], [upgrade]):
        answers = Answers(*parts)
        assert answers.statuses in ([200, 400], [200], [400])
        assert answers.statuses.count(200) == len(answers.kept)


def test_web_client_that_leaves_is_not_an_error(caplog: pytest.LogCaptureFixture) -> None:
    async def leave() -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        said: list[str] = []
        server = WebServer(
            read_settings("[websmsd]\n", {}), keep, lambda _, line: said.append(line)
        )
        await server.open(port)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(GOOD[:-5])
        writer.write_eof()
        assert await reader.read() == b""
        writer.close()
        await server.close()
        assert said == []

    async def keep(message: IncomingSms) -> None:
        pytest.fail(f"{message} is not whole")

    caplog.set_level(logging.INFO)
    asyncio.run(leave())
    assert caplog.text == ""
