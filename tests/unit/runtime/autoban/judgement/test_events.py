"""Security events as Asterisk reports them."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from pbx.autoban.judgement.addresses import parse_address
from pbx.autoban.judgement.events import Meaning, read_event


def message(kind: str, call_id: str = "c", **fields: str) -> dict[str, str]:
    address = "IPV4/UDP/192.0.2.1/5060"
    return {"Event": kind, "SessionID": call_id, "RemoteAddress": address, **fields}


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("IPV4/UDP/203.0.113.7/5060", "203.0.113.7"),
        ("IPV6/TLS/2001:db8::1/5061", "2001:db8::1"),
        ("IPV6/UDP/fe80::1%eth0/5060", "fe80::1"),
        ("IPV4/203.0.113.7/5060", "203.0.113.7"),
        ("IPV6/UDP/::ffff:203.0.113.7/5060", "203.0.113.7"),
    ],
)
def test_event_has_the_address_before_the_port(text: str, address: str) -> None:
    found = read_event(message("InvalidPassword", RemoteAddress=text))
    assert found
    assert found.address == parse_address(address)


@pytest.mark.parametrize("text", ["", "203.0.113.7", "IPV4/UDP/host/5060", "///", "IPV4/UDP//5060"])
def test_event_without_an_address_is_none(text: str) -> None:
    assert read_event(message("InvalidPassword", RemoteAddress=text)) is None


@pytest.mark.parametrize("kind", ["FullyBooted", "RequestBadFormat", "SessionLimit", ""])
def test_event_of_another_kind_is_none(kind: str) -> None:
    assert read_event(message(kind)) is None


def test_event_of_challenge_and_login_has_its_meaning() -> None:
    challenge, login = (read_event(message(x)) for x in ("ChallengeSent", "SuccessfulAuth"))
    assert challenge
    assert challenge.meaning is Meaning.CHALLENGED
    assert login
    assert login.meaning is Meaning.LOGIN


addresses = st.one_of(
    st.ip_addresses().map(lambda address: f"IPV4/UDP/{address}/5060"), st.text(max_size=30)
)
