"""What many tests ask of a call."""

from __future__ import annotations

from fixtures.softphone import Call, Phone


def connect(caller: Phone, callee: Phone) -> tuple[Call, Call]:
    """Calls, answers, and returns the call as both see it."""
    made = caller.call(callee)
    taken = callee.answer()
    return made.answered(), taken


def assert_talk(one: Phone, other: Phone) -> None:
    """Both hear each other, and not themselves."""
    assert one.hears(other.tone)
    assert other.hears(one.tone)
