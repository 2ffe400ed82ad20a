"""Addresses, networks and ranges, and the name of the offender at an address."""

import ipaddress
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NEVER_OFFENDERS = ("0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/3", "::/128", "::1/128", "ff00::/8")
_HOST_BITS = 64


@dataclass(frozen=True, order=True)
class Span:
    """All addresses from one to another, as numbers.

    Attributes:
        version: Of IP.
        first: The lowest.
        last: The highest.
    """

    version: int
    first: int
    last: int

    def __str__(self) -> str:
        first, last = (_address(self.version, number) for number in (self.first, self.last))
        if self.first == self.last:
            return str(first)
        networks = list(ipaddress.summarize_address_range(first, last))
        return str(networks[0]) if len(networks) == 1 else f"{first}-{last}"


def parse_span(text: str) -> Span:
    """Read an address, a network (`192.0.2.0/24`) or a range (`192.0.2.1-192.0.2.9`).

    Raises:
        ValueError: the text is invalid.
    """
    low, dash, high = (part.strip() for part in text.partition("-"))
    try:
        if dash:
            first, last = parse_address(low), parse_address(high)
            if first.version != last.version or int(first) > int(last):
                raise ValueError(text)
            return Span(first.version, int(first), int(last))
        if "/" not in text:
            address = parse_address(text.strip())
            return Span(address.version, int(address), int(address))
        network = ipaddress.ip_network(text.strip(), strict=False)
        bounds = int(network.network_address), int(network.broadcast_address)
        return Span(network.version, *bounds)
    except ValueError as error:
        raise ValueError(
            f"'{text}' is no address, network (192.0.2.0/24) or range (192.0.2.1-192.0.2.9)"
        ) from error


def parse_address(text: str) -> Address:
    """Read an address; an IPv4-mapped IPv6 address is returned as IPv4.

    Raises:
        ValueError: the text is invalid.
    """
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        return address.ipv4_mapped or address
    return address


class Spans:
    """A set of addresses, made of spans."""

    def __init__(self, spans: Iterable[Span] = ()) -> None:
        self.merged: tuple[Span, ...] = tuple(_merge(sorted(spans)))
        self._firsts = [(span.version, span.first) for span in self.merged]

    def __contains__(self, address: Address) -> bool:
        place = (address.version, int(address))
        index = bisect_right(self._firsts, place) - 1
        if index < 0:
            return False
        span = self.merged[index]
        return span.version == address.version and span.last >= place[1]


def key_of(address: Address, neighbours: Spans) -> str:
    """Return the name of the offender at an address: the address, or in IPv6 its /64.

    A /64 usually is one customer. On networks that the machine itself is on, phones and the router
    share it, so there each address counts by itself.

    Args:
        address: Source address of an event.
        neighbours: The networks that this machine is on.
    """
    if address.version == 4 or address.is_link_local or address in neighbours:
        return str(address)
    return f"{_address(6, int(address) >> _HOST_BITS << _HOST_BITS)}/64"


def _merge(spans: Iterable[Span]) -> Iterable[Span]:
    current: Span | None = None
    for span in spans:
        if current and span.version == current.version and span.first <= current.last + 1:
            current = Span(span.version, current.first, max(current.last, span.last))
        else:
            if current:
                yield current
            current = span
    if current:
        yield current


def _address(version: int, number: int) -> Address:
    return ipaddress.IPv4Address(number) if version == 4 else ipaddress.IPv6Address(number)


NEVER_OFFENDERS = Spans(parse_span(text) for text in _NEVER_OFFENDERS)
"""Unspecified, loopback and multicast addresses."""
