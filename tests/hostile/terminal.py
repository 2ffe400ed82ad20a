"""What an administrator has with `docker exec -it`: a program in a terminal."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from types import TracebackType
from typing import Any, cast

from docker.models.containers import Container


class Terminal:
    """A program that root runs in a container, in a terminal of its own.

    Args:
        container: Where.
        command: What.
    """

    def __init__(self, container: Container, command: Sequence[str]) -> None:
        api = container.client.api  # type: ignore[union-attr]
        made = api.exec_create(container.id, list(command), stdin=True, tty=True)
        self._stream = cast(Any, api.exec_start(made["Id"], tty=True, socket=True))
        self._socket: socket.socket = self._stream._sock
        self._socket.settimeout(0.2)
        self._text = b""

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stream.close()
        self._socket.close()

    def type(self, text: str) -> None:
        """Types a text."""
        self._socket.sendall(text.encode())

    def read(self) -> str:
        """Returns all that has been shown so far, what was typed among it."""
        try:
            while part := self._socket.recv(4096):
                self._text += part
        except TimeoutError:
            pass
        return self._text.decode("utf-8", "replace")
