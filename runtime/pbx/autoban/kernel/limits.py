"""Limits of AutoBan's table, as commands for nft(8): requests over UDP, connections over TCP.

Requests are recognized by their first four bytes (RFC 3261 section 7). Responses, ACK, BYE and
CANCEL belong to requests that were accepted before, and are not limited. Neither are RTP, other
ports, and keepalives of two or four bytes.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from pbx.autoban.judgement.flows import MOST, MOST_PORTS

SETS = ("slow", "port", "rate", "conn", "fresh", "flood", "free")
_SIZE = 65535
_BURST_SECONDS = 10  # of slowrate: a phone sends many requests when it starts
_FLOOD_TIME = "10m"
_WITHIN_DIALOGS = ", ".join(f"0x{word.hex()}" for word in (b"SIP/", b"ACK ", b"BYE ", b"CANC"))
_CHALLENGE = f"meta l4proto udp @th,64,96 0x{b'SIP/2.0 401 '.hex()}"
_CHALLENGES = "2000/second burst 500 packets"  # copies that are read at most


@dataclass(frozen=True)
class Limits:
    """The limits that the kernel enforces.

    Attributes:
        slowrate: Requests a second of an address in the set slow; 0: no limit.
        maxconnections: Concurrent TCP connections of an address; 0: no limit.
        connectrate: New TCP connections of an address a second; 0: no limit.
        ports: SIP ports, and other ports whose TCP connections are limited.
        group: NFLOG group that gets copies of challenges; None: no copies.
        counts_connections: Whether the kernel can count connections (nft_connlimit).
    """

    slowrate: int = 5
    maxconnections: int = 100
    connectrate: int = 50
    ports: frozenset[int] = frozenset({5060, 5061})
    group: int | None = None
    counts_connections: bool = True


def sets(table: str, limits: Limits) -> str:
    """Return commands that make sets and chains."""
    text = f"add set {table} ports {{ type inet_service; size {_SIZE}; }}\n"
    for version, kind in ((4, "ipv4_addr"), (6, "ipv6_addr")):
        for name, what in (
            ("slow", f"type {kind}; size 65536; flags timeout;"),
            ("port", f"type {kind} . inet_service; size {MOST * MOST_PORTS}; flags timeout;"),
            ("free", f"type {kind}; flags interval;"),
            ("rate", f"type {kind}; size {_SIZE}; flags dynamic,timeout; timeout 1m;"),
            ("fresh", f"type {kind}; size {_SIZE}; flags dynamic,timeout; timeout 1m;"),
            ("conn", f"type {kind}; size {_SIZE}; flags dynamic;"),
            (
                "flood",
                f"type {kind}; size 4096; flags dynamic,timeout; timeout {_FLOOD_TIME}; counter;",
            ),
        ):
            text += f"add set {table} {name}{version} {{ {what} }}\n"
    for chain in ("slow", "connections", "flood"):
        text += f"add chain {table} {chain}\n"
    return text + add_ports(table, limits.ports)


def add_ports(table: str, ports: Iterable[int]) -> str:
    """Return commands that apply the limits to more ports."""
    text = ", ".join(str(port) for port in sorted(ports))
    return f"add element {table} ports {{ {text} }}\n" if text else ""


def rules(limits: Limits) -> dict[str, list[str]]:
    """Return rules by chain; they follow the rules that accept and drop."""
    return {
        "input": _input(limits),
        "output": _output(limits),
        "slow": _slow(limits),
        "connections": _connections(limits),
        "flood": [
            "meta nfproto ipv4 update @flood4 { ip saddr }",
            f"meta nfproto ipv6 update @flood6 {{ {_network('saddr')} }}",
            "counter name connections drop",
        ],
    }


def _network(which: str) -> str:
    return f"ip6 {which} & ffff:ffff:ffff:ffff::"


def _input(limits: Limits) -> list[str]:
    found = []
    if limits.slowrate:
        found = [
            f"udp dport @ports {source} jump slow"
            for source in (
                "ip saddr @slow4",
                "ip6 saddr @slow6",
                f"{_network('saddr')} @slow6",
            )
        ]
    if limits.maxconnections or limits.connectrate:
        found.append("tcp dport @ports ct state new jump connections")
    return found


def _output(limits: Limits) -> list[str]:
    if limits.group is None:
        return []
    copy = f"log group {limits.group}"
    slow = ("ip daddr @slow4", "ip6 daddr @slow6", f"{_network('daddr')} @slow6")
    return [
        *(f"{_CHALLENGE} {target} {copy} accept" for target in slow),
        f"{_CHALLENGE} limit rate {_CHALLENGES} {copy}",
    ]


def _slow(limits: Limits) -> list[str]:
    if not limits.slowrate:
        return []
    burst = limits.slowrate * _BURST_SECONDS
    limit = f"limit rate over {limits.slowrate}/second burst {burst} packets"
    drop = "counter name slowed drop"
    return [
        f"@th,64,32 {{ {_WITHIN_DIALOGS} }} return",
        "ip saddr . udp sport @port4 return",
        "ip6 saddr . udp sport @port6 return",
        f"@th,64,32 != 0 update @rate4 {{ ip saddr {limit} }} {drop}",
        f"@th,64,32 != 0 update @rate6 {{ {_network('saddr')} {limit} }} {drop}",
    ]


def _connections(limits: Limits) -> list[str]:
    found = ["ip saddr @free4 return", "ip6 saddr @free6 return"]
    sources = (("4", "ip saddr"), ("6", _network("saddr")))
    if limits.connectrate:
        burst = 2 * max(limits.connectrate, limits.maxconnections)
        limit = f"limit rate over {limits.connectrate}/second burst {burst} packets"
        found += [f"update @fresh{n} {{ {source} {limit} }} jump flood" for n, source in sources]
    if limits.maxconnections and limits.counts_connections:
        limit = f"ct count over {limits.maxconnections}"
        found += [f"add @conn{n} {{ {source} {limit} }} jump flood" for n, source in sources]
    return found
