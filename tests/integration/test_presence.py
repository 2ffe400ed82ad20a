"""Phones that watch a user's number."""

from __future__ import annotations

import time

from .lab import Visit


def test_ringing_talking_and_idle_are_seen_within_a_second(lab: Visit) -> None:
    watcher, alice, bob = lab.start("carol", "alice", "bob")
    watcher.subscribe(bob)
    watcher.sees(bob, "Ready")
    alice.call(bob)
    bob.rings()
    _within_a_second(watcher.sees(bob, "Ringing"), time.time())
    bob.answer()
    _within_a_second(watcher.sees(bob, "On the phone"), time.time())
    alice.hang_up()
    _within_a_second(watcher.sees(bob, "Ready"), time.time())


def test_a_phone_that_leaves_is_seen(lab: Visit) -> None:
    watcher, bob = lab.start("carol", "bob")
    watcher.subscribe(bob)
    watcher.sees(bob, "Ready")
    bob.unregister()
    watcher.sees(bob, "Unavailable")


def _within_a_second(seen: float, happened: float) -> None:
    assert seen - happened < 1
