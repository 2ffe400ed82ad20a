"""Keys that are pressed during a call."""

from __future__ import annotations

from .lab import Visit
from .talk import connect

KEYS = "0123456789*#"


def test_keys_arrive_by_rfc4733(lab: Visit) -> None:
    alice, bob = lab.start("alice", "bob")
    made, taken = connect(alice, bob)
    made.send_dtmf(KEYS)
    assert taken.receives_dtmf(KEYS, seconds=10) == "rfc4733"


def test_keys_arrive_by_info_where_the_account_says_so(lab: Visit) -> None:
    alice, inga = lab.start("alice", "inga")
    made, taken = connect(alice, inga)
    made.send_dtmf(KEYS)
    assert taken.receives_dtmf(KEYS, seconds=10) == "info"
    taken.send_dtmf(KEYS, "info")
    assert made.receives_dtmf(KEYS, seconds=10) == "rfc4733"
