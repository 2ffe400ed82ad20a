"""Hold, and handing a call on."""

from __future__ import annotations

from fixtures.softphone import Phone

from .lab import Visit
from .talk import assert_talk, connect


def test_hold_and_resume(lab: Visit) -> None:
    alice, bob = lab.start("alice", "bob")
    made, _ = connect(alice, bob)
    assert_talk(alice, bob)
    made.hold()
    assert not bob.hears(alice.tone, 2)
    assert not alice.hears(bob.tone, 0.1)
    made.resume()
    assert_talk(alice, bob)


def test_a_blind_transfer(lab: Visit) -> None:
    alice, bob, carol = lab.start("alice", "bob", "carol")
    _, taken = connect(alice, bob)
    assert_talk(alice, bob)
    taken.transfer(carol)
    carol.answer()
    assert_talk(alice, carol)
    taken.ended()


def test_the_caller_transfers(lab: Visit) -> None:
    alice, bob, carol = lab.start("alice", "bob", "carol")
    made, _ = connect(alice, bob)
    assert_talk(alice, bob)
    made.transfer(carol)
    carol.answer()
    assert_talk(bob, carol)
    made.ended()


def test_an_attended_transfer(lab: Visit) -> None:
    alice, bob, carol = lab.start("alice", "bob", "carol")
    _, first = connect(alice, bob)
    assert_talk(alice, bob)
    first.hold()
    second, _ = connect(bob, carol)
    assert_talk(bob, carol)
    first.join(second)
    assert_talk(alice, carol)
    for call in (first, second):
        call.ended()


def test_a_transfer_to_a_number_outside(lab: Visit) -> None:
    alice, bob = lab.start("alice", "bob")
    _, taken = connect(alice, bob)
    taken.transfer("+442079460123")
    lab.trunk.answer()
    _assert_talk_outside(alice, lab.trunk)


def _assert_talk_outside(alice: Phone, trunk: Phone) -> None:
    assert_talk(alice, trunk)
