"""Commands for nft(8). All of them concern one table, which is AutoBan's own.

Packets are dropped at the hook *input*, before other filters of the machine, and at the hook
*output*. Each packet is checked, so that calls end as well. Forwarded packets (on the host's
network: those for other containers) are not filtered. Rate limits are in limits.py.
"""

import ipaddress
import math
from collections.abc import Iterable, Mapping

from pbx.autoban.judgement.addresses import Span
from pbx.autoban.kernel import limits
from pbx.autoban.kernel.contents import BannedSource, SlowSource, TableContents

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
# Without neighbour discovery a machine loses its router, and IPv6 with it.
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


def create(contents: TableContents) -> str:
    """Create the table with all its contents, in one transaction."""
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
        + _add(contents.banned)
        + slow(contents.slow)
    )


def ban(sources: Iterable[BannedSource]) -> str:
    """Ban addresses, whether or not they were banned."""
    sources = list(sources)
    return take_out("jail", (source.key for source in sources)) + _add(sources)


def take_out(base: str, keys: Iterable[str]) -> str:
    """Remove addresses from a set, whether or not they were in it.

    They are added first, because nft refuses to delete an element that is not there.

    Args:
        base: Name of the set, without the version of IP.
        keys: Names of the addresses.
    """
    return _replace(base, [(key, _element(key), "") for key in keys], add=False)


def slow(sources: Iterable[SlowSource]) -> str:
    """Rate-limit addresses, whether or not they were limited."""
    sources = list(sources)
    flows = [
        (address, f"{address} . {port}", f" timeout {_ms(left)}")
        for one in sources
        for (address, port), left in one.flows
    ]
    slow = [(one.key, _element(one.key), f" timeout {_ms(one.left)}") for one in sources]
    return _replace("port", flows) + _replace("slow", slow)


def free(spans: Iterable[Span]) -> str:
    """Replace the addresses whose connections are not counted."""
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


def _add(sources: Iterable[BannedSource]) -> str:
    elements = (
        (one.key, f"{_element(one.key)} timeout {_ms(one.term)} expires {_ms(one.left)}")
        for one in sources
    )
    return "".join(
        f"add element {TABLE} {name} {{ {texts} }}\n" for name, texts in _by_set("jail", elements)
    )


def _replace(base: str, elements: list[tuple[str, str, str]], *, add: bool = True) -> str:
    """Remove elements from a set, and add them again with new attributes.

    Args:
        base: Name of the set, without the version of IP.
        elements: Key, element, and the attributes that it is added with.
        add: Whether to add them again.
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
