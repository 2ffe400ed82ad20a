"""A tone is heard only if it is the wanted one, in its rhythm, and not one's own."""

from __future__ import annotations

import math
from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures.softphone.tones import (
    JUDGED_SECONDS,
    RATE,
    TICK_MS,
    WINDOW,
    draw,
    first_window,
    judge,
    longest_gap,
    loudness,
    presence,
    share,
)
from tests.unit.sounds import continuous, mixed, noise, played, silence, through_mu_law

WANTED, OTHER, OWN = 1040, 1800, 480
DTMF = (697, 770, 852, 941, 1209, 1336, 1477, 1633)
drawn_tones = st.sampled_from(sorted({draw() for _ in range(300)}))
begins = st.floats(0, 0.3)
phases = st.floats(0, 2 * math.pi)
few = settings(max_examples=10)


@given(st.lists(st.integers(400, 2400), max_size=6))
def test_drawn_tone_is_far_from_those_taken_and_from_dtmf(taken: list[int]) -> None:
    tone = draw(taken)
    assert 300 < tone < 3400
    assert min(abs(tone - other) for other in (*taken, *DTMF)) >= 60


def test_phones_that_have_no_tone_yet_take_none() -> None:
    assert len({draw([0, 0, 0]) for _ in range(100)}) > 10


def test_ten_phones_get_a_tone_each() -> None:
    for _ in range(20):
        taken: list[int] = []
        for _ in range(10):
            taken.append(draw(taken))
        assert len(set(taken)) == 10


@few
@given(drawn_tones, phases, st.integers(300, 32767))
def test_a_tone_is_all_of_its_own_energy_and_little_of_anothers(
    tone: int, phase: float, level: int
) -> None:
    window = played(tone, WINDOW / RATE, level=level, on=1, period=1, phase=phase)
    assert share(window, tone) > 0.95
    assert share(window, tone + 60) < 0.2
    assert share(window, tone - 60) < 0.2


@given(st.lists(st.integers(-32768, 32767), min_size=1, max_size=200), st.integers(400, 2400))
def test_share_of_anything_is_between_nothing_and_all(window: list[int], tone: int) -> None:
    assert -1e-9 <= share(window, tone) <= 1


def test_silence_has_no_share_of_anything() -> None:
    assert share(silence(0.05), WANTED) == 0


def test_presence_follows_the_bursts_window_by_window() -> None:
    present = presence(played(WANTED, 0.6), WANTED)
    assert present == [True] * 4 + [False] * 2 + [True] * 4 + [False] * 2


def test_a_last_window_that_is_not_whole_does_not_count() -> None:
    sound = continuous(WANTED, 0.1)
    assert presence(sound, WANTED) == [True, True]
    assert presence(sound[:-1], WANTED) == [True]
    assert presence(array("h"), WANTED) == []


def test_a_tone_too_soft_to_hear_is_not_present() -> None:
    assert not any(presence(played(WANTED, 0.2, level=100), WANTED))
    assert all(presence(played(WANTED, 0.2, level=200), WANTED))


def test_only_what_makes_up_most_of_the_sound_is_present() -> None:
    sound = mixed(continuous(WANTED, 0.2), played(OTHER, 0.2, level=6000))
    assert presence(sound, WANTED) == [True] * 4
    assert presence(sound, OTHER) == [False] * 4


@few
@given(drawn_tones, begins, phases, st.integers(300, 32767))
def test_the_wanted_tone_is_heard_at_any_level_from_any_moment(
    tone: int, begin: float, phase: float, level: int
) -> None:
    hearing = judge(played(tone, begin=begin, phase=phase, level=level), tone, own=None)
    assert hearing, hearing.reason
    assert hearing.reason.startswith(f"{tone} Hz in ")


@few
@given(drawn_tones, begins, phases, st.integers(300, 32767), st.floats(0, 1.4))
def test_a_telephones_codec_and_a_lost_packet_take_nothing_from_it(
    tone: int, begin: float, phase: float, level: int, lost: float
) -> None:
    sound = through_mu_law(played(tone, begin=begin, phase=phase, level=level))
    start, size = round(lost * RATE), RATE // 50
    sound[start : start + size] = silence(size / RATE)
    hearing = judge(sound, tone, own=None)
    assert hearing, hearing.reason


