"""The client's address of a request, and the interface that receives it."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pbx.websms.configuration import values
from pbx.websms.configuration.reader import read_settings
from pbx.websms.incoming.neighbours import TrustedProxies
from pbx.websms.incoming.origin import (
    UnknownPathError,
    choose_receiver,
    client_address,
    known_by_address,
    without_authentication,
)

addresses = st.ip_addresses()
PROXIES = TrustedProxies(values.networks("198.18.0.0/24, fd00::/64"))
PROXY, PROXY6, OTHER = "198.18.0.7", "fd00::7", "198.18.1.1"


def chosen(text: str, address: str, path: str) -> str:
    interfaces = read_settings(f"[websmsd]\n{text}", {}).interfaces
    return choose_receiver(interfaces, ipaddress.ip_address(address), path).name


@given(st.lists(addresses.map(str), max_size=4))
def test_client_address_ignores_headers_from_other_than_proxies(claims: list[str]) -> None:
    assert str(client_address(OTHER, [", ".join(claims)] if claims else [], PROXIES)) == OTHER


@given(addresses, st.lists(addresses.map(str), max_size=3), st.sampled_from([PROXY, PROXY6]))
def test_client_address_is_the_last_that_a_proxy_wrote(
    client: ipaddress.IPv4Address | ipaddress.IPv6Address, claims: list[str], proxy: str
) -> None:
    # What stands before the last address is what that client claims.
    found = client_address(proxy, [*claims, str(client)], PROXIES)
    if not any(client in network for network in PROXIES.networks):
        assert found == (getattr(client, "ipv4_mapped", None) or client)
    assert found == client_address(proxy, [",".join([*claims, str(client)])], PROXIES)


def test_client_address_does_not_trust_excepted_proxies() -> None:
    trusted = TrustedProxies(PROXIES.networks, frozenset({ipaddress.ip_address(PROXY)}))
    assert str(client_address(PROXY, ["192.0.2.1"], trusted)) == PROXY
    assert str(client_address("198.18.0.8", [f"192.0.2.1, {PROXY}"], trusted)) == PROXY


@given(addresses.map(str), st.text())
def test_choose_receiver_without_addresses_and_paths_serves_all(address: str, path: str) -> None:
    assert chosen("key_to = to", address, path) == ""


def test_choose_receiver_prefers_the_interface_with_more_conditions() -> None:
    text = (
        "key_to [any] = a\nurl_path [path] = /x\nremt_addr [both] = 192.0.2.1\nurl_path [both] = /x"
    )
    assert chosen(text, "192.0.2.1", "/x") == "both"
    assert chosen(text, "192.0.2.2", "/x") == "path"
    assert chosen(text, "192.0.2.1", "/y") == "any"


def test_choose_receiver_ignores_interfaces_that_only_send() -> None:
    interfaces = read_settings("[websms]\nauth_user [a] = x\n[websmsd]\nurl_path [b] = /b", {})
    with pytest.raises(UnknownPathError):
        choose_receiver(interfaces.interfaces, ipaddress.ip_address("192.0.2.1"), "/")


def test_without_authentication_and_known_by_address_name_interfaces() -> None:
    text = "remt_addr[a] = 192.0.2.1\nverify[b] = none\nverify[c] = basic\n"
    text += "verify_user[c] = u\nverify_secret[c] = s"
    interfaces = read_settings(f"[websmsd]\n{text}", {}).interfaces
    assert without_authentication(interfaces) == ["b"]
    assert known_by_address(interfaces) == ["a"]
