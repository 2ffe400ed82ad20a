"""Asks the running service. It imports little, since Asterisk waits for the command."""

import json
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pbx.websms.places import SOCKET


class NoServiceError(Exception):
    """Nobody answers."""


def ask(words: Sequence[str], seconds: float, path: Path = SOCKET) -> dict[str, Any]:
    """Asks the service.

    Args:
        words: The order.
        seconds: How long to wait for the answer.
        path: The socket.

    Raises:
        NoServiceError: it is not there, or takes too long.
        PermissionError: it is not for everybody.
    """
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(seconds)
        try:
            connection.connect(str(path))
            connection.sendall(json.dumps(list(words)).encode() + b"\n")
            with connection.makefile("rb") as file:
                reply = file.readline()
        except PermissionError:
            raise
        except OSError as error:
            raise NoServiceError(error.strerror or str(error)) from error
    if not reply:
        raise NoServiceError("it has ended")
    answer: dict[str, Any] = json.loads(reply)
    return answer
