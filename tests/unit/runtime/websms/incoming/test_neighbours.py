"""The proxies that are trusted by default."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pbx.websms.incoming.neighbours import LOOPBACK, Route, neighbours, read_routes

# A container of two networks, the first with IPv6.
ROUTES = """\
Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t014D12C6\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth0\t004D12C6\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
eth1\t00B112C6\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
"""
ROUTES6 = """\
fd000000000000010000000000000000 40 00000000000000000000000000000000 00 \
00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0
fe800000000000000000000000000000 40 00000000000000000000000000000000 00 \
00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 \
fd000000000000010000000000000001 00000400 00000001 00000000 00000003     eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 \
00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo
ff000000000000000000000000000000 08 00000000000000000000000000000000 00 \
00000000000000000000000000000000 00000100 00000004 00000000 00000001     eth0
"""
CONTAINER = {"lo": "", "eth0": "veth", "eth1": "veth"}


def is_trusted(drivers: dict[str, str], address: str) -> bool:
    return ipaddress.ip_address(address) in neighbours(drivers, read_routes(ROUTES, ROUTES6))


@pytest.mark.parametrize(
    ("address", "trusted"),
    [
        ("198.18.77.2", True),
        ("198.18.177.200", True),
        ("fd00:0:0:1::2", True),
        ("127.0.0.5", True),
        ("::1", True),
        ("198.18.77.1", False),  # the gateway
        ("198.18.177.1", False),  # of a network that the default route does not lead to
        ("fd00:0:0:1::1", False),
        ("198.18.78.2", False),
        ("fd00:0:0:2::2", False),
        ("fe80::1", False),
        ("ff02::1", False),
        ("2001:db8::1", False),
    ],
)
def test_neighbours_are_in_the_networks_of_the_container(address: str, trusted: bool) -> None:
    assert is_trusted(CONTAINER, address) is trusted


@pytest.mark.parametrize(
    "drivers",
    [
        {"lo": "", "eth0": "virtio_net", "eth1": "e1000", "docker0": "bridge", "veth1": "veth"},
        CONTAINER | {"docker0": "bridge"},  # the host is itself a container, of LXC
        CONTAINER | {"eth0": "macvlan", "eth1": "ipvlan"},  # neighbours are the whole LAN
        CONTAINER | {"eth0": "tun", "eth1": "tun"},  # rootless Podman
        CONTAINER | {"eth0": "", "eth1": ""},
        {},
    ],
)
def test_neighbours_of_a_host_network_are_only_loopback(drivers: dict[str, str]) -> None:
    assert neighbours(drivers, read_routes(ROUTES, ROUTES6)).networks == LOOPBACK


addresses = st.ip_addresses()
routes = st.builds(
    Route,
    st.sampled_from(["eth0", "eth1"]),
    st.builds(
        lambda address, cut: ipaddress.ip_network(
            f"{address}/{address.max_prefixlen - cut}", strict=False
        ),
        addresses,
        st.integers(0, 32),
    ),
    st.none() | addresses,
)


@given(st.lists(routes, max_size=6), addresses)
def test_neighbours_are_on_link_and_not_gateways(
    table: list[Route], address: ipaddress.IPv4Address | ipaddress.IPv6Address
) -> None:
    trusted = neighbours({"eth0": "veth", "eth1": "macvlan"}, table)
    for one in (address, *(x.network.network_address for x in table)):
        if one in trusted and not one.is_loopback:
            on_link = [x for x in table if x.interface == "eth0" and x.gateway is None]
            assert any(one in x.network for x in on_link)
            assert one not in {x.gateway for x in table}


@pytest.mark.parametrize("table", ["head\neth0 x", "head\neth0\t0\t0\t0001\t0\t0\t0\tzz", "a\nb"])
def test_read_routes_refuses_what_is_not_a_table(table: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        read_routes(table, "")
