"""Decisions about events without proof, which may be forged."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from pbx.autoban.judgement.addresses import parse_span
from pbx.autoban.judgement.events import SecurityEvent
from pbx.autoban.judgement.guard import Decision, Guard
from pbx.autoban.judgement.offenders import Ban, Offenders
from pbx.autoban.judgement.rules import Rules

from .security_events import KEY, KINDS, NONCE, event

RULES = Rules(maxcount=2, ownercount=5)


def judge(guard: Guard, number: int, found: SecurityEvent, now: float = 0) -> list[Decision]:
    return [decision for _ in range(number) if (decision := guard.judge(found, now))]


def test_guard_has_a_higher_threshold_without_proof_where_a_phone_is() -> None:
    guard = Guard(RULES)
    guard.judge(event("SuccessfulAuth"), 0)
    assert judge(guard, 5, event("FailedACL")) == []
    assert len(judge(guard, 1, event("FailedACL"))) == 1
    assert [flow for flow, _ in guard.flows.of(KEY, 0)] == [(KEY, 5060)]


def test_guard_does_not_limit_a_trunk_without_proof() -> None:
    guard = Guard(RULES)
    guard.owners.set_trunks([parse_span("192.0.2.0/29")])
    assert judge(guard, 1000, event("InvalidAccountID")) == []
    assert len(guard.suspects) == 0
    assert len(judge(guard, 6, event("FailedACL", "TCP"))) == 1  # with proof


def test_guard_does_not_take_a_registered_phone_for_a_trunk() -> None:
    guard = Guard(RULES)
    guard.owners.set_trunks([], [parse_span(KEY)])
    assert judge(guard, 5, event("FailedACL")) == []
    assert len(judge(guard, 1, event("FailedACL"))) == 1


@pytest.mark.parametrize("listed", ["white", "black", "own"])
def test_guard_does_not_limit_listed_addresses(listed: str) -> None:
    guard = Guard(RULES)
    spans = [parse_span(KEY)]
    guard.set_lists(spans if listed == "white" else [], spans if listed == "black" else [])
    guard.set_own(spans if listed == "own" else [], [])
    assert judge(guard, 1000, event("InvalidAccountID")) == []


def test_guard_does_not_reset_the_count_of_challenges_for_forged_responses() -> None:
    guard = Guard(Rules(maxchallenges=3, maxcount=0))
    for _ in range(3):
        judge(guard, 1, event("ChallengeSent"))
        judge(guard, 1, event("ChallengeResponseFailed"))
    assert guard.suspects.is_slow(KEY, 0)


def test_guard_limits_nobody_if_slowrate_is_0() -> None:
    guard = Guard(Rules(maxcount=0, slowrate=0))
    assert judge(guard, 100, event("InvalidAccountID")) == []
    assert [suspect.slow for suspect in guard.suspects.entries(0)] == [False]


class Life(RuleBasedStateMachine):
    """Four addresses: two of them are only ever named by packets that may be forged."""

    law = Rules(maxcount=3, ownercount=6, watchtime=100, jailtime=50, repeatmult=4, limit=8)

    def __init__(self) -> None:
        super().__init__()
        self.guard = Guard(self.law)
        self.proven = Guard(self.law)  # gets proven events only
        self.now = 0.0
        self.nonces: set[tuple[str, str]] = set()

    @rule(
        who=st.integers(0, 3),
        kind=st.sampled_from((*KINDS, "ChallengeSent")),
        session=st.sampled_from("ab"),
        number=st.integers(1, 8),
    )
    def forge(self, who: int, kind: str, session: str, number: int) -> None:
        address = f"192.0.2.{who}"
        nonce = "" if kind == "ChallengeSent" else "invented"  # that one would be Asterisk's own
        forged = event(kind, nonce=nonce, address=address, session=session)
        for _ in range(number):
            assert not isinstance(self.guard.judge(forged, self.now), Ban)

    @rule(who=st.integers(2, 3), kind=st.sampled_from(KINDS), session=st.sampled_from("ab"))
    def fail_over_tcp(self, who: int, kind: str, session: str) -> None:
        self.fail(event(kind, "TCP", address=f"192.0.2.{who}", session=session))

    @rule(who=st.integers(2, 3), session=st.sampled_from("ab"))
    def respond_to_a_challenge_wrongly(self, who: int, session: str) -> None:
        address = f"192.0.2.{who}"
        for guard in (self.guard, self.proven):
            guard.proofs.sent(address, NONCE, self.now)
        self.fail(event("ChallengeResponseFailed", "UDP", NONCE, address=address, session=session))

    def fail(self, what: SecurityEvent) -> None:
        assert self.guard.judge(what, self.now) == self.proven.judge(what, self.now)

    @rule(who=st.integers(0, 3))
    def log_in(self, who: int) -> None:
        for guard in (self.guard, self.proven):
            guard.judge(event("SuccessfulAuth", address=f"192.0.2.{who}"), self.now)

    @rule(seconds=st.floats(0, 200))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        for guard in (self.guard, self.proven):
            guard.pass_time(self.now)

    @invariant()
    def forged_addresses_are_not_banned(self) -> None:
        for key in ("192.0.2.0", "192.0.2.1"):
            assert self.guard.offenders.stage(key, self.now) is None

    @invariant()
    def proven_events_lead_to_the_same_as_without_forged_ones(self) -> None:
        found, expected = (list(g.offenders.entries(self.now)) for g in (self.guard, self.proven))
        assert found == expected

    @invariant()
    def memory_is_bounded(self) -> None:
        assert len(self.guard.suspects) <= self.law.limit


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=50, stateful_step_count=20)


happenings = st.tuples(st.sampled_from(KINDS), st.sampled_from("ab"), st.floats(0, 30))


@given(st.lists(happenings, max_size=80))
def test_guard_judges_a_connection_as_offenders_alone_do(
    happened: list[tuple[str, str, float]],
) -> None:
    guard, offenders = Guard(RULES), Offenders(RULES)
    attempts = Guard(RULES)._attempts
    now = 0.0
    for kind, session, pause in happened:
        now += pause
        what = event(kind, "TLS", session=session)
        points = attempts.points(what, KEY, now)
        expected = offenders.attempt(KEY, points, kind, now) if points else None
        assert guard.judge(what, now) == expected
