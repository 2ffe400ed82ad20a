"""The proof of sound says no when it should."""

from __future__ import annotations

import pytest

from .lab import Visit
from .talk import assert_talk, connect


def test_a_muted_phone_is_not_heard_though_its_packets_come(lab: Visit) -> None:
    alice, bob = lab.start("alice", "bob")
    made, taken = connect(alice, bob)
    assert_talk(alice, bob)
    taken.mute()
    before = made.packets()["received"]
    hearing = alice.hears(bob.tone, 3)
    assert not hearing
    assert hearing.reason == "silence"
    assert made.packets()["received"] > before + 50
    assert bob.hears(alice.tone)
    taken.mute(False)
    assert alice.hears(bob.tone)


def test_another_tone_is_not_taken_for_the_wanted_one(lab: Visit) -> None:
    alice, bob = lab.start("alice", "bob")
    connect(alice, bob)
    assert_talk(alice, bob)
    hearing = alice.hears(lab.phones.draw_tone(), 1)
    assert not hearing
    assert "not of" in hearing.reason


@pytest.mark.image("mini", only=True)  # where no prompt comes first
def test_an_echo_is_noticed(lab: Visit) -> None:
    alice = lab.phone("alice")
    alice.call("6").answered()
    assert alice.hears(alice.tone, echo=True)
    hearing = alice.hears(alice.tone + 100, 1)
    assert not hearing
    assert "its own tone" in hearing.reason
