"""What the kernel is told, as text in the language of nft(8). All of it is in one table of our own.

Packets are dropped where they come in for this machine, before its other filters see them, and
where answers go out. Both is done for each packet, so that calls end as well. What is forwarded to
others (on the host's network: other containers) is not our business. What is limited instead of
dropped is in limits.py.
"""

import ipaddress
import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pbx.autoban.judgement.addresses import Span
from pbx.autoban.judgement.flows import Flow
from pbx.autoban.kernel import limits
from pbx.autoban.kernel.limits import Limits

TABLE = "inet autoban"
REMOVE = f"add table {TABLE}\ndelete table {TABLE}\n"
LOOK = f"list table {TABLE}"
FLOODS = (f"list set {TABLE} flood4", f"list set {TABLE} flood6")

_PREFIX = "ffff:ffff:ffff:ffff::"
_COUNTERS = ("jailed", "blacklisted", "answers", "slowed", "connections")
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
class Slow:
    """One for the kernel to limit.

    Attributes:
        key: The address, or the /64.
        left: Seconds.
        flows: Addresses and ports that are let through all the same, and the seconds for which.
    """

    key: str
    left: float
    flows: tuple[tuple[Flow, float], ...] = ()


@dataclass(frozen=True)
class Contents:
    """What is in the table.

    Attributes:
        white: Who is always let in.
        black: Who is always dropped.
        prisoners: Who is in jail.
        slow: Who is limited.
        free: Whose connections are not counted.
        limits: What is limited, and to what.
    """

    white: tuple[Span, ...] = ()
    black: tuple[Span, ...] = ()
    prisoners: tuple[Prisoner, ...] = ()
    slow: tuple[Slow, ...] = ()
    free: tuple[Span, ...] = ()
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True)
class Flood:
    """One who opened more connections than are allowed.

    Attributes:
        key: The address, or the /64.
        left: Seconds until that is forgotten, if it does not go on.
        packets: What was dropped.
    """

    key: str
    left: float
    packets: int


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
        slow: Of those of slow ones.
        floods: Of those who opened too many connections.
    """

    shape: str
    dropped: Mapping[str, Dropped]
    jailed: int
    slow: int
    floods: int


def create(contents: Contents) -> str:
    """Make the table anew, with all that is in it, in one transaction."""
    bans = {chain: text.splitlines() for chain, text in _RULES.items()}
    limited = limits.rules(contents.limits)
    rules = "".join(
        f"add rule {TABLE} {chain} {rule}\n"
        for chain in {**bans, **limited}
        for rule in (*bans.get(chain, ()), *limited.get(chain, ()))
    )
    return (
        _CREATE
        + limits.sets(TABLE, contents.limits)
        + rules
        + lists(contents.white, contents.black)
        + free(contents.free)
        + _add(contents.prisoners)
        + slow(contents.slow)
    )


def jail(prisoners: Iterable[Prisoner]) -> str:
    """Jails some, whether or not they were in jail."""
    prisoners = list(prisoners)
    return release(prisoner.key for prisoner in prisoners) + _add(prisoners)


def release(keys: Iterable[str], base: str = "jail") -> str:
    """Lets some go, whether or not they were in jail: what is not there cannot be deleted."""
    return _replace(base, [(key, _element(key), "") for key in keys], add=False)


def slow(suspects: Iterable[Slow]) -> str:
    """Limits some, whether or not they were limited."""
    suspects = list(suspects)
    flows = [
        (address, f"{address} . {port}", f" timeout {_ms(left)}")
        for one in suspects
        for (address, port), left in one.flows
    ]
    slow = [(one.key, _element(one.key), f" timeout {_ms(one.left)}") for one in suspects]
    return _replace("port", flows) + _replace("slow", slow)


def free(spans: Iterable[Span]) -> str:
    """Replace those whose connections are not counted."""
    return _spans({"free": spans})


def lists(white: Iterable[Span], black: Iterable[Span]) -> str:
    """Replace the whitelist and the blacklist."""
    return _spans({"white": white, "black": black})


def _spans(sets: Mapping[str, Iterable[Span]]) -> str:
    text = ""
    for name, spans in sets.items():
        parts = {4: [], 6: []}  # type: dict[int, list[str]]
        for span in spans:
            parts[span.version].append(str(span))
        for version, elements in parts.items():
            text += f"flush set {TABLE} {name}{version}\n"
            if elements:
                text += f"add element {TABLE} {name}{version} {{ {', '.join(elements)} }}\n"
    return text


def read_look(text: str) -> Look:
    """Read what nft tells about the table, without the elements of its sets."""
    dropped = {
        name: Dropped(int(packets), int(octets))
        for name, packets, octets in re.findall(
            r"counter (\w+) \{\s*packets (\d+) bytes (\d+)\s*\}", text
        )
    }
    sizes = {"jail": 0, "slow": 0, "flood": 0}
    for name, number in re.findall(r"set (\w+)[46] \{[^}#]*# count (\d+)", text):
        if name in sizes:
            sizes[name] += int(number)
    shape = re.sub(r"packets \d+ bytes \d+|#.*", "", text)
    shape = re.sub(r"\s+", " ", shape)
    return Look(shape, dropped, sizes["jail"], sizes["slow"], sizes["flood"])


def read_floods(text: str) -> list[Flood]:
    """Read what nft tells, as JSON, of the set of those who opened too many connections."""
    (found,) = (item["set"] for item in json.loads(text)["nftables"] if "set" in item)
    return [
        Flood(
            element["val"] if found["type"] == "ipv4_addr" else f"{element['val']}/64",
            float(element.get("expires", 0)),
            int(element["counter"]["packets"]),
        )
        for element in (item["elem"] for item in found.get("elem", []))
    ]


def _add(prisoners: Iterable[Prisoner]) -> str:
    elements = (
        (who.key, f"{_element(who.key)} timeout {_ms(who.term)} expires {_ms(who.left)}")
        for who in prisoners
    )
    return "".join(
        f"add element {TABLE} {name} {{ {texts} }}\n" for name, texts in _by_set("jail", elements)
    )


def _replace(base: str, elements: list[tuple[str, str, str]], *, add: bool = True) -> str:
    """Take elements out of a set, and put them in again with what they are to have.

    Args:
        base: Name of the set, without the version of IP.
        elements: By key, the element, and what stands behind it when it is added.
        add: Whether to put them in again.
    """
    text = ""
    for name, bare in _by_set(base, ((key, element) for key, element, _ in elements)):
        text += f"add element {TABLE} {name} {{ {bare} }}\n"
        text += f"delete element {TABLE} {name} {{ {bare} }}\n"
    if add:
        for name, full in _by_set(base, ((key, element + more) for key, element, more in elements)):
            text += f"add element {TABLE} {name} {{ {full} }}\n"
    return text


def _by_set(base: str, elements: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    sets: dict[str, list[str]] = {f"{base}4": [], f"{base}6": []}
    for key, element in elements:
        sets[f"{base}6" if ":" in key else f"{base}4"].append(element)
    return [(name, ", ".join(texts)) for name, texts in sets.items() if texts]


def _element(key: str) -> str:
    return str(ipaddress.ip_address(key.partition("/")[0]))


def _ms(seconds: float) -> str:
    return f"{max(1, math.ceil(seconds * 1000))}ms"
