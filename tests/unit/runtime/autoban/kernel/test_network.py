"""The machine's addresses, networks and gateways."""

from __future__ import annotations

from pbx.autoban.judgement.addresses import parse_span
from pbx.autoban.kernel.network import gateways, own_addresses, own_networks

FIB_TRIE = """Main:
  +-- 0.0.0.0/0 3 0 5
     +-- 127.0.0.0/8 2 0 2
        +-- 127.0.0.0/31 1 0 0
           |-- 127.0.0.0
              /8 host LOCAL
           |-- 127.0.0.1
              /32 host LOCAL
     |-- 198.18.0.0
        /24 link UNICAST
     |-- 198.18.0.2
        /32 host LOCAL
     |-- 198.18.0.255
        /32 link BROADCAST
"""
IF_INET6 = """00000000000000000000000000000001 01 80 10 80       lo
fe800000000000000042c6fffe13fa02 20a5 40 20 80     eth1
fd77ba17000000010000000000000002 20a5 40 00 82     eth1
"""


def test_own_addresses_are_those_that_the_kernel_calls_local() -> None:
    texts = ["127.0.0.1", "198.18.0.2", "::1", "fe80::42:c6ff:fe13:fa02", "fd77:ba17:0:1::2"]
    assert own_addresses(FIB_TRIE + FIB_TRIE, IF_INET6) == [parse_span(text) for text in texts]
    assert own_networks(IF_INET6) == [parse_span("fd77:ba17:0:1::/64")]


def test_own_addresses_without_a_network_are_none() -> None:
    assert own_addresses("", "") == []
    assert own_networks("") == []


def test_gateways_are_read_from_the_kernel() -> None:
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
