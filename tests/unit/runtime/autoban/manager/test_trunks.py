"""Queries for the addresses of phones and trunks."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_network

from hypothesis import given
from hypothesis import strategies as st
from pbx.autoban.judgement.addresses import parse_span
from pbx.autoban.manager.trunks import Inquiry


def test_inquiry_queries_phones_and_trunks() -> None:
    inquiry = Inquiry()
    asked = inquiry.begin()
    assert [name for name, _ in asked] == ["PJSIPShowEndpoints", "PJSIPShowRegistrationsOutbound"]
    assert all(fields["ActionID"] == "owners" for _, fields in asked)
    (more,) = inquiry.hear({"Event": "EndpointList", "ObjectName": "trunk"})
    assert more == ("PJSIPShowEndpoint", {"ActionID": "owners", "Endpoint": "trunk"})
    for message in (
        {"Event": "EndpointListComplete", "EventList": "Complete"},
        {"Event": "OutboundRegistrationDetail", "ServerUri": "sip:sip.example.com:5061"},
        {"Event": "OutboundRegistrationDetailComplete", "EventList": "Complete"},
        {"Event": "ContactStatusDetail", "URI": "sip:john.doe@192.0.2.9:5060;transport=tcp"},
        {"Event": "ContactStatusDetail", "URI": "sips:a@[2001:db8::9]:5061"},
        {"Event": "ContactStatusDetail", "URI": "sip:b@192.0.2.10:5060", "CallID": "x"},
        {"Event": "ContactStatusDetail", "URI": "sip:c@phone.invalid", "CallID": "x"},
        {"Event": "ContactStatusDetail", "URI": ""},
        {"Event": "IdentifyDetail", "Match": "203.0.113.0/255.255.255.248,name.example/x"},
    ):
        assert inquiry.hear(message) == []
        assert not inquiry.done
    assert inquiry.hear({"Event": "EndpointDetailComplete", "EventList": "Complete"}) == []
    assert inquiry.done
    assert inquiry.names == {"sip.example.com"}
    assert inquiry.phones == {parse_span("192.0.2.10")}  # registered: a phone and no trunk
    assert inquiry.spans == set(map(parse_span, ("192.0.2.9", "2001:db8::9", "203.0.113.0/29")))
    assert not inquiry.denied


def test_inquiry_without_the_right_is_denied() -> None:
    inquiry = Inquiry()
    for _ in inquiry.begin():
        inquiry.hear({"Response": "Error", "Message": "Permission denied"})
    assert inquiry.done
    assert inquiry.denied


def test_inquiry_with_an_empty_list_is_not_denied() -> None:
    inquiry = Inquiry()
    for _ in inquiry.begin():
        inquiry.hear({"Response": "Error", "Message": "No endpoints found"})
    assert inquiry.done
    assert not inquiry.denied


hosts = st.one_of(
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).map(lambda address: f"[{address}]"),
)
names = st.from_regex(r"[a-z][a-z0-9-]{0,10}\.example", fullmatch=True)


@given(st.sampled_from(["sip", "sips"]), st.sampled_from(["", "john.doe@"]), hosts, names)
def test_inquiry_finds_the_host_of_any_uri(scheme: str, user: str, host: str, name: str) -> None:
    inquiry = Inquiry()
    for text in (f"{scheme}:{user}{host}:5060;transport=tcp", f"<{scheme}:{user}{name}>"):
        inquiry.hear({"Event": "OutboundRegistrationDetail", "ServerUri": text})
    assert inquiry.spans == {parse_span(host.strip("[]"))}
    assert {found.rstrip(">") for found in inquiry.names} == {name}


@given(st.ip_addresses(v=4), st.integers(0, 32), st.ip_addresses(v=6), st.integers(0, 128))
def test_inquiry_finds_the_networks_of_identify(
    four: IPv4Address, bits4: int, six: IPv6Address, bits6: int
) -> None:
    networks = [ip_network(f"{four}/{bits4}", strict=False), ip_network(f"{six}/{bits6}", False)]
    inquiry = Inquiry()
    match = ",".join(f"{network.network_address}/{network.netmask}" for network in networks)
    inquiry.hear({"Event": "IdentifyDetail", "Match": match})
    assert inquiry.spans == {parse_span(str(network)) for network in networks}
