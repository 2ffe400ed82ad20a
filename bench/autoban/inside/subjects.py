"""What is measured: how each one is fed with events, and asked what it has done with them."""

import json
import os
import pickle
import re
import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from threading import Lock, Thread
from typing import Protocol

from bench.autoban.inside import events

AMI_PORT = 5098
CONTROL = "/run/autoban/control"
SECURITY_LOG = "/srv/var/log/asterisk/security.log"
FAIL2BAN = "/var/run/fail2ban/fail2ban.sock"
_FAIL2BAN_END = b"<F2B_END_COMMAND>"
_TIMEOUT = 30.0  # seconds


@dataclass(frozen=True)
class Seen:
    """What a program says that it has done so far."""

    events: int
    bans: int


@dataclass(frozen=True)
class Usage:
    """What a process has used: seconds of CPU, its children's included, and MB resident now."""

    cpu: float
    rss: float


class Subject(Protocol):
    """A program that bans."""

    def render(self, sources: Iterable[str]) -> bytes:
        """Return a guess from each source, in the form that it takes them."""

    def send(self, data: bytes) -> None:
        """Hands it over."""

    def seen(self) -> Seen:
        """Asks the program."""

    def usage(self) -> Usage:
        """Asks the kernel about the program."""


class AutoBanSubject:
    """Ours; fed by a server that speaks AMI as Asterisk does."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._process = _process("autoband")
        self.open()

    def open(self) -> None:
        """Open the port, and return once AutoBan has logged in and wants events."""
        with socket.socket() as server:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.bind(("127.0.0.1", AMI_PORT))
            server.listen()
            server.settimeout(_TIMEOUT)
            self._line, _ = server.accept()
        self._line.settimeout(_TIMEOUT)
        self._line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.send(b"Asterisk Call Manager/11.0.0\r\n")
        self._rest = b""
        while self._answer() != "Events":
            pass
        self._line.settimeout(None)
        Thread(target=self._go_on_answering, daemon=True).start()

    def close(self) -> None:
        """End the connection, as Asterisk does when it ends."""
        self._line.shutdown(socket.SHUT_RDWR)
        self._line.close()

    def render(self, sources: Iterable[str]) -> bytes:
        """Return messages of AMI."""
        return b"".join(map(events.message, sources))

    def send(self, data: bytes) -> None:
        """Send it over AMI; waits if AutoBan is behind."""
        with self._lock:
            self._line.sendall(data)

    def seen(self) -> Seen:
        """Asks as the command `autoban stats` does."""
        with socket.socket(socket.AF_UNIX) as control:
            control.settimeout(_TIMEOUT)
            control.connect(CONTROL)
            control.sendall(b'["stats"]\n')
            figures = json.loads(control.makefile("rb").readline())["figures"]
        return Seen(sum(figures["events"].values()), figures["sentences"])

    def usage(self) -> Usage:
        """Of AutoBan's one process."""
        return _usage(self._process)

    def _go_on_answering(self) -> None:
        try:
            while self._answer():
                pass
        except OSError:
            pass  # closed by close()

    def _answer(self) -> str:
        """Answers the next action and returns its name; nothing at the end."""
        while b"\r\n\r\n" not in self._rest:
            data = self._line.recv(4096)
            if not data:
                return ""
            self._rest += data
        block, _, self._rest = self._rest.partition(b"\r\n\r\n")
        fields = dict(re.findall(r"(\w+): (.*)", block.decode().replace("\r", "")))
        known = fields["Action"] in ("Login", "Events", "Ping")
        response = "Success" if known else "Error"
        reply = f"Response: {response}\r\nActionID: {fields.get('ActionID', '')}\r\n"
        self.send(reply.encode() + (b"\r\n" if known else b"Message: Permission denied\r\n\r\n"))
        return str(fields["Action"])


class Fail2ban:
    """The peer; fed with the security log."""

    def __init__(self) -> None:
        self._process = _process("fail2ban-server")
        self._log = os.open(SECURITY_LOG, os.O_WRONLY | os.O_APPEND)

    def render(self, sources: Iterable[str]) -> bytes:
        """Return lines of the log."""
        return b"".join(map(events.line, sources))

    def send(self, data: bytes) -> None:
        """Append it to the log."""
        while data:
            data = data[os.write(self._log, data) :]

    def seen(self) -> Seen:
        """Asks as the command `fail2ban-client status asterisk` does."""
        with socket.socket(socket.AF_UNIX) as control:
            control.settimeout(_TIMEOUT)
            control.connect(FAIL2BAN)
            control.sendall(pickle.dumps(["status", "asterisk"], 2) + _FAIL2BAN_END)
            reply = b""
            while not reply.endswith(_FAIL2BAN_END):
                reply += control.recv(65536)
        # fail2ban's own protocol, from the one that the bench has started itself
        _, sections = pickle.loads(reply.removesuffix(_FAIL2BAN_END))  # noqa: S301
        figures = {name: value for _, section in sections for name, value in section}
        return Seen(figures["Total failed"], figures["Total banned"])

    def usage(self) -> Usage:
        """Of its server, and of the programs that this has run."""
        return _usage(self._process)


def _process(name: str) -> Path:
    deadline = time.monotonic() + _TIMEOUT
    while time.monotonic() < deadline:
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            words = path.read_bytes().split(b"\0")
            if any(word.endswith(name.encode()) for word in words[:3]) and b"runsv" not in words[0]:
                return path.parent
        time.sleep(0.05)
    raise TimeoutError(f"there is no {name}")


def _usage(process: Path) -> Usage:
    # proc(5): fields 14 to 17, counted from 1, of which the second may have blanks in it
    fields = (process / "stat").read_text().rpartition(")")[2].split()
    ticks = sum(map(int, fields[11:15]))
    resident = re.search(r"VmRSS:\s+(\d+) kB", (process / "status").read_text())
    return Usage(ticks / os.sysconf("SC_CLK_TCK"), int(resident[1]) / 1024 if resident else 0.0)
