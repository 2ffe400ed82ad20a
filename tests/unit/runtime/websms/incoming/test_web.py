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
