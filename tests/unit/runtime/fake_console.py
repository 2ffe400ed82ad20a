"""Asterisk's console without Asterisk."""

from __future__ import annotations

import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

Answers = dict[str, str]
Console = Callable[[Answers], tuple[Path, list[str]]]


@contextmanager
def fake_consoles() -> Iterator[Console]:
    """Makes consoles that answer as told; each call returns a path, and what was asked there."""
    with ExitStack() as stack:

        def make(answers: Answers) -> tuple[Path, list[str]]:
            # A socket's path has 107 bytes at most.
            path = Path(stack.enter_context(tempfile.TemporaryDirectory()), "asterisk.ctl")
            server = stack.enter_context(socket.socket(socket.AF_UNIX))
            server.bind(str(path))
            server.listen()
            asked: list[str] = []

            def serve() -> None:
                while True:
                    try:
                        connection, _ = server.accept()
                    except OSError:
                        return
                    with connection:
                        command = connection.recv(100).rstrip(b"\0").decode()
                        asked.append(command)
                        connection.sendall(b"pbx/1/22.10\n" + answers.get(command, "").encode())

            thread = threading.Thread(target=serve)
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.shutdown, socket.SHUT_RDWR)
            return path, asked

        yield make
