"""Addresses, networks, ranges, and the name of an offender."""

from __future__ import annotations

import ipaddress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pbx.autoban.judgement.addresses import (
    NEVER_OFFENDERS,
    Address,
    Span,
    Spans,
    key_of,
    parse_address,
    parse_span,
)

v4 = st.ip_addresses(v=4)
v6 = st.ip_addresses(v=6)
addresses = st.one_of(v4, v6)
NOWHERE = Spans()


@st.composite
def spans(draw: st.DrawFn) -> Span:
    version = draw(st.sampled_from([4, 6]))
    low, high = sorted(draw(st.tuples(*[st.integers(0, 40)] * 2)))
    base = draw(st.sampled_from([0, 2**32 - 41] if version == 4 else [0, 2**128 - 41]))
    return Span(version, base + low, base + high)


def address_of(version: int, number: int) -> Address:
    return ipaddress.IPv4Address(number) if version == 4 else ipaddress.IPv6Address(number)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("192.0.2.7/24", "192.0.2.0", "192.0.2.255"),
        ("192.0.2.1 - 192.0.2.9", "192.0.2.1", "192.0.2.9"),
        ("203.0.113.0/255.255.255.248", "203.0.113.0", "203.0.113.7"),
        ("::ffff:192.0.2.1", "192.0.2.1", "192.0.2.1"),
    ],
)
def test_span_is_read(text: str, first: str, last: str) -> None:
    low, high = ipaddress.ip_address(first), ipaddress.ip_address(last)
    assert parse_span(text) == Span(low.version, int(low), int(high))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "192.0.2.9-192.0.2.1",
        "192.0.2.1-2001:db8::1",
        "192.0.2.0/33",
        "192.0.2.0/24-192.0.3.0/24",
    ],
)
def test_span_is_refused_if_invalid(text: str) -> None:
    with pytest.raises(ValueError, match="is no address, network"):
        parse_span(text)


@given(spans())
def test_span_can_be_read_as_it_is_written(span: Span) -> None:
    assert parse_span(str(span)) == span


parts = st.sampled_from(["192.0.2.1", "2001:db8::1", "/24", "/255.255.255.0", "-", " ", "x", "1"])


@given(st.one_of(st.text(max_size=30), st.lists(parts, max_size=4).map("".join)))
def test_span_of_any_accepted_text_is_ordered_and_can_be_read_again(text: str) -> None:
    try:
        span = parse_span(text)
    except ValueError:
        return
    assert span.first <= span.last < 2 ** (32 if span.version == 4 else 128)
    assert parse_span(str(span)) == span


@given(st.lists(spans(), max_size=6), spans())
def test_spans_contain_what_their_members_contain(members: list[Span], probe: Span) -> None:
    found = Spans(members)
    for number in {probe.first, probe.last}:
        expected = any(
            span.version == probe.version and span.first <= number <= span.last for span in members
        )
        assert (address_of(probe.version, number) in found) == expected
    ends = [(span.version, span.first, span.last) for span in found.merged]
    assert ends == sorted(ends)
    assert all(a[0] != b[0] or a[2] + 1 < b[1] for a, b in pairwise(ends))


@given(v4)
def test_key_of_ipv4_is_the_address(address: ipaddress.IPv4Address) -> None:
    assert key_of(address, NOWHERE) == str(address)
    assert key_of(parse_address(f"::ffff:{address}"), NOWHERE) == str(address)


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_key_of_ipv6_is_its_64(network: int, one: int, other: int) -> None:
    first, second = (ipaddress.IPv6Address(network << 64 | host) for host in (one, other))
    if not first.is_link_local and not first.ipv4_mapped and not second.ipv4_mapped:
        key = key_of(first, NOWHERE)
        assert key == key_of(second, NOWHERE)
        assert first in Spans([parse_span(key)])
        assert key.endswith("/64")


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("2001:db8:1:2::3", "2001:db8:1:2::3"),
        ("2001:db8:1:3::3", "2001:db8:1:3::/64"),
        ("fe80::1", "fe80::1"),
        ("fe80::1%eth0", "fe80::1"),
    ],
)
def test_key_of_ipv6_is_the_address_on_networks_of_the_machine(address: str, key: str) -> None:
    neighbours = Spans([parse_span("2001:db8:1:2::/64")])
    assert key_of(parse_address(address), neighbours) == key


@pytest.mark.parametrize(
    "text",
    ["0.0.0.0", "127.0.0.1", "127.1.2.3", "::1", "::", "224.0.0.1", "255.255.255.255", "ff02::1"],
)
def test_never_offenders_are_unspecified_loopback_and_multicast(text: str) -> None:
    assert parse_address(text) in NEVER_OFFENDERS
