"""What the kernel is told, as text in the language of nft(8). All of it is in one table of our own.

Packets are dropped where they come in for this machine, before its other filters see them, and
where answers go out. Both is done for each packet, so that calls end as well. What is forwarded to
others (on the host's network: other containers) is not our business.
"""

import ipaddress
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pbx.autoban.addresses import Span

TABLE = "inet autoban"
REMOVE = f"add table {TABLE}\ndelete table {TABLE}\n"
LOOK = f"list table {TABLE}"

_PREFIX = "ffff:ffff:ffff:ffff::"
_COUNTERS = ("jailed", "blacklisted", "answers")
_CREATE = f"""{REMOVE}add table {TABLE}
{"".join(f"add counter {TABLE} {name}" + chr(10) for name in _COUNTERS)}\
add set {TABLE} jail4 {{ type ipv4_addr; size 65536; flags timeout; }}
add set {TABLE} jail6 {{ type ipv6_addr; size 65536; flags timeout; }}
add set {TABLE} white4 {{ type ipv4_addr; flags interval; }}
add set {TABLE} white6 {{ type ipv6_addr; flags interval; }}
add set {TABLE} black4 {{ type ipv4_addr; flags interval; }}
add set {TABLE} black6 {{ type ipv6_addr; flags interval; }}
add chain {TABLE} input {{ type filter hook input priority filter - 10; policy accept; }}
add chain {TABLE} output {{ type filter hook output priority filter - 10; policy accept; }}
"""
# Without its neighbours' announcements a machine loses its router, and IPv6 with it.
_RULES = {
    "input": f"""iif lo accept
icmpv6 type {{ nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert }} accept
ip saddr @white4 accept
ip6 saddr @white6 accept
ip saddr @jail4 counter name jailed drop
ip6 saddr @jail6 counter name jailed drop
ip6 saddr & {_PREFIX} @jail6 counter name jailed drop
ip saddr @black4 counter name blacklisted drop
ip6 saddr @black6 counter name blacklisted drop""",
    "output": f"""oif lo accept
icmpv6 type {{ nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert }} accept
ip daddr @white4 accept
ip6 daddr @white6 accept
ip daddr @jail4 counter name answers drop
ip6 daddr @jail6 counter name answers drop
ip6 daddr & {_PREFIX} @jail6 counter name answers drop
ip daddr @black4 counter name answers drop
ip6 daddr @black6 counter name answers drop""",
}


@dataclass(frozen=True)
class Prisoner:
    """One for the kernel to drop.

    Attributes:
        key: The address, or the /64.
        term: Seconds of the whole jail.
        left: Seconds that are left of it.
    """

    key: str
    term: float
    left: float


@dataclass(frozen=True)
class Dropped:
    """What was dropped so far."""

    packets: int = 0
    bytes: int = 0

    def __add__(self, other: "Dropped") -> "Dropped":
        return Dropped(self.packets + other.packets, self.bytes + other.bytes)


@dataclass(frozen=True)
class Look:
    """What the kernel has.

    Attributes:
        shape: All but numbers that change by themselves.
        dropped: By counter.
        jailed: Elements of the sets of jailed addresses.
    """

    shape: str
    dropped: Mapping[str, Dropped]
    jailed: int


def create(white: Iterable[Span], black: Iterable[Span], prisoners: Iterable[Prisoner]) -> str:
    """Makes the table anew, with all that is in it, in one transaction."""
    rules = "".join(
        f"add rule {TABLE} {chain} {rule}\n"
        for chain, text in _RULES.items()
        for rule in text.splitlines()
    )
    return _CREATE + rules + lists(white, black) + _add(prisoners)


def jail(prisoners: Iterable[Prisoner]) -> str:
    """Jails some, whether or not they were in jail."""
    prisoners = list(prisoners)
    return release(prisoner.key for prisoner in prisoners) + _add(prisoners)


def release(keys: Iterable[str]) -> str:
    """Lets some go, whether or not they were in jail: what is not there cannot be deleted."""
    text = ""
    for name, elements in _by_set((key, _element(key)) for key in keys):
        text += f"add element {TABLE} {name} {{ {elements} }}\n"
        text += f"delete element {TABLE} {name} {{ {elements} }}\n"
    return text


def lists(white: Iterable[Span], black: Iterable[Span]) -> str:
    """Replaces the whitelist and the blacklist."""
    text = ""
    for name, spans in (("white", white), ("black", black)):
        parts = {4: [], 6: []}  # type: dict[int, list[str]]
        for span in spans:
            parts[span.version].append(str(span))
        for version, elements in parts.items():
            text += f"flush set {TABLE} {name}{version}\n"
            if elements:
                text += f"add element {TABLE} {name}{version} {{ {', '.join(elements)} }}\n"
    return text


def read_look(text: str) -> Look:
    """Reads what nft tells about the table, without the elements of its sets."""
    dropped = {
        name: Dropped(int(packets), int(octets))
        for name, packets, octets in re.findall(
            r"counter (\w+) \{\s*packets (\d+) bytes (\d+)\s*\}", text
        )
    }
    jailed = sum(int(number) for number in re.findall(r"# count (\d+)", text))
    shape = re.sub(r"packets \d+ bytes \d+|#.*", "", text)
    return Look(re.sub(r"\s+", " ", shape), dropped, jailed)


def _add(prisoners: Iterable[Prisoner]) -> str:
    elements = (
        (who.key, f"{_element(who.key)} timeout {_ms(who.term)} expires {_ms(who.left)}")
        for who in prisoners
    )
    return "".join(
        f"add element {TABLE} {name} {{ {texts} }}\n" for name, texts in _by_set(elements)
    )


def _by_set(elements: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    sets: dict[str, list[str]] = {"jail4": [], "jail6": []}
    for key, element in elements:
        sets["jail6" if ":" in key else "jail4"].append(element)
    return [(name, ", ".join(texts)) for name, texts in sets.items() if texts]


def _element(key: str) -> str:
    return str(ipaddress.ip_address(key.partition("/")[0]))


def _ms(seconds: float) -> str:
    return f"{max(1, math.ceil(seconds * 1000))}ms"
