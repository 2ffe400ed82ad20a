"""Connections to the web server, and answers read strictly."""

from __future__ import annotations

import re
import socket
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

TIMEOUT = 8.0
"""Seconds within which an answer comes; below those after which the server gives up itself."""
QUIET = 0.15
"""Seconds after which nothing more is expected of a connection whose end nobody knows."""
_STATUS = re.compile(rb"HTTP/(?:0\.9|1\.[01]) (\d{3}) [A-Za-z ]+")
_HEADER = re.compile(rb"([A-Za-z-]+): ([\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?)")
_KNOWN = {
    b"server", b"x-content-type-options", b"cache-control", b"content-type", b"content-length",
    b"date", b"allow", b"connection",
}  # fmt: skip


@dataclass(frozen=True)
class HttpAnswer:
    """An answer; its head has been found to be of plain, known headers."""

    status: int
    headers: dict[str, str]
    body: bytes


class Connection:
    """A connection to the web server."""

    def __init__(self, address: str) -> None:
        self._socket = socket.create_connection((address, 80), timeout=TIMEOUT)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""
        self.ended = False

    def close(self) -> None:
        """Leaves."""
        self._socket.close()

    def send(self, data: bytes) -> None:
        """Sends; what the other side does not want to hear any more is not sent."""
        with suppress(ConnectionError):
            self._socket.sendall(data)

    def end(self) -> None:
        """Says that nothing follows."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def answer(self, method: str = "GET", seconds: float = TIMEOUT) -> HttpAnswer | None:
        """Reads an answer; None if the connection ends, or nothing comes in time."""
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            if not self._read(seconds):
                assert not self._buffer, f"half an answer: {self._buffer!r}"
                return None
        head, self._buffer = self._buffer[:end], self._buffer[end + 4 :]
        status, *lines = head.split(b"\r\n")
        found = _STATUS.fullmatch(status)
        assert found, f"no status: {status!r}"
        if found[1] == b"100":
            return self.answer(method, seconds)
        headers = _headers(lines)
        length = 0 if method == "HEAD" else int(headers["content-length"])
        while len(self._buffer) < length:
            assert self._read(seconds), "half a body"
        body, self._buffer = self._buffer[:length], self._buffer[length:]
        if headers.get("connection") == "close" or not status.startswith(b"HTTP/1.1"):
            self.ended = True
        return HttpAnswer(int(found[1]), headers, body)

    def answers(self, seconds: float) -> list[HttpAnswer]:
        """Reads all answers until the connection ends, or is quiet for some time."""
        found = []
        while answer := self.answer(seconds=seconds):
            found.append(answer)
        return found

    def _read(self, seconds: float) -> bool:
        self._socket.settimeout(seconds)
        try:
            data = self._socket.recv(65536)
        except TimeoutError:
            return False
        except ConnectionError:
            data = b""
        self._buffer += data
        self.ended = self.ended or not data
        return bool(data)


def _headers(lines: Sequence[bytes]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        found = _HEADER.fullmatch(line)
        assert found, f"an odd header: {line!r}"
        name = found[1].lower()
        assert name in _KNOWN, f"an unknown header: {line!r}"
        assert name.decode() not in headers, f"twice: {line!r}"
        headers[name.decode()] = found[2].decode()
    return headers
