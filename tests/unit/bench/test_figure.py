"""Ratios to a peer, and when one is worse than before."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bench.figure import Better, Figure, is_regression, worsened

values = st.floats(0.01, 1e6)
betters: st.SearchStrategy[Better] = st.sampled_from(("lower", "higher"))


def figure(ours: float, peer: float | None, better: Better = "lower", **more: float) -> Figure:
    return Figure("x", "s", ours, peer, better, **more)


@given(values, values, betters, values)
def test_worsened_ignores_a_slower_machine(
    ours: float, peer: float, better: Better, slower: float
) -> None:
    change = worsened(figure(ours * slower, peer * slower, better), figure(ours, peer, better))
    assert change == pytest.approx(0, abs=1e-6)


@given(values, values, values, betters)
def test_worsened_has_the_sign_of_the_change(
    ours: float, before: float, peer: float, better: Better
) -> None:
    assume(abs(ours - before) > 1e-6 * before)
    change = worsened(figure(ours, peer, better), figure(before, peer, better))
    assert change is not None
    assert (change > 0) == ((ours > before) == (better == "lower"))


@pytest.mark.parametrize(
    ("ours", "better", "noise", "expected"),
    [
        (1.19, "lower", 0.2, False),
        (1.21, "lower", 0.2, True),
        (0.5, "lower", 0.2, False),
        (0.85, "higher", 0.2, False),
        (0.8, "higher", 0.2, True),
        (1.03, "lower", 0.02, True),
    ],
)
def test_regression_is_more_than_noise(
    ours: float, better: Better, noise: float, expected: bool
) -> None:
    now = figure(ours, 1, better, noise=noise)
    assert is_regression(now, figure(1, 1, better)) is expected


@pytest.mark.parametrize("peer", [None, 0, math.inf])
def test_worsened_needs_a_ratio(peer: float | None) -> None:
    without, with_one = figure(1, peer), figure(1, 1)
    assert without.ratio is None
    assert worsened(without, with_one) is None
    assert worsened(with_one, without) is None
    assert not is_regression(without, with_one)
