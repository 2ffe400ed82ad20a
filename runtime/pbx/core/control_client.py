"""A command asks its service, see control. It imports little, so that commands start at once."""

import json
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ANSWER_SECONDS = 10.0
"""For an answer, if the order does not take longer by its nature."""

LARGEST_ANSWER = 1 << 24
"""Bytes; a list of all that AutoBan can know has a tenth of it. Who never ends is no service."""


class NoServiceError(Exception):
    """Nobody answers."""


def ask(path: Path, words: Sequence[str], seconds: float = ANSWER_SECONDS) -> dict[str, Any]:
    """Asks the service.

    Args:
        path: The service's socket.
        words: The order.
        seconds: How long to wait for the answer.

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
                reply = file.readline(LARGEST_ANSWER)
        except PermissionError:
            raise
        except OSError as error:
            raise NoServiceError(error.strerror or str(error)) from error
    if not reply:
        raise NoServiceError("it has ended")
    try:
        answer: dict[str, Any] = json.loads(reply)
    except ValueError as error:
        raise NoServiceError("what it answers is no answer") from error
    return answer
