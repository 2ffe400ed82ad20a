"""The machine's own addresses and networks, as the kernel lists them below /proc/net."""

import ipaddress
import re
from pathlib import Path

from pbx.autoban.addresses import Span, parse_span

_LOCAL4 = re.compile(r"\|-- ([\d.]+)\n\s+/32 host LOCAL")


def own_addresses(fib_trie: str, if_inet6: str) -> list[Span]:
    """Returns the machine's addresses.

    Args:
        fib_trie: Contents of /proc/net/fib_trie; "" without IPv4.
        if_inet6: Contents of /proc/net/if_inet6; "" without IPv6.
    """
    texts = [*_LOCAL4.findall(fib_trie), *(str(address) for address, _ in _lines6(if_inet6))]
    return [parse_span(text) for text in dict.fromkeys(texts)]


def own_networks(if_inet6: str) -> list[Span]:
    """Returns the networks of IPv6 that the machine is on."""
    return [
        parse_span(f"{address}/{bits}")
        for address, bits in _lines6(if_inet6)
        if not address.is_link_local and not address.is_loopback
    ]


def read(name: str) -> str:
    """Returns the contents of a file in /proc/net; "" if the kernel has no such thing."""
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
