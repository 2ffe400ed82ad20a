"""The queue as a table."""

from __future__ import annotations

from dataclasses import replace

from pbx.voicemail.listing import format_queue
from pbx.voicemail.state import MailState


def test_listing_shows_pending_mails_and_reasons() -> None:
    assert format_queue([], 0) == "no pending mails"
    waiting = MailState(0, 130, ("bob@example.com",), 2, reason="mx:25: timed out")
    refused = replace(waiting, refused=True, reason="mx:25 says: 550 no")
    head, first, second = format_queue([waiting, refused], 10).splitlines()
    assert head.split() == ["CAME", "FOR", "TRIED", "NEXT", "REASON"]
    assert first.split()[2:] == ["bob@example.com", "2", "in", "2", "min", "mx:25:", "timed", "out"]
    assert "--retry" in second
