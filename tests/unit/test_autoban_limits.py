"""What the kernel is told to limit, and what it tells of it."""

from __future__ import annotations

import re
import struct
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pbx.autoban.judgement.addresses import parse_span
from pbx.autoban.kernel import ruleset
from pbx.autoban.kernel.challenge_log import read_challenges
from pbx.autoban.kernel.firewall import Firewall, FirewallError
from pbx.autoban.kernel.limits import Limits, rules
from pbx.autoban.kernel.network import gateways
from pbx.autoban.kernel.ruleset import Contents, Flood, Slow

NONCE = "1795409308/d8b987430e2a78ea18d937db59a3d7df"


def text(limits: Limits) -> str:
    return ruleset.create(Contents(limits=limits))


def test_limits_concern_the_ports_of_sip_only() -> None:
    for rule in rules(Limits(group=1))["input"]:
        assert re.match(r"(udp|tcp) dport @ports ", rule)
    assert "add element inet autoban ports { 80, 5060, 5061 }" in text(
        Limits(ports=frozenset({5061, 80, 5060}))
    )


def test_bans_come_before_limits() -> None:
    commands = text(Limits())
    assert commands.index("@jail4 counter") < commands.index("jump slow")
    assert commands.index("@white4 accept") < commands.index("jump slow")


def test_a_request_is_told_from_what_belongs_to_a_call() -> None:
    first, *_ = rules(Limits())["slow"]
    words = [bytes.fromhex(word[2:]) for word in re.findall(r"0x[0-9a-f]+", first)]
    assert words == [b"SIP/", b"ACK ", b"BYE ", b"CANC"]
    assert first.endswith("return")


def test_a_phone_that_has_logged_in_passes_by_the_limit() -> None:
    _, four, six, *limited = rules(Limits())["slow"]
    assert four == "ip saddr . udp sport @port4 return"
    assert six == "ip6 saddr . udp sport @port6 return"
    assert all("counter name slowed drop" in rule for rule in limited)


@pytest.mark.parametrize(
    ("limits", "missing"),
    [
        (Limits(slowrate=0), "jump slow"),
        (Limits(maxconnections=0), "ct count"),
        (Limits(counts_connections=False), "ct count"),
        (Limits(connectrate=0), "@fresh4 {"),
        (Limits(maxconnections=0, connectrate=0), "jump connections"),
        (Limits(group=None), "log group"),
    ],
)
def test_what_is_switched_off_is_not_there(limits: Limits, missing: str) -> None:
    assert missing not in text(limits)
    assert missing in text(Limits(group=1))


def test_slow_ones_come_with_their_phones_in_one_transaction() -> None:
    flows = ((("192.0.2.1", 5060), 9.5), (("192.0.2.1", 5062), 3.0))
    told = ruleset.slow([Slow("192.0.2.1", 60, flows), Slow("2001:db8::/64", 60)])
    assert told.splitlines() == [
        "add element inet autoban port4 { 192.0.2.1 . 5060, 192.0.2.1 . 5062 }",
        "delete element inet autoban port4 { 192.0.2.1 . 5060, 192.0.2.1 . 5062 }",
        (
            "add element inet autoban port4 "
            "{ 192.0.2.1 . 5060 timeout 9500ms, 192.0.2.1 . 5062 timeout 3000ms }"
        ),
        "add element inet autoban slow4 { 192.0.2.1 }",
        "delete element inet autoban slow4 { 192.0.2.1 }",
        "add element inet autoban slow6 { 2001:db8:: }",
        "delete element inet autoban slow6 { 2001:db8:: }",
        "add element inet autoban slow4 { 192.0.2.1 timeout 60000ms }",
        "add element inet autoban slow6 { 2001:db8:: timeout 60000ms }",
    ]


def test_sets_are_counted_by_name() -> None:
    sizes = {"jail4": 2, "jail6": 1, "slow4": 4, "slow6": 1, "flood4": 3, "fresh4": 100}
    look = ruleset.read_look(
        "table inet autoban {\n"
        + "".join(
            f"\tset {name} {{\n\t\ttype x\n\t\tsize 65536\t# count {number}\n\t}}\n"
            for name, number in sizes.items()
        )
        + "\tset slow7 {\n\t\ttype x\n\t}\n}\n"
    )
    assert (look.jailed, look.slow, look.floods) == (3, 5, 3)


def test_who_opens_too_many_connections_is_read_from_the_kernel() -> None:
    found = """{"nftables": [{"metainfo": {}}, {"set": {"name": "flood4", "type": "%s",
        "elem": [{"elem": {"val": "%s", "timeout": 600, "expires": 590,
        "counter": {"packets": 7, "bytes": 420}}}]}}]}"""
    four, six = ("ipv4_addr", "192.0.2.1"), ("ipv6_addr", "2001:db8::")
    assert ruleset.read_floods(found % four) == [Flood("192.0.2.1", 590, 7)]
    assert ruleset.read_floods(found % six) == [Flood("2001:db8::/64", 590, 7)]
    assert ruleset.read_floods('{"nftables": [{"set": {"type": "ipv4_addr"}}]}') == []


