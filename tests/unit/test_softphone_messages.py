"""What is read in a SIP message."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.softphone import SipMessage

INVITE = (
    "INVITE sip:+12025550183@pbx.example SIP/2.0\r\n"
    "Via: SIP/2.0/UDP 198.18.0.3:5060;branch=z9hG4bK1\r\n"
    "Via: SIP/2.0/UDP 198.18.0.4:5060;branch=z9hG4bK2\r\n"
    'From: "Alice: the first" <sip:alice@pbx.example>\r\n'
    "cseq:  7 INVITE \r\n"
    "Subject:\r\n"
    "\r\n"
    "v=0\r\nc=IN IP4 198.18.0.3\r\nAccept: not/a-header\r\n\r\nmore"
)
RINGING = "SIP/2.0 180 Ringing\r\nCSeq: 7 INVITE\r\nContent-Length: 0\r\n\r\n"


def message(text: str) -> SipMessage:
    return SipMessage(0, "alice", True, "UDP", "198.18.0.2:5060", text)


def test_summary_of_a_request_is_method_and_address() -> None:
    assert message(INVITE).summary == "INVITE sip:+12025550183@pbx.example"


def test_summary_of_a_response_names_what_it_answers() -> None:
    assert message(RINGING).summary == "180 Ringing (INVITE)"
    assert message("SIP/2.0 200 OK\nCSeq: 4 BYE\n\n").summary == "200 OK (BYE)"


def test_method_is_that_of_the_request_also_in_a_response() -> None:
    assert message(INVITE).method == message(RINGING).method == "INVITE"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Via", "SIP/2.0/UDP 198.18.0.3:5060;branch=z9hG4bK1"),
        ("from", '"Alice: the first" <sip:alice@pbx.example>'),
        ("CSEQ", "7 INVITE"),
        ("Subject", ""),
        ("Reason", ""),
        ("Accept", ""),
        ("INVITE sip", ""),
    ],
)
def test_header_is_the_first_of_its_name_and_never_from_the_body(name: str, value: str) -> None:
    assert message(INVITE).header(name) == value


@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_body_is_all_that_follows_the_headers(end: str) -> None:
    assert message(INVITE.replace("\r\n", end)).body.splitlines() == [
        "v=0", "c=IN IP4 198.18.0.3", "Accept: not/a-header", "", "more"
    ]  # fmt: skip


def test_message_without_a_body_has_none() -> None:
    assert message(RINGING).body == ""
    assert message("OPTIONS sip:pbx SIP/2.0\r\nCSeq: 1 OPTIONS").body == ""


@given(st.text())
def test_anything_that_comes_over_the_wire_can_be_looked_at(text: str) -> None:
    found = message(text)
    assert isinstance(found.summary + found.method + found.header("Via"), str)
    assert text.endswith(found.body)
