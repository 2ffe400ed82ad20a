"""Asks the running service."""

import json
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pbx.autoban.places import SOCKET, TIMEOUT


class NoServiceError(Exception):
    """Nobody answers."""


def ask(words: Sequence[str], path: Path = SOCKET) -> dict[str, Any]:
    """Asks the service.

    Raises:
        NoServiceError: it is not there.
        PermissionError: it is not for everybody.
    """
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(TIMEOUT)
        try:
            connection.connect(str(path))
            connection.sendall(json.dumps(list(words)).encode() + b"\n")
            with connection.makefile("rb") as file:
                reply = file.readline()
        except PermissionError:
            raise
        except OSError as error:
            raise NoServiceError(str(error)) from error
    if not reply:
        raise NoServiceError("it has ended")
    answer: dict[str, Any] = json.loads(reply)
    return answer