class Kernel:
    """Refuses commands in which a word stands."""

    def __init__(self, *lacking: str, error: str = "Not supported") -> None:
        self.lacking = lacking
        self.error = error
        self.tried = 0

    def __call__(self, commands: str) -> str:
        self.tried += "add table" in commands
        if any(word in commands for word in self.lacking):
            raise FirewallError(self.error)
        return ""


@pytest.mark.parametrize(
    ("lacking", "missing"),
    [
        ((), ""),
        (("ct count",), "this kernel cannot count connections: Not supported"),
        (("log group",), "this kernel does not hand over challenges: Not supported"),
        (("ct count", "log group"), "this kernel has neither connlimit nor NFLOG: Not supported"),
    ],
)
def test_a_kernel_that_lacks_something_does_the_rest(
    lacking: tuple[str, ...], missing: str
) -> None:
    contents = Contents(limits=Limits(group=25060))
    firewall = Firewall(Kernel(*lacking), lambda: contents, lambda _: (0, 0))
    firewall.build()
    assert (firewall.reason, firewall.missing) == ("", missing)


def test_without_the_right_to_it_nothing_else_is_tried() -> None:
    kernel = Kernel("add table", error="Operation not permitted")
    firewall = Firewall(kernel, lambda: Contents(limits=Limits(group=1)), lambda _: (0, 0))
    firewall.build()
    assert firewall.reason == "Operation not permitted"
    assert kernel.tried == 1


def test_routers_are_read_from_the_kernel() -> None:
    route = (
        "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"
        "eth0\t00000000\t010012C6\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
        "eth0\t000012C6\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
    )
    nowhere, router = "0" * 32, "fd77ba17000000010000000000000001"
    ipv6 = (
        f"{nowhere} 00 {nowhere} 00 {router} 00000400 00000001 00000000 00000003 eth0\n"
        f"{router} 80 {nowhere} 00 {nowhere} 00000400 00000001 00000000 00000003 eth0\n"
    )
    assert gateways(route, ipv6) == [parse_span("198.18.0.1"), parse_span("fd77:ba17:0:1::1")]
    assert gateways("", "") == []


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def message(packet: bytes, kind: int = 4 << 8) -> bytes:
    """A message of nfnetlink_log with a packet in it, and another attribute before that."""
    attributes = b"".join(
        padded(struct.pack("=HH", 4 + len(value), number) + value)
        for number, value in ((1, bytes(4)), (9, packet))
    )
    body = struct.pack("!BBH", 2, 0, 25060) + attributes
    return struct.pack("=IHHII", 16 + len(body), kind, 0, 0, 0) + body


CHALLENGE = f'WWW-Authenticate: Digest realm="r", nonce="{NONCE}"'


def packet(to: str, challenge: str = CHALLENGE) -> bytes:
    address = ip_address(to)
    udp = bytes(8) + f"SIP/2.0 401 Unauthorized\r\n{challenge}\r\n\r\n".encode()
    if address.version == 4:
        return b"\x45" + bytes(15) + address.packed + udp
    return b"\x60" + bytes(23) + address.packed + udp


def test_challenges_are_read_from_what_the_kernel_hands_over() -> None:
    data = message(packet("192.0.2.1")) + message(packet("2001:db8::1"))
    assert list(read_challenges(data)) == [
        (ip_address("192.0.2.1"), NONCE),
        (ip_address("2001:db8::1"), NONCE),
    ]


def test_the_same_nonce_for_two_algorithms_is_one() -> None:
    twice = packet("192.0.2.1", f'A: Digest nonce="{NONCE}"\r\nA: Digest nonce="{NONCE}",x="y"')
    assert len(list(read_challenges(message(twice)))) == 1


@pytest.mark.parametrize(
    "data",
    [
        b"",
        message(packet("192.0.2.1"), kind=2),
        message(b""),
        message(b"\x45"),
        message(packet("192.0.2.1", "none")),
        message(packet("192.0.2.1"))[:20],
    ],
)
def test_what_is_no_challenge_is_none(data: bytes) -> None:
    assert list(read_challenges(data)) == []


@given(st.binary(max_size=200), st.integers(0, 300), st.binary(max_size=8))
def test_any_bytes_are_read(noise: bytes, place: int, change: bytes) -> None:
    list(read_challenges(noise))
    data = message(packet("192.0.2.1"))
    list(read_challenges(data[:place] + change + data[place + len(change) :]))
