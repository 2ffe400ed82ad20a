"""The table of pending messages."""

from __future__ import annotations

from pbx.websms.listing import format_queue

NOW = 1_700_000_000.0


def test_format_queue_shows_both_directions_and_no_text() -> None:
    message = {
        "recipient": "+12025550111",
        "sender": "+12025550199",
        "length": 12,
        "came": NOW - 90,
        "expires": NOW + 3600,
        "attempts": 1,
        "reason": "no phone",
    }
    reply = {"waiting": 3, "messages": [message], "leaving": 1, "outgoing": [message]}
    _, first, second, rest = format_queue(reply, NOW).splitlines()
    assert (first.split()[0], second.split()[0], rest) == ("in", "out", "and 2 more")
    assert first.split()[1:] == [
        "+12025550111",
        "+12025550199",
        "12",
        "1m30s",
        "1h",
        "1",
        "no",
        "phone",
    ]
