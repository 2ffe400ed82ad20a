"""How far a growing load was borne."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.climb import fit
from bench.ramp import (
    STREAK,
    Ramp,
    RampSample,
    is_broken,
    judge_periods,
    judge_streams,
    last_good,
)
from fixtures.sipp import MediaCount, Period

samples = st.lists(st.builds(RampSample, st.floats(1, 1e4), st.booleans()))
SECOND = Period(1.0, 100, 100, 0, 3, 0, 0.01, {200: 0}, 100)


def seen(text: str) -> list[RampSample]:
    """`+` for each second that was borne, `-` for each that was not; the load grows by one."""
    return [RampSample(level, sign == "+") for level, sign in enumerate(text, 1)]


@pytest.mark.parametrize(
    ("text", "level", "broken"),
    [
        ("", 0, False),
        ("++--", 2, True),
        ("++-++", 5, False),
        ("++-++--++", 5, True),
        ("--+++", 0, True),
        ("-+++-", 4, False),
    ],
)
def test_last_good_is_before_the_end(text: str, level: float, broken: bool) -> None:
    assert last_good(seen(text)) == level
    assert is_broken(seen(text)) is broken


@given(samples, samples)
def test_last_good_ignores_what_comes_after_the_end(
    before: list[RampSample], after: list[RampSample]
) -> None:
    end = [RampSample(1e5, False)] * STREAK
    assert last_good([*before, *end, *after]) == last_good([*before, *end])


@given(samples)
def test_last_good_is_one_of_the_samples(found: list[RampSample]) -> None:
    level = last_good(found)
    assert level == 0 or RampSample(level, True) in found


@pytest.mark.parametrize(
    ("change", "is_good"),
    [
        ({"failed": 1, "retransmitted": 1, "slower": {200: 5}}, True),
        ({"failed": 2}, False),
        ({"retransmitted": 2}, False),
        ({"slower": {200: 6}}, False),
        ({"responses": 0}, False),
    ],
)
def test_judge_periods_judges_each_second(change: dict[str, object], is_good: bool) -> None:
    period = replace(SECOND, **change)  # type: ignore[arg-type]
    assert judge_periods([period]) == [RampSample(100, is_good)]


def streams(calls: int, sent: int, came: int) -> dict[int, MediaCount]:
    return {10_000 + 2 * n: MediaCount(sent, came) for n in range(calls)}


@pytest.mark.parametrize(
    ("after", "failed", "expected"),
    [
        (streams(10, 150, 149), 0, RampSample(10, True)),
        (streams(10, 150, 148), 0, RampSample(10, False)),  # 96 % of this second came back
        (streams(10, 150, 150), 1, RampSample(10, False)),
        (streams(10, 144, 144), 0, RampSample(10, False)),  # the load itself does not keep up
        (streams(20, 150, 150), 0, RampSample(10, True)),  # the others were not there before
        (
            streams(10, 150, 150) | {10_000: MediaCount(100, 100)},
            0,
            RampSample(9, True),
        ),  # one is over
        (
            streams(10, 150, 150) | {10_000: MediaCount(150, 144)},
            0,
            RampSample(10, False),
        ),  # one suffers
        ({}, 0, RampSample(0, False)),
    ],
)
def test_judge_streams_counts_calls_that_are_heard(
    after: dict[int, MediaCount], failed: int, expected: RampSample
) -> None:
    assert judge_streams(streams(10, 100, 100), after, 1.0, failed) == expected


def test_fit_finds_the_pace() -> None:
    limit = 300
    tried: list[Ramp] = []

    def grow(ramp: Ramp) -> list[RampSample]:
        tried.append(ramp)
        levels = [ramp.first + n * ramp.step for n in range(ramp.seconds)]
        return [RampSample(level, level <= limit) for level in levels]

    ramp, found = fit(Ramp(10, 5, 16), grow, lambda: None)
    assert [each.step for each in tried] == [5, 10, 20]
    assert (ramp.first, ramp.step) == (40, 20)
    assert last_good(found) == limit
    tried.clear()
    ramp, found = fit(Ramp(400, 400, 16), grow, lambda: None)
    assert [each.step for each in tried] == [400, 200, 100, 50]
    assert 0 <= limit - last_good(found) < ramp.step
