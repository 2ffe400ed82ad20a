"""The client's address of a request, and the interface that receives it; pure."""

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pbx.websms.configuration.settings import Interface, ReceiveSettings
from pbx.websms.configuration.values import Network
from pbx.websms.incoming.neighbours import TrustedProxies

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class UnknownPathError(Exception):
    """No interface serves the path."""


class NotAllowedError(Exception):
    """An interface serves the path, but not for this client; the text has its address."""


@dataclass(frozen=True)
class Receiver:
    """An interface that receives."""

    name: str
    settings: ReceiveSettings


def client_address(peer: str, forwarded: Sequence[str], proxies: TrustedProxies) -> Address:
    """Return the address of the client that sent a request.

    Each proxy appends the address that it got the request from. So the list is read from its end,
    as long as the address that wrote an entry is a trusted proxy.

    Args:
        peer: The address of the other end of the connection.
        forwarded: The values of the header prox_header, in order.
        proxies: The trusted proxies.

    Raises:
        ValueError: a trusted proxy wrote something that is not an address.
    """
    address = read_address(peer)
    hops = [hop.strip() for value in forwarded for hop in value.split(",")]
    while hops and address in proxies:
        address = read_address(_without_port(hops.pop()))
    return address


def choose_receiver(interfaces: Iterable[Interface], address: Address, path: str) -> Receiver:
    """Return the interface that receives a request.

    If several match, it is the one with more of url_path and remt_addr, else the first.

    Raises:
        UnknownPathError: none serves the path.
        NotAllowedError: none serves the path for this address.
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


def without_authentication(interfaces: Iterable[Interface]) -> list[str]:
    """Return the names of interfaces that check neither signature nor address."""
    return [
        x.name
        for x in interfaces
        if x.receive and x.receive.verify == "none" and not x.receive.remt_addr
    ]


def known_by_address(interfaces: Iterable[Interface]) -> list[str]:
    """Return the names of interfaces that check the address only."""
    return [
        x.name
        for x in interfaces
        if x.receive and x.receive.verify == "none" and x.receive.remt_addr
    ]


def read_address(text: str) -> Address:
    """Read an address; return IPv4-mapped IPv6 addresses (RFC 4291, 2.5.5.2) as IPv4.

    Raises:
        ValueError: it is not an address.
    """
    address = ipaddress.ip_address(text.partition("%")[0])
    return getattr(address, "ipv4_mapped", None) or address


def _without_port(text: str) -> str:
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text


def _within(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)
