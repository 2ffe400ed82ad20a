"""Greetings: recorded by their owner in the menu, heard by callers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fixtures.softphone import Phone, tones

from .accounts import NUMBERS
from .lab import Visit
from .voicemail import SPOOL, await_beep, speak

pytestmark = pytest.mark.image("base")
once = pytest.mark.image("base", once=True)

MAILBOX = f"{SPOOL}/example.com/bob"
OBRIENS = f"{SPOOL}/example.com/o^brien"
TEMPORARY, UNAVAILABLE, BUSY, NAME = "1", "2", "3", "4"


@pytest.fixture(autouse=True)
def _no_greetings(lab: Visit) -> Iterator[None]:
    lab.pbx.run(f"rm -rf {MAILBOX} {OBRIENS}")
    yield
    lab.pbx.run(f"rm -rf {MAILBOX} {OBRIENS}")


def record(lab: Visit, bob: Phone, digit: str, folder: str = MAILBOX) -> int:
    """Bob records a greeting; returns the tone that is in it."""
    call = bob.call(digit).answered()
    tone = bob.tone
    await_beep(bob)
    speak(lab.pbx, f"{folder}/new-*.wav")
    bob.send_dtmf("1")
    assert bob.hears(tone, echo=True)  # what was recorded is played
    call.hang_up()
    return tone


def reached(caller: Phone) -> Phone:
    """The caller, who has called bob and reached his voicemail."""
    caller.call(NUMBERS["bob"]).answered()
    return caller


def heard(phone: Phone, tone: int) -> bool:
    return sum(tones.presence(phone.recording(), tone)) > 20


@pytest.mark.parametrize("digit", [TEMPORARY, UNAVAILABLE, NAME])
def test_a_greeting_is_heard_by_the_next_caller(lab: Visit, digit: str) -> None:
    bob, alice = lab.start("bob", "alice")
    tone = record(lab, bob, digit)
    bob.unregister()
    assert reached(alice).hears(tone)
    await_beep(alice)
    assert not lab.warnings()


@once
def test_a_greeting_for_a_mailbox_with_an_apostrophe_is_kept(lab: Visit) -> None:
    obrien, alice = lab.start("obrien", "alice")
    tone = record(lab, obrien, UNAVAILABLE, OBRIENS)
    assert lab.pbx.run(f"ls {OBRIENS}") == "unavail.wav"
    obrien.unregister()
    alice.call(NUMBERS["obrien"]).answered()
    assert alice.hears(tone)
    await_beep(alice)
    assert not lab.warnings()


@once
def test_the_greeting_of_the_occasion_is_heard(lab: Visit) -> None:
    bob, alice = lab.start("bob", "alice")
    unavailable = record(lab, bob, UNAVAILABLE)
    busy = record(lab, bob, BUSY)
    bob.meets_calls_with(486)
    assert reached(alice).hears(busy)
    alice.hang_up()
    bob.unregister()
    assert reached(alice).hears(unavailable)


@once
def test_the_temporary_greeting_goes_before_the_others(lab: Visit) -> None:
    bob, alice = lab.start("bob", "alice")
    unavailable = record(lab, bob, UNAVAILABLE)
    temporary = record(lab, bob, TEMPORARY)
    bob.unregister()
    assert reached(alice).hears(temporary)
    await_beep(alice)
    assert not heard(alice, unavailable)


@once
def test_a_greeting_that_ends_with_hanging_up_is_kept(lab: Visit) -> None:
    bob, alice = lab.start("bob", "alice")
    bob.call(UNAVAILABLE).answered()
    tone = bob.tone
    await_beep(bob)
    speak(lab.pbx, f"{MAILBOX}/new-*.wav")
    bob.hang_up()
    bob.unregister()
    assert reached(alice).hears(tone)


@once
def test_a_short_recording_removes_the_greeting(lab: Visit) -> None:
    bob, alice = lab.start("bob", "alice")
    tone = record(lab, bob, UNAVAILABLE)
    bob.call(UNAVAILABLE).answered()
    await_beep(bob)
    speak(lab.pbx, f"{MAILBOX}/new-*.wav", 0.1)
    bob.send_dtmf("1")
    bob.hang_up()
    bob.unregister()
    reached(alice)
    await_beep(alice)
    assert not heard(alice, tone)
