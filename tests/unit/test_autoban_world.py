"""What AutoBan learns of the machine and of Asterisk, and what it says of it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from pbx.asterisk.ami_client import AmiRefusedError
from pbx.autoban.judgement.addresses import parse_span
from pbx.autoban.kernel.network import own_addresses, own_networks
from pbx.autoban.manager.outage import PATIENCE, Outage
from pbx.autoban.manager.trunks import Inquiry
from pbx.core.log import ERROR, INFO, NOTICE

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


def test_a_machine_without_a_network_has_none() -> None:
    assert own_addresses("", "") == []
    assert own_networks("") == []


def test_phones_and_trunks_are_asked_for() -> None:
    inquiry = Inquiry()
    asked = inquiry.begin()
    assert [name for name, _ in asked] == ["PJSIPShowEndpoints", "PJSIPShowRegistrationsOutbound"]
    assert all(fields["ActionID"] == "owners" for _, fields in asked)
    (more,) = inquiry.hear({"Event": "EndpointList", "ObjectName": "trunk"})
    assert more == ("PJSIPShowEndpoint", {"ActionID": "owners", "Endpoint": "trunk"})
    for message in (
        {"Response": "Success", "EventList": "start"},
        {"Event": "EndpointListComplete", "EventList": "Complete"},
        {"Event": "OutboundRegistrationDetail", "ServerUri": "sip:sip.example.com:5061"},
        {"Event": "OutboundRegistrationDetailComplete", "EventList": "Complete"},
        {"Event": "ContactStatusDetail", "URI": "sip:john.doe@192.0.2.9:5060;transport=tcp"},
        {"Event": "ContactStatusDetail", "URI": "sips:a@[2001:db8::9]:5061"},
        {"Event": "ContactStatusDetail", "URI": "sip:b@192.0.2.10:5060", "CallID": "x"},
        {"Event": "ContactStatusDetail", "URI": "sip:c@phone.invalid", "CallID": "x"},
        {"Event": "ContactStatusDetail", "URI": ""},
        {
            "Event": "IdentifyDetail",
            "Match": "203.0.113.0/255.255.255.248,"
            "2001:db8::7/ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff,name.example/x",
        },
    ):
        assert inquiry.hear(message) == []
        assert not inquiry.done
    assert inquiry.hear({"Event": "EndpointDetailComplete", "EventList": "Complete"}) == []
    assert inquiry.done
    assert inquiry.names == {"sip.example.com"}
    assert inquiry.phones == {parse_span("192.0.2.10")}  # registered: a phone and no trunk
    assert inquiry.spans == {
        parse_span(text) for text in ("192.0.2.9", "2001:db8::9", "203.0.113.0/29", "2001:db8::7")
    }
    assert not inquiry.denied


def test_who_may_not_ask_is_told_so() -> None:
    inquiry = Inquiry()
    for _ in inquiry.begin():
        inquiry.hear({"Response": "Error", "Message": "Permission denied"})
    assert inquiry.done
    assert inquiry.denied


def test_an_empty_list_is_no_denial() -> None:
    inquiry = Inquiry()
    for _ in inquiry.begin():
        inquiry.hear({"Response": "Error", "Message": "No endpoints found"})
    assert inquiry.done
    assert not inquiry.denied


@given(
    st.dictionaries(
        st.sampled_from(["Event", "URI", "Match", "ServerUri", "Response"]),
        st.one_of(
            st.text(),
            st.sampled_from(
                ["IdentifyDetail", "ContactStatusDetail", "OutboundRegistrationDetail"]
            ),
        ),
    )
)
def test_any_answer_is_taken(message: dict[str, str]) -> None:
    Inquiry().hear(message)


def test_a_start_and_a_short_outage_are_no_news() -> None:
    outage = Outage(0)
    refused = ConnectionRefusedError("refused")
    assert outage.goes_on(refused, PATIENCE - 1) is None
    assert outage.ended() == (INFO, "connected to Asterisk")
    assert outage.goes_on(refused, 1000) is None
    assert outage.goes_on(refused, 1000 + PATIENCE - 1) is None


def test_a_long_outage_is_told_once_and_so_is_its_end() -> None:
    outage = Outage(0)
    refused = ConnectionRefusedError("refused")
    line = outage.goes_on(refused, PATIENCE)
    assert line == (ERROR, "no connection to Asterisk's manager interface: refused; trying on")
    assert outage.goes_on(refused, PATIENCE + 1) is None
    assert outage.ended() == (NOTICE, "connected to Asterisk")


def test_a_wrong_secret_is_told_at_once_and_once() -> None:
    outage = Outage(0)
    error = AmiRefusedError("Authentication failed")
    line = outage.goes_on(error, 1)
    assert line
    assert line[0] == ERROR
    assert "autoban.conf" in line[1]
    assert outage.goes_on(error, 100) is None
