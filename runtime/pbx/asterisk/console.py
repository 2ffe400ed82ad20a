"""Asks Asterisk's console, through the socket that `asterisk -r` uses."""

import socket
import time
from collections.abc import Callable
from pathlib import Path

CONSOLE = Path("/run/asterisk/asterisk.ctl")
ANSWER_SECONDS = 10.0
RELOAD_SECONDS = 30.0
_BUSY = "already in progress"


class NotRunningError(Exception):
    """There is no Asterisk that listens."""


def ask(command: str, *, console: Path | None = None, seconds: float = ANSWER_SECONDS) -> str:
    """Return what the console answers to a command.

    Args:
        command: As one would type it.
        console: The socket; CONSOLE if none is given.
        seconds: How long to wait for each part of the answer.

    Raises:
        NotRunningError: Asterisk does not run.
        OSError: it does not answer in time, or may not be asked.
    """
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(seconds)
        try:
            connection.connect(str(console or CONSOLE))
        except (FileNotFoundError, ConnectionRefusedError) as error:
            raise NotRunningError from error
        connection.sendall(command.encode() + b"\0")
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while chunk := connection.recv(4096):
            answer += chunk
    return answer.decode("utf-8", "replace")


def reload(module: str, *, console: Path | None = None) -> str:
    """Has a module read its files again, once no other reload is under way; return the answer.

    Asterisk forgets what it is asked during one (main/cli.c: AST_MODULE_RELOAD_IN_PROGRESS).

    Args:
        module: As `module reload` wants it, e.g. `res_pjsip.so`.
        console: As for ask.

    Raises:
        NotRunningError: Asterisk does not run.
        OSError: as for ask.
    """
    end = time.monotonic() + RELOAD_SECONDS
    while _BUSY in (answer := ask(f"module reload {module}", console=console)):
        if time.monotonic() > end:
            break
        time.sleep(0.1)
    return answer


def await_answer(command: str, wanted: Callable[[str], bool], *, seconds: float) -> bool:
    """Asks until the answer is as wanted; return whether it was, in time.

    Raises:
        NotRunningError: Asterisk does not run.
        OSError: as for ask.
    """
    end = time.monotonic() + seconds
    while not wanted(ask(command)):
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True
