"""Calls between users, by number."""

from __future__ import annotations

import pytest

from fixtures.softphone import Transport

from .accounts import NUMBERS
from .lab import Visit
from .talk import assert_talk, connect


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_users_talk(lab: Visit, transport: Transport, version: int) -> None:
    alice, bob = lab.start("alice", "bob", transport=transport, version=version)
    made, taken = connect(alice, bob)
    assert_talk(alice, bob)
    for call in (made, taken):
        assert call.media()["remote"].startswith("[" if version == 6 else "198.")
    alice.hang_up()
    taken.ended()


@pytest.mark.image("base")
@pytest.mark.parametrize("version", [4, 6])
def test_users_talk_over_tls(lab: Visit, version: int) -> None:
    alice, bob = lab.start("alice", "bob", transport="tls", version=version)
    connect(alice, bob)
    assert_talk(alice, bob)


@pytest.mark.image("base")
@pytest.mark.parametrize("tls", ["1.2", "1.3"])
def test_both_versions_of_tls_are_spoken(lab: Visit, tls: str) -> None:
    lab.phone("alice", transport="tls", tls=tls)


def test_phones_of_both_ip_versions_talk(lab: Visit) -> None:
    alice = lab.phone("alice", version=4)
    bob = lab.phone("bob", version=6)
    connect(alice, bob)
    assert_talk(alice, bob)
    alice.hang_up()
    connect(bob, alice)
    assert_talk(bob, alice)


@pytest.mark.parametrize("codec", ["PCMU", "PCMA", "G722", "opus"])
def test_codecs_are_understood(lab: Visit, codec: str) -> None:
    alice = lab.phone("alice", codecs=[codec])
    bob = lab.phone("bob", codecs=["PCMU" if codec != "PCMU" else "opus"])
    made, taken = connect(alice, bob)
    assert_talk(alice, bob)
    assert made.media()["codec"].lower().startswith(codec.lower())
    assert not taken.media()["codec"].lower().startswith(codec.lower())


@pytest.mark.parametrize(
    "dialled",
    [
        pytest.param(NUMBERS["bob"], id="international"),
        pytest.param("0" + NUMBERS["bob"][2:], id="national"),
        pytest.param("00" + NUMBERS["bob"][1:], id="00"),
        pytest.param(NUMBERS["bob"][1:], id="without +"),
    ],
)
def test_numbers_are_understood_in_every_form(lab: Visit, dialled: str) -> None:
    lab.set_global("COUNTRY_CODE", "1")
    alice, bob = lab.start("alice", "bob")
    alice.call(dialled)
    bob.answer()
    assert_talk(alice, bob)


def test_the_callee_sees_number_and_name_of_the_caller(lab: Visit) -> None:
    alice, bob = lab.start("alice", "bob")
    alice.call(bob)
    bob.rings()
    invite = next(m for m in bob.sip if m.method == "INVITE")
    assert NUMBERS["alice"] in invite.header("From")
    assert "Alice" in invite.header("From")


def test_call_to_a_busy_user_is_answered_busy(lab: Visit) -> None:
    alice, carol = lab.start("alice", "carol")
    carol.meets_calls_with(486)
    assert alice.call(carol).ended()[0] == 486


def test_call_to_a_user_without_a_phone_is_answered_unavailable(lab: Visit) -> None:
    alice = lab.phone("alice")
    assert alice.call(NUMBERS["carol"]).ended()[0] == 480


def test_call_that_nobody_answers_is_ended_as_unavailable(lab: Visit) -> None:
    lab.set_global("DIAL_TIMEOUT", "1")
    alice, carol = lab.start("alice", "carol")
    call = alice.call(carol)
    ringing = carol.rings()
    assert call.ended()[0] == 480
    ringing.ended()
