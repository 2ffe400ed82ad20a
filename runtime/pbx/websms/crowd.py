"""Which connection of the web server has to go when there are too many; pure."""

import ipaddress
from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from pbx.websms.origin import read_address

MOST = 512
"""Connections at a time, if the service may have that many descriptors."""

_Connection = TypeVar("_Connection", bound=Hashable)


@dataclass
class _Entry:
    source: str
    busy: bool = False


def most_connections(descriptors: int) -> int:
    """Return how many connections there may be.

    The other half of the descriptors is for the database, phones, providers, and for connections
    that were accepted and not counted yet.

    Args:
        descriptors: The limit of the process, RLIMIT_NOFILE; negative: there is none.
    """
    return MOST if descriptors < 0 else max(8, min(MOST, descriptors // 2))


def source_of(peer: str) -> str:
    """Return what counts as one source: an IPv4 address, or the /64 network of an IPv6 address.

    Args:
        peer: Address of the other end; "" if it is gone already.

    Returns:
        "" for loopback, whose connections (the health check's, above all) are not counted, and
        where there is no address.
    """
    try:
        address = read_address(peer)
    except ValueError:
        return ""
    if address.is_loopback:
        return ""
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


class Crowd(Generic[_Connection]):
    """All connections that are open.

    Args:
        most: How many there may be.
        most_each: How many of one source.
    """

    def __init__(self, most: int, most_each: int) -> None:
        self._most = most
        self._most_each = most_each
        # In the order in which they were last used.
        self._entries: dict[_Connection, _Entry] = {}
        self._counts: Counter[str] = Counter()

    def enter(self, connection: _Connection, source: str) -> _Connection | None:
        """Count a new connection; return one that is to be closed for it, or None.

        That is the one that has been idle for longest: of its own source if that has too many,
        else of the source that has most. It is the new one itself if no other is idle.

        Args:
            connection: That has just been made.
            source: As of source_of; "": it is not counted.
        """
        if not source:
            return None
        self._entries[connection] = _Entry(source)
        self._counts[source] += 1
        victim = None
        if self._counts[source] > self._most_each:
            victim = self._idle_of({source})
        elif self._counts.total() > self._most:
            idle = Counter(x.source for x in self._entries.values() if not x.busy)
            highest = max(self._counts[x] for x in idle)
            victim = self._idle_of({x for x in idle if self._counts[x] == highest})
        if victim is not None:
            self.leave(victim)
        return victim

    def begin(self, connection: _Connection) -> None:
        """Note that a request of a connection is being answered."""
        if connection in self._entries:
            self._entries[connection].busy = True

    def end(self, connection: _Connection) -> None:
        """Note that a connection is idle again."""
        if entry := self._entries.pop(connection, None):
            entry.busy = False
            self._entries[connection] = entry

    def leave(self, connection: _Connection) -> None:
        """Forgets a connection that is closed."""
        if entry := self._entries.pop(connection, None):
            self._counts[entry.source] -= 1
            if not self._counts[entry.source]:
                del self._counts[entry.source]

    def _idle_of(self, sources: set[str]) -> _Connection | None:
        return next(
            (x for x, entry in self._entries.items() if not entry.busy and entry.source in sources),
            None,
        )
