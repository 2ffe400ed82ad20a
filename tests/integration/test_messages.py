"""Text messages."""

from __future__ import annotations

import pytest

from .accounts import NUMBERS
from .lab import Visit

TEXTS = [
    pytest.param("hello", id="plain"),
    pytest.param("Grüße aus Łódź, 電話, مرحبا", id="Unicode"),
    pytest.param("\N{TELEPHONE RECEIVER}\U0001f468\u200d\U0001f469\u200d\U0001f467", id="emoji"),
    pytest.param("first\nsecond\r\nthird\n\nfifth", id="line breaks"),
    pytest.param("0123456789" * 100, id="1,000 characters"),
    pytest.param("\N{GRINNING FACE}" * 255, id="255 emoji"),
    pytest.param('"quoted", \\ and ${EXTEN} $[1+1] ; , | & <b>', id="special in the dialplan"),
]


@pytest.mark.parametrize("body", TEXTS)
def test_message_arrives_unchanged(lab: Visit, body: str) -> None:
    alice, bob = lab.start("alice", "bob")
    alice.message(bob, body)
    text = bob.receives_message()
    assert text.body == body
    assert f"sip:{NUMBERS['alice']}@" in text.sender


def test_message_reaches_every_phone_of_the_account(lab: Visit) -> None:
    alice, desk, mobile = lab.start("alice", "bob-desk", "bob-mobile")
    alice.message(desk, "to all of you")
    for phone in (desk, mobile):
        assert phone.receives_message().body == "to all of you"


@pytest.mark.image("base")
def test_message_is_sent_over_tls(lab: Visit) -> None:
    alice, bob = lab.start("alice", "bob", transport="tls")
    alice.message(bob, "kept secret")
    assert bob.receives_message().body == "kept secret"


def test_message_that_is_too_long_is_reported_to_its_sender(lab: Visit) -> None:
    alice, bob = lab.start("alice", "bob")
    alice.message(bob, "x" * 1024)
    answer = alice.receives_message()
    assert "Not delivered" in answer.body
    assert NUMBERS["bob"] in answer.sender


def test_message_can_be_answered(lab: Visit) -> None:
    alice, bob = lab.start("alice", "bob")
    alice.message(bob, "ping")
    sender = bob.receives_message().sender
    bob.message(sender.partition("sip:")[2].partition("@")[0], "pong")
    assert alice.receives_message().body == "pong"


@pytest.mark.image("mini", only=True)
def test_message_to_an_unknown_number_is_reported_to_its_sender(lab: Visit) -> None:
    """There is no program for texts to the outside in this image."""
    alice = lab.phone("alice")
    alice.message("+12025550199", "is anybody there?")
    answer = alice.receives_message()
    assert answer.body == "Not delivered: there is no such number here."
    assert "+12025550199" in answer.sender
