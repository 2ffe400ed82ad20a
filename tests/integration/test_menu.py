"""The menu: a call to one digit."""

from __future__ import annotations

import pytest

from factory.waiting import wait_for
from fixtures.softphone import Phone, tones

from .lab import Visit
from .talk import assert_talk, connect

MENU = (440, 660)
"""Hz of the two tones that stand for the menu's prompt."""
ERROR = 300


def hears_music(phone: Phone) -> None:
    """Waits until a phone hears something, and it is nobody's tone."""
    loud = wait_for(
        phone.loudness, lambda share: share > 0.8, seconds=5, otherwise=f"{phone.name}: no music"
    )
    assert loud
    sound = phone.recording()[-tones.RATE :]
    windows = [sound[i : i + tones.WINDOW] for i in range(0, len(sound), tones.WINDOW)]
    for frequency in (*MENU, phone.tone):
        # Music may hold such a note for a moment, a tone has little else.
        assert sum(tones.share(window, frequency) > 0.8 for window in windows) < len(windows) / 2


def hears_menu(phone: Phone) -> None:
    """Waits until a phone has heard the menu's tones, low and high, as often as before and more."""

    def found() -> bool:
        low, high = (tones.presence(phone.recording(), frequency) for frequency in MENU)
        return any(low) and any(high[low.index(True) :])

    wait_for(found, seconds=10, otherwise=f"{phone.name}: no menu")


def test_key_five_plays_music(lab: Visit) -> None:
    alice = lab.phone("alice")
    alice.call("5").answered()
    hears_music(alice)
    assert not lab.warnings()


def test_who_is_on_hold_hears_music(lab: Visit) -> None:
    alice, bob = lab.start("alice", "bob")
    made, _ = connect(alice, bob)
    assert_talk(alice, bob)
    made.hold()
    hears_music(bob)
    made.resume()
    assert_talk(alice, bob)
    assert not lab.warnings()


@pytest.mark.image("full", only=True)  # its prompt takes 20 s
def test_key_six_explains_itself_and_echoes(lab: Visit) -> None:
    alice = lab.phone("alice")
    alice.call("6").answered()
    assert alice.hears(alice.tone, 40, echo=True)


def test_key_nine_plays_the_menu(lab: Visit) -> None:
    alice = lab.phone("alice")
    alice.call("9").answered()
    hears_menu(alice)
    alice.send_dtmf("5")
    hears_music(alice)


@pytest.mark.parametrize("digit", ["0", "8"])
def test_keys_of_other_digits_lead_to_the_menu(lab: Visit, digit: str) -> None:
    alice = lab.phone("alice")
    alice.call(digit).answered()
    hears_menu(alice)


@pytest.mark.image("mini", only=True)
def test_key_seven_plays_a_tone(lab: Visit) -> None:
    alice = lab.phone("alice")
    alice.call("7").answered()
    wait_for(
        lambda: sum(tones.presence(alice.recording()[-tones.RATE :], 1004)),
        lambda windows: windows > 15,
        seconds=5,
        otherwise="no test tone",
    )


@pytest.mark.image("mini", only=True)
@pytest.mark.parametrize("key", ["*", "#"])
def test_key_without_a_meaning_is_an_error(lab: Visit, key: str) -> None:
    alice = lab.phone("alice")
    call = alice.call("9").answered()
    hears_menu(alice)
    alice.send_dtmf(key)
    wait_for(
        lambda: sum(tones.presence(alice.recording(), ERROR)),
        lambda windows: windows > 3,
        seconds=5,
        otherwise="no error is heard",
    )
    assert not call.is_over()
    alice.send_dtmf("5")
    hears_music(alice)


@pytest.mark.image("mini", only=True)
def test_the_echo_ends_with_the_hash_key(lab: Visit) -> None:
    alice = lab.phone("alice")
    alice.call("6").answered()
    assert alice.hears(alice.tone, echo=True)
    alice.send_dtmf("#")
    hears_menu(alice)


@pytest.mark.image("mini", only=True)
def test_caller_who_presses_nothing_is_disconnected(lab: Visit) -> None:
    alice = lab.phone("alice")
    call = alice.call("9").answered()
    hears_menu(alice)
    call.ended(20)


@pytest.mark.image("mini", only=True)
def test_no_message_is_taken_where_it_could_not_be_mailed(lab: Visit) -> None:
    alice = lab.phone("alice")
    assert alice.call("+12025550112").ended()[0] == 480
