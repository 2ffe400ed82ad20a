"""What many tests ask of a call."""

from __future__ import annotations

import time

from factory.waiting import wait_for
from fixtures.softphone import Call, Phone

LONGEST_GAP = 0.25
"""Seconds; a shorter one is the machine's, which runs several tests at once: 0.16 was seen."""


def connect(caller: Phone, callee: Phone) -> tuple[Call, Call]:
    """Calls, answers, and returns the call as both see it."""
    made = caller.call(callee)
    taken = callee.answer()
    return made.answered(), taken


def assert_talk(one: Phone, other: Phone) -> None:
    """Both hear each other, and not themselves."""
    assert one.hears(other.tone)
    assert other.hears(one.tone)


def hum(*phones: Phone) -> float:
    """Has two phones hum and waits until each hears the other; returns since when."""
    for phone in phones:
        phone.hum()
    for phone, other in zip(phones, reversed(phones), strict=True):
        wait_for(
            lambda p=phone, o=other: p.longest_gap(o.tone, 0.2),  # type: ignore[misc]
            lambda gap: gap == 0,
            seconds=5,
            otherwise=f"{phone.name} does not hear {other.name} hum",
        )
    return time.monotonic()


def gap_since(begin: float, one: Phone, other: Phone) -> float:
    """Returns for how many seconds at most one of them did not hear the other hum."""
    seconds = time.monotonic() - begin
    return max(one.longest_gap(other.tone, seconds), other.longest_gap(one.tone, seconds))
