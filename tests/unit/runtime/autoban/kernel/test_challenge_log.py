"""Copies of challenges, as the kernel sends them."""

from __future__ import annotations

import struct
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pbx.autoban.judgement.addresses import parse_address
from pbx.autoban.kernel.challenge_log import read_challenges

NONCE = "1795409308/d8b987430e2a78ea18d937db59a3d7df"


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


def test_challenges_with_one_nonce_for_two_algorithms_are_one() -> None:
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
def test_challenges_are_not_read_from_other_packets(data: bytes) -> None:
    assert list(read_challenges(data)) == []


@given(
    st.lists(st.tuples(st.ip_addresses(), st.text("0123456789abcdef/", min_size=1, max_size=63))),
    st.binary(max_size=40),
)
def test_challenges_before_noise_are_read_whatever_the_noise_is(
    sent: list[tuple[IPv4Address | IPv6Address, str]], noise: bytes
) -> None:
    data = b"".join(message(packet(str(to), f'nonce="{nonce}"')) for to, nonce in sent)
    found = list(read_challenges(data + noise))
    assert found[: len(sent)] == [(parse_address(str(to)), nonce) for to, nonce in sent]


@given(st.integers(0, 300), st.binary(max_size=8))
def test_challenges_in_damaged_messages_are_for_somebody_with_a_nonce(
    place: int, change: bytes
) -> None:
    data = message(packet("192.0.2.1"))
    for _, nonce in read_challenges(data[:place] + change + data[place + len(change) :]):
        assert 0 < len(nonce) < 64
