"""Tells Asterisk that there is another certificate."""

import socket
from pathlib import Path

CONSOLE = "asterisk.ctl"
BOOT_SECONDS, ANSWER_SECONDS = 60.0, 10.0


class AsteriskError(Exception):
    """Asterisk runs, but does not do as it is told; the message says what it did not."""


def reload_certificate(console: Path) -> bool:
    """Has SIP over TLS, and HTTPS where it is on, use what is in the files now.

    Calls go on: connections that exist keep the certificate that they began with.

    Args:
        console: The socket that `asterisk -r` uses.

    Returns:
        Whether Asterisk runs; if it does not, it will read the files when it starts.

    Raises:
        AsteriskError: it did not reload.
    """
    try:
        _ask(console, "core waitfullybooted", BOOT_SECONDS)
        _reload(console, "res_pjsip.so")
        if "HTTPS Server Enabled" in _ask(console, "http show status"):
            _reload(console, "http")
    except (FileNotFoundError, ConnectionRefusedError):
        return False
    except OSError as error:
        raise AsteriskError(f"no answer on {console}: {error}") from error
    return True


def _reload(console: Path, module: str) -> None:
    answer = _ask(console, f"module reload {module}")
    if "reloaded successfully" not in answer:
        last = (answer.strip().splitlines() or ["nothing"])[-1]
        raise AsteriskError(f"`module reload {module}` said: {last}")


def _ask(console: Path, command: str, seconds: float = ANSWER_SECONDS) -> str:
    """Returns what the console answers."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(seconds)
        connection.connect(str(console))
        connection.sendall(command.encode() + b"\0")
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while chunk := connection.recv(4096):
            answer += chunk
    return answer.decode("utf-8", "replace")
