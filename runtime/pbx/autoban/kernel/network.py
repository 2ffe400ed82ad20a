"""The machine's own addresses and networks, as the kernel lists them below /proc/net."""

import ipaddress
import re
import sys
from pathlib import Path

from pbx.autoban.judgement.addresses import Span, parse_span

_LOCAL4 = re.compile(r"\|-- ([\d.]+)\n\s+/32 host LOCAL")


def own_addresses(fib_trie: str, if_inet6: str) -> list[Span]:
    """Return the machine's addresses.

    Args:
        fib_trie: Contents of /proc/net/fib_trie; "" without IPv4.
        if_inet6: Contents of /proc/net/if_inet6; "" without IPv6.
    """
    texts = [*_LOCAL4.findall(fib_trie), *(str(address) for address, _ in _lines6(if_inet6))]
    return [parse_span(text) for text in dict.fromkeys(texts)]


def own_networks(if_inet6: str) -> list[Span]:
    """Return the IPv6 networks that the machine is on."""
    return [
        parse_span(f"{address}/{bits}")
        for address, bits in _lines6(if_inet6)
        if not address.is_link_local and not address.is_loopback
    ]


def gateways(route: str, ipv6_route: str) -> list[Span]:
    """Return the default gateways.

    With Docker's userland proxy, and behind some routers, all clients seem to have that address.

    Args:
        route: Contents of /proc/net/route.
        ipv6_route: Contents of /proc/net/ipv6_route; "" without IPv6.
    """
    found: set[ipaddress.IPv4Address | ipaddress.IPv6Address] = set()
    for line in route.splitlines()[1:]:
        _, destination, gateway, *_ = line.split()
        if destination == "00000000" and gateway != "00000000":
            found.add(ipaddress.IPv4Address(int(gateway, 16).to_bytes(4, sys.byteorder)))
    for line in ipv6_route.splitlines():
        destination, bits, _, _, gateway, *_ = line.split()
        if not int(destination, 16) and bits == "00" and int(gateway, 16):
            found.add(ipaddress.IPv6Address(bytes.fromhex(gateway)))
    return sorted(parse_span(str(address)) for address in found)


def read(name: str) -> str:
    """Return the contents of a file in /proc/net; "" if it does not exist."""
    try:
        return Path("/proc/net", name).read_text()
    except FileNotFoundError:
        return ""


def _lines6(if_inet6: str) -> list[tuple[ipaddress.IPv6Address, int]]:
    found = []
    for line in if_inet6.splitlines():
        digits, _, bits, *_ = line.split()
        found.append((ipaddress.IPv6Address(bytes.fromhex(digits)), int(bits, 16)))
    return found
