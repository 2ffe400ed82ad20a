"""Watch, jail, parole: thresholds, progression, bounds, and what is restored."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from pbx.autoban.judgement.attempts import ATTEMPT
from pbx.autoban.judgement.offenders import Ban, BanStage, Offenders
from pbx.autoban.judgement.rules import Rules

WHO = "192.0.2.1"
RULES = Rules()
MINUTE, HOUR, DAY = 60, 3600, 86400


def attempts(
    offenders: Offenders, number: int, now: float = 0, *, owner: bool = False
) -> list[Ban | None]:
    return [offenders.attempt(WHO, ATTEMPT, "test", now, owner=owner) for _ in range(number)]


@given(st.integers(0, 50))
def test_offender_is_banned_after_more_than_maxcount_attempts(maxcount: int) -> None:
    offenders = Offenders(Rules(maxcount=maxcount))
    *before, last = attempts(offenders, maxcount + 1)
    assert before == [None] * maxcount
    assert last == Ban(WHO, 20 * MINUTE, maxcount + 1, "test", before=False)
    assert offenders.stage(WHO, 0) is BanStage.JAIL


def test_offender_is_watched_for_a_time_after_the_first_attempt() -> None:
    offenders = Offenders(RULES)
    attempts(offenders, 10, now=0)
    attempts(offenders, 0, now=1199)
    assert offenders.stage(WHO, 1199.9) is BanStage.WATCH
    assert offenders.stage(WHO, 1200) is None
    assert attempts(offenders, 10, now=1200) == [None] * 10


def test_offender_is_banned_for_longer_each_time_up_to_a_limit() -> None:
    offenders = Offenders(RULES)
    now = 0.0
    terms = []
    attempts(offenders, 10)
    for _ in range(7):
        (ban,) = attempts(offenders, 1, now)
        assert ban
        terms.append(ban.seconds)
        now += ban.seconds + 1
        assert offenders.stage(WHO, now) is BanStage.PAROLE
    assert terms == [20 * MINUTE, 2 * HOUR, 12 * HOUR, 3 * DAY, 18 * DAY, 30 * DAY, 30 * DAY]


def test_offender_is_on_parole_for_a_watchtime_from_the_end_of_the_ban() -> None:
    offenders = Offenders(RULES)
    attempts(offenders, 11)
    assert offenders.stage(WHO, 1199) is BanStage.JAIL
    assert offenders.stage(WHO, 1201) is BanStage.PAROLE
    # Without a look for a long time, it has ended as well.
    other = Offenders(RULES)
    attempts(other, 11)
    assert other.stage(WHO, 2400) is None
    assert attempts(other, 1, now=2400) == [None]


def test_offender_attempts_in_jail_count_without_effect() -> None:
    offenders = Offenders(RULES)
    attempts(offenders, 11)
    assert attempts(offenders, 5, now=10) == [None] * 5
    (entry,) = offenders.entries(10)
    assert (entry.count, entry.left) == (16, 1190)


def test_offender_is_banned_after_ten_times_as_many_minor_events() -> None:
    offenders = Offenders(Rules(maxcount=2))
    found = [offenders.attempt(WHO, 1, "minor", 0) for _ in range(21)]
    assert [ban is None for ban in found] == [True] * 20 + [False]


def test_offender_on_parole_is_not_banned_for_one_minor_event() -> None:
    offenders = Offenders(RULES)
    attempts(offenders, 11)
    assert offenders.attempt(WHO, 1, "minor", 1300) is None
    assert attempts(offenders, 1, now=1300)[0] is not None


def test_offender_with_a_phone_has_a_higher_threshold() -> None:
    offenders = Offenders(RULES)
    *before, last = attempts(offenders, 101, owner=True)
    assert before == [None] * 100
    assert last
    assert attempts(offenders, 100, now=1300, owner=True) == [None] * 100  # on parole, too


@given(
    st.lists(st.tuples(st.integers(0, 5), st.floats(0, 2000), st.integers(1, 15)), max_size=60),
    st.floats(0, 1500),
)
def test_offenders_restored_go_on_as_before(
    events: list[tuple[int, float, int]], later: float
) -> None:
    rules = Rules(maxcount=2)
    one = Offenders(rules)
    now = 0.0
    for who, pause, points in events:
        now += pause
        one.attempt(f"192.0.2.{who}", points, "test", now)
    other = Offenders(rules)
    stopped = 10**6  # the time in between does not count
    other.restore(one.entries(now), now + stopped)
    expected = {entry.key: entry for entry in one.entries(now + later)}
    found = {entry.key: entry for entry in other.entries(now + stopped + later)}
    assert found.keys() == expected.keys()
    for key, entry in expected.items():
        assert found[key].left == pytest.approx(entry.left, abs=1e-6)
        assert replace(found[key], left=0) == replace(entry, left=0)


def test_offender_with_most_attempts_is_removed_last() -> None:
    offenders = Offenders(Rules(limit=16))
    attempts(offenders, 9)
    for number in range(1000):
        offenders.attempt(f"10.0.{number >> 8}.{number & 255}", ATTEMPT, "test", number / 100)
    assert [ban is None for ban in attempts(offenders, 2, now=11)] == [True, False]


def test_offenders_are_counted_by_stage() -> None:
    offenders = Offenders(RULES)
    attempts(offenders, 11)
    offenders.attempt("192.0.2.2", ATTEMPT, "test", 5)
    assert offenders.sizes(10) == {BanStage.JAIL: 1, BanStage.WATCH: 1}
    assert offenders.sizes(1201) == {BanStage.PAROLE: 1, BanStage.WATCH: 1}
    later = Offenders(RULES)
    attempts(later, 11)
    assert (later.banned_beyond(1199), later.banned_beyond(1200)) == (1, 0)


class Life(RuleBasedStateMachine):
    """Any events in any order."""

    law = Rules(maxcount=3, watchtime=100, jailtime=50, repeatmult=4, maxjailtime=500, limit=8)

    def __init__(self) -> None:
        super().__init__()
        self.offenders = Offenders(self.law)
        self.now = 0.0
        self.banned_until: dict[str, float] = {}

    @rule(who=st.integers(0, 9), points=st.integers(1, 30), owner=st.booleans())
    def attempt(self, who: int, points: int, *, owner: bool) -> None:
        key = f"192.0.2.{who}"
        before = self.offenders.stage(key, self.now)
        ban = self.offenders.attempt(key, points, "test", self.now, owner=owner)
        if ban:
            assert before is not BanStage.JAIL
            assert self.law.jailtime <= ban.seconds <= self.law.maxjailtime
            self.banned_until[key] = self.now + ban.seconds
        elif before is None and not owner:
            assert points <= self.law.maxcount * ATTEMPT

    @rule(seconds=st.floats(0, 200))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def look(self) -> None:
        self.offenders.pass_time(self.now)

    @rule(who=st.integers(0, 9))
    def remove(self, who: int) -> None:
        self.offenders.remove(f"192.0.2.{who}")
        self.banned_until.pop(f"192.0.2.{who}", None)

    @invariant()
    def no_ban_is_too_long(self) -> None:
        for entry in self.offenders.entries(self.now):
            assert 0 < entry.left <= 500
            if entry.stage is BanStage.JAIL:
                assert self.now + entry.left == pytest.approx(self.banned_until[entry.key])

    @invariant()
    def memory_is_bounded(self) -> None:
        assert len(self.offenders) <= self.law.limit


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=50, stateful_step_count=20)
