"""Where a request comes from, and through which interface; pure."""

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pbx.websms.neighbours import Believed
from pbx.websms.settings import Interface, ReceiveSettings
from pbx.websms.values import Network

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class UnknownPathError(Exception):
    """No interface serves the path."""


class NotAllowedError(Exception):
    """An interface serves the path, but not for whom it comes from; the text says who that is."""


@dataclass(frozen=True)
class Receiver:
    """An interface that receives."""

    name: str
    settings: ReceiveSettings


def source(peer: str, forwarded: Sequence[str], believed: Believed) -> Address:
    """Return who has sent a request.

    A proxy adds to the header whom it got the request from. So the list is read from its end, and
    believed as long as those who wrote it are proxies of ours.

    Args:
        peer: The address of the other end of the connection.
        forwarded: The values of the header prox_header, in order.
        believed: The proxies.

    Raises:
        ValueError: a proxy of ours names something that is no address.
    """
    address = read_address(peer)
    hops = [hop.strip() for value in forwarded for hop in value.split(",")]
    while hops and address in believed:
        address = read_address(_without_port(hops.pop()))
    return address


def choose(interfaces: Iterable[Interface], address: Address, path: str) -> Receiver:
    """Return the interface for a request.

    Of several that take it the one that says most precisely what it takes, else the first.

    Raises:
        UnknownPathError: none serves the path.
        NotAllowedError: none serves it for this address.
    """
    receivers = [Receiver(x.name, x.receive) for x in interfaces if x.receive]
    serving = [x for x in receivers if not x.settings.url_path or path in x.settings.url_path]
    if not serving:
        raise UnknownPathError
    allowed = [
        x for x in serving if not x.settings.remt_addr or _within(address, x.settings.remt_addr)
    ]
    if not allowed:
        raise NotAllowedError(f"remt_addr does not name {address}")
    return max(allowed, key=lambda x: bool(x.settings.url_path) + bool(x.settings.remt_addr))


def open_to_anybody(interfaces: Iterable[Interface]) -> list[str]:
    """Return the names of interfaces that know neither by signature nor by address who posts."""
    return [
        x.name
        for x in interfaces
        if x.receive and x.receive.verify == "none" and not x.receive.remt_addr
    ]


def known_by_address(interfaces: Iterable[Interface]) -> list[str]:
    """Return the names of interfaces that know by nothing but the address who posts."""
    return [
        x.name
        for x in interfaces
        if x.receive and x.receive.verify == "none" and x.receive.remt_addr
    ]


def read_address(text: str) -> Address:
    """Read an address; one of IPv4 in the clothes of IPv6 is taken for what it is.

    Raises:
        ValueError: it is none.
    """
    address = ipaddress.ip_address(text.partition("%")[0])
    return getattr(address, "ipv4_mapped", None) or address


def _without_port(text: str) -> str:
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text


def _within(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)
