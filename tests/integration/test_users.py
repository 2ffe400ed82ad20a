"""A user that `pbx user add` makes: a phone with what it printed."""

from __future__ import annotations

import pytest

from fixtures.softphone import Account

from .lab import Visit
from .talk import assert_talk, connect

pytestmark = pytest.mark.image("base")

NUMBER = "+12025550178"


def test_a_phone_with_what_was_printed_calls_and_is_called(lab: Visit) -> None:
    ann = lab.add_user("proof-ann", NUMBER)
    assert ann["number"] == NUMBER
    assert "UDP port 5060" in ann["transport"]
    phone = lab.phones.phone("ann")
    account = Account(ann["user name"], ann["password"], ann["number"])
    phone.register(account, ann["server"])
    bob = lab.phone("bob")
    connect(phone, bob)
    assert_talk(phone, bob)
    phone.hang_up()
    connect(bob, phone)
    assert_talk(bob, phone)
    invite = next(message for message in bob.sip if message.method == "INVITE")
    assert NUMBER in invite.header("From")