@few
@given(drawn_tones, begins, phases, st.floats(0.1, 1.4))
def test_a_packet_that_the_jitter_buffer_leaves_out_takes_nothing_from_it(
    tone: int, begin: float, phase: float, moment: float
) -> None:
    sound = played(tone, JUDGED_SECONDS + 0.02, begin=begin, phase=phase)
    start = round(moment * RATE)
    del sound[start : start + RATE // 50]
    hearing = judge(sound, tone, own=None)
    assert hearing, hearing.reason


@few
@given(drawn_tones, begins, st.data())
def test_no_other_drawn_tone_is_taken_for_the_wanted_one(
    tone: int, begin: float, data: st.DataObject
) -> None:
    other = data.draw(drawn_tones.filter(lambda f: abs(f - tone) >= 60))
    hearing = judge(through_mu_law(played(other, begin=begin)), tone, own=None)
    assert not hearing
    assert hearing.reason == f"there is sound, but not of {tone} Hz"


@pytest.mark.parametrize(
    ("sound", "reason"),
    [
        (silence(), "silence"),
        (through_mu_law(silence()), "silence"),
        (noise(60), "silence"),
        (played(WANTED, level=100), "silence"),
        (noise(9000), "there is sound, but not of 1040 Hz"),
        (played(WANTED, 1.49), "only 1.49 s of sound came"),
        (array("h"), "only 0.00 s of sound came"),
        (continuous(WANTED), "1040 Hz without its rhythm: 1 bursts and 100% of the time, "),
        (played(WANTED, on=0.05), "1040 Hz without its rhythm: 5 bursts and 17% of the time, "),
        (played(WANTED, on=0.1, period=0.15), "1040 Hz without its rhythm: 10 bursts and 67% "),
        (played(WANTED, on=0.8, period=1.2), "1040 Hz without its rhythm: 2 bursts and 73% "),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_not_heard_says_why(sound: array[int], reason: str) -> None:
    hearing = judge(sound, WANTED, OWN)
    assert not hearing
    assert hearing.reason.startswith(reason)


def test_a_verdict_without_rhythm_says_what_was_expected() -> None:
    assert judge(continuous(WANTED), WANTED, None).reason.endswith("expected 5 and 67%")


def test_a_phone_that_falls_silent_is_not_heard_for_what_it_said_before() -> None:
    assert not judge(played(WANTED, 0.6) + silence(0.9), WANTED, OWN)
    assert judge(silence(0.6) + played(WANTED, 0.9), WANTED, OWN).reason.startswith("1040 Hz with")


@pytest.mark.parametrize("begin", [0.1, 0.15, 0.2, 0.25])
@pytest.mark.parametrize("level", [1000, 9000])
def test_ones_own_tone_that_comes_back_is_an_echo(begin: float, level: int) -> None:
    echo = played(OWN, begin=begin, level=level)
    for sound in (echo, mixed(played(WANTED), echo)):
        hearing = judge(sound, WANTED, OWN)
        assert not hearing
        assert hearing.reason == "its own tone of 480 Hz comes back"


def test_ones_own_tone_may_come_back_where_an_echo_is_wanted() -> None:
    assert judge(played(OWN), OWN, own=None)
    assert judge(mixed(played(WANTED), played(OWN, level=1000)), WANTED, own=None)


@pytest.mark.parametrize("begin", [0, 0.1, 0.2])
def test_what_is_spoken_over_by_a_louder_tone_is_not_heard(begin: float) -> None:
    sound = mixed(played(WANTED, level=3000), played(OTHER, begin=begin, level=9000, on=1))
    assert not judge(sound, WANTED, OWN)
    assert judge(mixed(played(WANTED), played(OTHER, begin=begin, level=3000)), WANTED, OWN)


def test_a_little_noise_on_the_line_is_no_obstacle() -> None:
    assert judge(mixed(played(WANTED), noise(3000)), WANTED, OWN)


@few
@given(drawn_tones, st.integers(0, 60))
def test_first_window_is_where_the_tone_begins(tone: int, windows: int) -> None:
    sound = silence(windows * 0.05) + played(tone, 0.3)
    assert first_window(sound, tone) == pytest.approx(windows * 0.05)


def test_first_window_looks_past_other_sound() -> None:
    sound = played(OTHER, 0.5) + played(WANTED, 0.3)
    assert first_window(sound, WANTED) == pytest.approx(0.5)


def test_there_is_no_first_window_of_what_never_came() -> None:
    assert first_window(played(OTHER, 0.5), WANTED) is None
    assert first_window(array("h"), WANTED) is None


def test_loudness_is_the_share_of_windows_with_sound() -> None:
    assert loudness(silence(0.3)) == 0
    assert loudness(noise(60, 0.3)) == 0
    assert loudness(continuous(OTHER, 0.3) + silence(0.9)) == 0.25
    assert loudness(noise(9000, 0.3)) == 1
    assert loudness(array("h")) == 0


def ticks(sound: array[int]) -> list[array[int]]:
    size = RATE * TICK_MS // 1000
    return [sound[i : i + size] for i in range(0, len(sound), size)]


@few
@given(
    tone=drawn_tones,
    before=st.integers(0, 40),
    missing=st.integers(0, 10),
    after=st.integers(0, 40),
    empty=st.booleans(),
)
def test_the_longest_gap_in_a_hum_is_found(
    tone: int, before: int, missing: int, after: int, *, empty: bool
) -> None:
    """Whether silence came, or nothing."""
    hum = ticks(continuous(tone, 1))
    gap = [array("h")] * missing if empty else ticks(silence(missing * TICK_MS / 1000))
    heard = [*hum[:before], *gap, *hum[:after]]
    assert longest_gap(heard, tone) == pytest.approx(missing * TICK_MS / 1000)


def test_another_tone_fills_no_gap() -> None:
    assert longest_gap(ticks(continuous(OTHER, 0.5)), WANTED) == pytest.approx(0.5)


def test_a_hum_is_heard_through_a_codec() -> None:
    assert longest_gap(ticks(through_mu_law(continuous(WANTED, 0.5))), WANTED) == 0


def test_the_pauses_of_bursts_are_gaps() -> None:
    assert longest_gap(ticks(played(WANTED, 1.5)), WANTED) == pytest.approx(0.1)
