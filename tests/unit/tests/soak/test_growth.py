"""A soak finds what grows, and takes nothing else for it."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.soak.growth import FEWEST, Point, growth

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
def test_growth_finds_each_leak_of_twice_the_limit(
    total: float, noise: float, count: int, seed: int
) -> None:
    found = growth(leaking(total, noise, count, seed))
    assert found
    assert found.exceeds(LIMIT)
    assert found.by == pytest.approx(total, rel=0.35)


@given(st.lists(st.floats(50_000, 50_000 + LIMIT / 2), min_size=FEWEST, max_size=40))
def test_growth_takes_no_noise_for_a_leak(values: list[float]) -> None:
    found = growth(series(values))
    assert found
    assert not found.exceeds(LIMIT)


@given(st.integers(FEWEST, 60), st.floats(1e-3, 1e9), st.data())
def test_growth_ignores_one_odd_sample(count: int, wild: float, data: st.DataObject) -> None:
    values = [5.0] * count
    values[data.draw(st.integers(0, count - 1))] += wild
    found = growth(series(values))
    assert found
    assert not found.exceeds(0)
