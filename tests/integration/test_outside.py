"""Calls to and from the provider, and who may make none."""

from __future__ import annotations

import pytest

from fixtures.softphone import Account, MessageError, RegistrationError

from .accounts import NUMBERS, TRUNK
from .lab import Visit
from .talk import assert_talk, connect

OUTSIDE = "+442079460123"  # reserved for fiction in the United Kingdom

once = pytest.mark.image("mini", once=True)


def test_unknown_number_is_called_outside_with_the_callers_number(lab: Visit) -> None:
    alice = lab.phone("alice")
    alice.call(OUTSIDE)
    lab.trunk.answer()
    assert_talk(alice, lab.trunk)
    invite = [m for m in lab.trunk.sip if m.method == "INVITE" and not m.outgoing][-1]
    assert f"sip:{OUTSIDE}@" in invite.summary
    assert f"sip:{NUMBERS['alice']}@" in invite.header("From")


@once
@pytest.mark.parametrize("number", ["112", "911", "999", "1177", "116117"])
def test_short_numbers_go_out_as_they_are(lab: Visit, number: str) -> None:
    alice = lab.phone("alice")
    alice.call(number)
    lab.trunk.answer()
    assert_talk(alice, lab.trunk)
    invite = [m for m in lab.trunk.sip if m.method == "INVITE" and not m.outgoing][-1]
    assert f"sip:{number}@" in invite.summary


def test_answer_of_the_provider_reaches_the_caller(lab: Visit) -> None:
    alice = lab.phone("alice")
    call = alice.call(OUTSIDE)
    lab.trunk.refuse(486)
    assert call.ended()[0] == 486


def test_a_call_from_outside_reaches_a_user(lab: Visit) -> None:
    bob = lab.phone("bob")
    lab.trunk.call(bob)
    bob.answer()
    assert_talk(lab.trunk, bob)


@once
@pytest.mark.parametrize("number", ["0" + NUMBERS["bob"][2:], NUMBERS["bob"][1:]])
def test_a_call_from_outside_reaches_a_user_in_other_forms(lab: Visit, number: str) -> None:
    lab.set_global("COUNTRY_CODE", "1")
    bob = lab.phone("bob")
    lab.trunk.call(number)
    bob.answer()


def test_a_user_who_may_not_call_out_does_not(lab: Visit) -> None:
    attic, bob = lab.start("attic", "bob")
    assert attic.call(OUTSIDE).ended()[0] >= 400
    assert attic.call("112").ended()[0] >= 400
    assert attic.call("6").ended()[0] >= 400  # the menu
    assert lab.trunk.stays_quiet()
    connect(attic, bob)
    assert_talk(attic, bob)


@once
@pytest.mark.parametrize("number", [OUTSIDE, "00442079460123", "112", "0207946012", "6"])
def test_a_call_from_outside_does_not_go_out_again(lab: Visit, number: str) -> None:
    assert lab.trunk.call(number).ended()[0] >= 400
    assert lab.trunk.stays_quiet()


def test_a_user_who_forwards_a_call_from_outside_does_not_send_it_out(lab: Visit) -> None:
    bob = lab.phone("bob")
    call = lab.trunk.call(bob)
    bob.rings()
    bob.forward(OUTSIDE)
    assert lab.trunk.stays_quiet()
    assert call.is_over() or call.answered()  # refused, or voicemail


def test_a_user_who_transfers_a_call_from_outside_does_not_send_it_out(lab: Visit) -> None:
    bob = lab.phone("bob")
    lab.trunk.call(bob)
    bob.answer()
    assert_talk(lab.trunk, bob)
    bob.current.transfer(OUTSIDE)
    assert lab.trunk.stays_quiet()


def test_a_caller_from_outside_cannot_transfer_to_the_outside(lab: Visit) -> None:
    bob = lab.phone("bob")
    call = lab.trunk.call(bob)
    bob.answer()
    assert_talk(lab.trunk, bob)
    call.transfer(OUTSIDE)
    assert lab.trunk.stays_quiet()
    refer = next(m for m in lab.trunk.sip[::-1] if m.method == "REFER" and not m.outgoing)
    assert refer.summary.startswith(("403", "405", "603"))


UNKNOWN_CLIENTS = [
    pytest.param("nobody", id="unknown"),
    pytest.param("anonymous", id="anonymous"),
    pytest.param("proof-alice", id="a user's name"),
    pytest.param(TRUNK.replace(":", "%3A"), id="the trunk's name"),
    pytest.param("healthcheck", id="the health check's name"),
    pytest.param(NUMBERS["alice"], id="a user's number"),
]


@once
@pytest.mark.parametrize("name", UNKNOWN_CLIENTS)
def test_client_without_an_account_reaches_nobody(lab: Visit, name: str) -> None:
    bob = lab.phone("bob")
    attacker = lab.phones.phone("attacker")
    attacker.take_account(Account(name, "guess"), lab.lab.server())
    for number in (OUTSIDE, "112", NUMBERS["bob"], "6"):
        assert attacker.call(number).ended()[0] in (401, 403, 404), number
    with pytest.raises(MessageError):
        attacker.message(NUMBERS["bob"], "hello")
    assert lab.trunk.stays_quiet(0.2)
    assert bob.stays_quiet(0.2)


@once
@pytest.mark.parametrize("name", UNKNOWN_CLIENTS)
def test_client_without_an_account_cannot_register(lab: Visit, name: str) -> None:
    attacker = lab.phones.phone("attacker")
    with pytest.raises(RegistrationError) as refusal:
        attacker.register(Account(name, "guess"), lab.lab.server())
    assert refusal.value.code in (401, 403, 404)


def test_a_user_cannot_pose_as_another(lab: Visit) -> None:
    """Whom a call is from is decided by the password, whatever its headers say."""
    alice, bob = lab.start("alice", "bob")
    pai = f"<sip:{NUMBERS['carol']}@example.com>"
    alice.call(bob, headers={"P-Asserted-Identity": pai, "Remote-Party-ID": pai})
    bob.rings()
    invite = next(m for m in bob.sip if m.method == "INVITE")
    assert NUMBERS["carol"] not in invite.text
