"""Suspects: thresholds, bounds, and what is restored."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from pbx.autoban.judgement.attempts import ATTEMPT
from pbx.autoban.judgement.rules import Rules
from pbx.autoban.judgement.suspects import Suspects

KEY = "192.0.2.1"
RULES = Rules(maxcount=2, ownercount=5)


def test_suspect_is_slow_for_a_time_and_not_longer_the_next_time() -> None:
    suspects = Suspects(RULES)
    for now in (0, 1300, 2600):
        decisions = [suspects.attempt(KEY, ATTEMPT, "test", now) for _ in range(4)]
        assert [bool(decision) for decision in decisions] == [False, False, True, False]
        assert suspects.is_slow(KEY, now + 1199)
        assert not suspects.is_slow(KEY, now + 1201)
    assert suspects.slow_beyond(2600 + 1199) == 0  # the look above has removed it


def test_suspect_is_removed_after_watchtime() -> None:
    suspects = Suspects(RULES)
    for now in (0, 0, 1201, 1201):
        assert suspects.attempt(KEY, ATTEMPT, "test", now) is None


@given(st.integers(1, 100), st.integers(0, 300))
def test_suspects_are_bounded_and_slow_ones_stay(limit: int, others: int) -> None:
    suspects = Suspects(Rules(limit=limit))
    suspects.slow(KEY, "test", 0)
    for number in range(others):
        suspects.attempt(f"10.0.{number >> 8}.{number & 255}", ATTEMPT, "test", 0)
        assert len(suspects) <= limit
    assert suspects.is_slow(KEY, 0) == (limit > 1 or others == 0)


def test_suspects_restored_go_on_as_before() -> None:
    one, other = Suspects(RULES), Suspects(RULES)
    one.slow(KEY, "test", 0)
    one.attempt("192.0.2.2", ATTEMPT, "test", 50)
    other.restore(one.entries(100), 10_000)
    assert list(other.entries(10_050)) == list(one.entries(150))
