"""What happened in a soak, written down by all who take part at the same time."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass
from typing import TypeVar

_Entry = TypeVar("_Entry")


@dataclass(frozen=True)
class Act:
    """Something that was done; times are seconds since 1970.

    Attributes:
        what: Such as `calls`.
        begun: When.
        ended: When.
        failure: What went wrong; "" if nothing did.
        excuses: Services of which a kill excuses a failure.
    """

    what: str
    begun: float
    ended: float
    failure: str = ""
    excuses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Kill:
    """A service that was killed; times are seconds since 1970.

    Attributes:
        service: Its name.
        at: When.
        back: When its process was there again.
        well: When the health check passed again.
    """

    service: str
    at: float
    back: float
    well: float


@dataclass(frozen=True)
class Outage:
    """A time in which a fixture service of the PBX was away; seconds since 1970."""

    who: str
    begun: float
    ended: float


@dataclass(frozen=True)
class Sent:
    """A message; times are seconds since 1970.

    Attributes:
        way: `text`, `sms out`, `sms in` or `voicemail`.
        name: What tells it from all others of its way.
        begun: When it was handed over.
        taken: When the PBX had said yes; 0 if that is not known.
        to: Number of the recipient.
    """

    way: str
    name: str
    begun: float
    taken: float
    to: str


class Journal:
    """Takes notes from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: list[object] = []
        self._counts: Counter[str] = Counter()

    def note(self, entry: Act | Kill | Outage | Sent) -> None:
        """Writes something down."""
        with self._lock:
            self._entries.append(entry)

    def of(self, kind: type[_Entry]) -> list[_Entry]:
        """All notes of a kind so far, in the order in which they were written."""
        with self._lock:
            return [entry for entry in self._entries if isinstance(entry, kind)]

    def number(self, way: str) -> int:
        """Returns the next number of something, from 1."""
        with self._lock:
            self._counts[way] += 1
            return self._counts[way]


def clock(moment: float) -> str:
    """Returns a time as people write it, as the logs of containers have it (UTC)."""
    return time.strftime("%H:%M:%S", time.gmtime(moment))
