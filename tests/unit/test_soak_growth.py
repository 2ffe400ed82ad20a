"""A soak finds what grows, and takes nothing else for it."""

from __future__ import annotations

import random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.soak.growth import FEWEST, Point, growth, slope

LIMIT = 4096.0


def series(values: list[float], every: float = 5) -> list[Point]:
    return [(every * number, value) for number, value in enumerate(values)]


def leaking(total: float, noise: float, count: int, seed: int) -> list[Point]:
    """Something that grows by a total, with noise around it."""
    draw = random.Random(seed)  # noqa: S311 # an example, no secret
    steps = range(count)
    return series([50_000 + total * n / (count - 1) + draw.uniform(-noise, noise) for n in steps])


@given(
    total=st.floats(2 * LIMIT, 1e6),
    noise=st.floats(0, LIMIT / 4),
    count=st.integers(12, 60),
    seed=st.integers(0, 1000),
)
def test_a_leak_of_twice_the_limit_is_always_found(
    total: float, noise: float, count: int, seed: int
) -> None:
    found = growth(leaking(total, noise, count, seed))
    assert found
    assert found.exceeds(LIMIT)
    assert found.by == pytest.approx(total, rel=0.35)


@given(st.lists(st.floats(50_000, 50_000 + LIMIT / 2), min_size=FEWEST, max_size=40))
def test_what_stays_within_half_the_limit_is_never_a_leak(values: list[float]) -> None:
    found = growth(series(values))
    assert found
    assert not found.exceeds(LIMIT)


@given(st.integers(FEWEST, 60), st.floats(1e-3, 1e9), st.data())
def test_one_odd_sample_makes_no_leak(count: int, wild: float, data: st.DataObject) -> None:
    values = [5.0] * count
    values[data.draw(st.integers(0, count - 1))] += wild
    found = growth(series(values))
    assert found
    assert not found.exceeds(0)


@given(st.integers(12, 100), st.integers(1, 20))
def test_what_goes_up_and_down_is_no_leak(count: int, period: int) -> None:
    assume(count > 6 * period)
    found = growth(series([50_000 + 10 * LIMIT * (n // period % 2) for n in range(count)]))
    assert found
    assert not found.exceeds(10 * LIMIT)


@given(
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), max_size=30),
    st.integers(-1000, 1000),
    st.integers(-(10**6), 10**6),
)
def test_a_trend_moves_with_what_is_added(points: list[Point], more: int, up: int) -> None:
    points = [*{x: (x, y) for x, y in points}.values()]
    assume(len(points) > 1)
    tilted = [(x, y + more * x + up) for x, y in points]
    assert slope(tilted) == pytest.approx(slope(points) + more, abs=1e-6)


def test_a_step_that_is_made_once_at_the_start_is_no_trend() -> None:
    found = growth(series([50_000.0] * 2 + [60_000.0] * 40))
    assert found
    assert not found.exceeds(LIMIT)


def test_few_samples_tell_nothing() -> None:
    assert growth(series([1.0] * (FEWEST - 1))) is None
    assert slope([]) == 0


def test_an_hour_is_told() -> None:
    found = growth(series([100.0 * n for n in range(10)], every=36))
    assert found
    assert found.an_hour == pytest.approx(10_000)
