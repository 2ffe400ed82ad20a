"""Several phones on one account."""

from __future__ import annotations

from .lab import Visit
from .talk import assert_talk


def test_all_ring_and_the_first_to_answer_gets_the_call(lab: Visit) -> None:
    alice, desk, mobile, tablet = lab.start("alice", "bob-desk", "bob-mobile", "bob-tablet")
    alice.call(desk)
    waiting = [phone.rings() for phone in (desk, tablet)]
    mobile.rings()
    mobile.answer()
    assert_talk(alice, mobile)
    for phone, call in zip((desk, tablet), waiting, strict=True):
        call.ended()
        cancel = next(m for m in phone.sip if m.method == "CANCEL" and not m.outgoing)
        # What keeps the phone from showing a missed call (RFC 3326).
        assert "cause=200" in cancel.header("Reason").replace(" ", "").lower()
        assert "elsewhere" in cancel.header("Reason").lower()


def test_a_busy_phone_leaves_the_call_to_the_others(lab: Visit) -> None:
    alice, desk, mobile = lab.start("alice", "bob-desk", "bob-mobile")
    desk.meets_calls_with(486)
    alice.call(mobile)
    mobile.answer()
    assert_talk(alice, mobile)


def test_a_call_that_nobody_took_shows_as_missed(lab: Visit) -> None:
    alice, desk, mobile = lab.start("alice", "bob-desk", "bob-mobile")
    alice.call(desk)
    waiting = [phone.rings() for phone in (desk, mobile)]
    alice.hang_up()
    for phone, call in zip((desk, mobile), waiting, strict=True):
        call.ended()
        cancel = next(m for m in phone.sip if m.method == "CANCEL" and not m.outgoing)
        assert "cause=200" not in cancel.header("Reason").replace(" ", "").lower()
