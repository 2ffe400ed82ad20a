"""Looks at a container from outside: what WebSMS has kept, what it says, what it takes."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.model import KeptMessage
from tests.pbx import Pbx

_FIELD = r"(To|From|Body|data|data\.to\.0\.number|data\.from|data\.text|id|zd_echo)"
_REFUSED = r"refused a request of [0-9.]+, "
_REASONS = (
    f"{_FIELD} is missing",
    f"{_FIELD} occurs more than once",
    f"{_FIELD} is not a string",
    "use UTF-8",
    "it is not in UTF-8",
    "it has more than 100 fields",
    "send application/x-www-form-urlencoded or application/json",
    "(the body|data) is not JSON",
    "(the body|data) is JSON, but not an object",
    "the (recipient|sender) is neither a telephone number nor a short name",
    "the message is empty",
    "the message has more than 6000 bytes",
    r"the message has half a character \(a lone surrogate\)",
    r"the value to echo has half a character \(a lone surrogate\)",
    r"(the message|the value to echo) has a control character \(U\+00[0-9A-F]{2}\)",
    "the message ID is empty, too long, or has control characters",
)
_SAID = re.compile(
    "|".join(
        (
            r"message \d+ for [A-Za-z0-9+._-]{2,21} is pending: [ -~]{1,80}",
            r"delivered message \d+ to [A-Za-z0-9+._-]{2,21}",
            f"{_REFUSED}not a valid HTTP request",
            f"{_REFUSED}no address in x-forwarded-for",
            f"{_REFUSED}remt_addr does not name [0-9a-f.:]+",
            f"{_REFUSED}through '(plain|nested|echo|far)': ({'|'.join(_REASONS)})",
        )
    )
)
"""All that there is to say; a line that a request made is none of these."""
_LINE = re.compile(r"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d websms: (.*)")


@dataclass(frozen=True)
class ServiceProcess:
    """The service: its id, resident memory in KiB, number of descriptors."""

    pid: int
    resident: int
    descriptors: int


class Watch:
    """Looks at a container.

    Args:
        pbx: The container.
        folder: Of the host, where its /srv is.
    """

    def __init__(self, pbx: Pbx, folder: Path) -> None:
        self._pbx = pbx
        path = folder / "var/spool/websms/websms.db"
        self._database = sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)
        self._last = 0
        self.kept()
        self._known = len(self._lines())

    def close(self) -> None:
        """Leaves the database."""
        self._database.close()

    def kept(self) -> list[KeptMessage]:
        """What has been kept since the last look, in order."""
        rows = self._database.execute(
            "SELECT id, interface, provider_id, recipient, sender, body FROM inbox"
            " WHERE id > ? ORDER BY id",
            (self._last,),
        ).fetchall()
        if rows:
            self._last = rows[-1][0]
        return [KeptMessage(*row[1:]) for row in rows]

    def count(self) -> int:
        """All messages that wait, as the database has them."""
        query = "SELECT count(*) FROM inbox WHERE state = 'waiting'"
        return int(self._database.execute(query).fetchone()[0])

    def queue(self) -> int:
        """All messages that wait, as the command tells it."""
        return int(json.loads(self._pbx.run("websms queue --json"))["waiting"])

    def process(self) -> ServiceProcess:
        """The service as it is now."""
        pid = int(self._pbx.run("sv status websms | sed 's/^run: websms: (pid //; s/).*//'"))
        resident = self._pbx.run(
            f"sed -n 's/^VmRSS:[^0-9]*\\([0-9]*\\).*/\\1/p' /proc/{pid}/status"
        )
        return ServiceProcess(pid, int(resident), int(self._pbx.run(f"ls /proc/{pid}/fd | wc -l")))

    def files(self) -> set[str]:
        """What is where files could be put."""
        places = "/var/spool/ /srv/var/spool/ /tmp/ /var/tmp/ /run/websms/ /etc/asterisk/ /dev/shm/"
        found = self._pbx.run(f"find {places} 2> /dev/null || true").splitlines()
        return {name for name in found if not name.endswith(("-wal", "-shm", "-journal"))}

    def odd_lines(self) -> Sequence[str]:
        """New lines of the log that should not be."""
        odd = []
        for line in self._lines()[self._known :]:
            ours = _LINE.fullmatch(line)
            if ours and _SAID.fullmatch(ours[1]):
                continue
            known = re.match(r"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d [a-z][a-z-]*(\[\d+\])?: ", line)
            if ours or not known or "Traceback" in line or "fuzzed" in line:
                odd.append(line)
        return odd

    def _lines(self) -> list[str]:
        log = self._pbx.container.logs().decode("utf-8", "replace")
        return log.removesuffix("\n").split("\n")
