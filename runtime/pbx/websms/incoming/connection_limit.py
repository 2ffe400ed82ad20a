"""Which connection of the web server is closed when there are too many; pure."""

import ipaddress
from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from pbx.websms.incoming.origin import read_address

MOST = 512
"""Connections at a time, if the limit of file descriptors allows it."""

_Connection = TypeVar("_Connection", bound=Hashable)


@dataclass
class _Open:
    client: str
    busy: bool = False


def most_connections(descriptors: int) -> int:
    """Return how many connections are allowed: half of the file descriptors.

    The other half is for the database, Asterisk, providers, and connections that were accepted and
    are not counted yet.

    Args:
        descriptors: The limit of the process, RLIMIT_NOFILE; negative: there is none.
    """
    return MOST if descriptors < 0 else max(8, min(MOST, descriptors // 2))


def client_of(peer: str) -> str:
    """Return what counts as one client: an IPv4 address, or the /64 network of an IPv6 address.

    Args:
        peer: Address of the other end; "" if it is gone already.

    Returns:
        "" for loopback, whose connections (such as the health check's) are not counted, and if
        there is no address.
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


class ConnectionLimit(Generic[_Connection]):
    """The open connections.

    Args:
        most: How many are allowed.
        most_each: How many of one client are allowed.
    """

    def __init__(self, most: int, most_each: int) -> None:
        self._most = most
        self._most_each = most_each
        # in the order of their last use
        self._open: dict[_Connection, _Open] = {}
        self._counts: Counter[str] = Counter()

    def enter(self, connection: _Connection, client: str) -> _Connection | None:
        """Count a new connection; return the one that must be closed for it, or None.

        That is the connection that has been idle for longest: of the same client if that has too
        many, else of the client that has most. It is the new one if no other is idle.

        Args:
            connection: The new one.
            client: As returned by client_of; "": the connection is not counted.
        """
        if not client:
            return None
        self._open[connection] = _Open(client)
        self._counts[client] += 1
        victim = None
        if self._counts[client] > self._most_each:
            victim = self._idle_of({client})
        elif self._counts.total() > self._most:
            idle = Counter(x.client for x in self._open.values() if not x.busy)
            highest = max(self._counts[x] for x in idle)
            victim = self._idle_of({x for x in idle if self._counts[x] == highest})
        if victim is not None:
            self.leave(victim)
        return victim

    def begin(self, connection: _Connection) -> None:
        """Note that a request is being answered on a connection."""
        if connection in self._open:
            self._open[connection].busy = True

    def end(self, connection: _Connection) -> None:
        """Note that a connection is idle again."""
        if entry := self._open.pop(connection, None):
            entry.busy = False
            self._open[connection] = entry

    def leave(self, connection: _Connection) -> None:
        """Forget a closed connection."""
        if entry := self._open.pop(connection, None):
            self._counts[entry.client] -= 1
            if not self._counts[entry.client]:
                del self._counts[entry.client]

    def _idle_of(self, clients: set[str]) -> _Connection | None:
        return next(
            (x for x, entry in self._open.items() if not entry.busy and entry.client in clients),
            None,
        )
