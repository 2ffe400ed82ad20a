"""The table of pending messages."""

from __future__ import annotations

from pbx.websms.listing import EMPTY, format_queue

NOW = 1_700_000_000.0
ANN, BOB = "+12025550111", "+12025550112"
OUTSIDE, OTHER = "+12025550199", "+12025550198"


def test_format_queue_shows_both_directions_and_no_text() -> None:
    message = {
        "recipient": ANN,
        "sender": OUTSIDE,
        "length": 12,
        "came": NOW - 90,
        "expires": NOW + 3600,
        "attempts": 1,
        "reason": "no phone",
    }
    reply = {
        "waiting": 3,
        "messages": [message],
        "leaving": 1,
        "outgoing": [{**message, "recipient": OUTSIDE, "sender": BOB, "reason": "busy"}],
    }
    assert format_queue(reply, NOW).splitlines() == [
        "     to            from          characters  pending for  expires in  attempts  reason",
        "in   +12025550111  +12025550199  12          1m30s        1h          1         no phone",
        "out  +12025550199  +12025550112  12          1m30s        1h          1         busy",
        "and 2 more",
    ]
    empty = {"waiting": 0, "messages": [], "leaving": 0, "outgoing": []}
    assert format_queue(empty, NOW) == EMPTY
