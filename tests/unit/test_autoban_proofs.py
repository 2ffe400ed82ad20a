"""Who has shown that an address is its own; and what follows for those who have not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from pbx.autoban.judgement import flows, proofs
from pbx.autoban.judgement.addresses import parse_span
from pbx.autoban.judgement.attempts import ATTEMPT
from pbx.autoban.judgement.events import CONNECTED, SecurityEvent, read_event
from pbx.autoban.judgement.flows import MOST_PORTS, Flows
from pbx.autoban.judgement.guard import Decision, Guard
from pbx.autoban.judgement.offenders import Offenders, Sentence, Stage
from pbx.autoban.judgement.proofs import LIFETIME, Proofs
from pbx.autoban.judgement.rules import Rules
from pbx.autoban.judgement.suspects import Suspect, Suspects

KEY = "192.0.2.1"
NONCE = "1795409308/d8b987430e2a78ea18d937db59a3d7df"
KINDS = ("InvalidAccountID", "InvalidPassword", "ChallengeResponseFailed", "FailedACL")


def event(
    kind: str, transport: str = "UDP", nonce: str = "", *, address: str = KEY, session: str = "c"
) -> SecurityEvent:
    found = read_event(
        {
            "Event": kind,
            "Service": "PJSIP",
            "SessionID": session,
            "LocalAddress": f"IPV4/{transport}/198.18.0.2/5062",
            "RemoteAddress": f"IPV4/{transport}/{address}/5060",
            "Challenge": nonce,
        }
    )
    assert found
    return found


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("transport", sorted(CONNECTED))
def test_a_connection_is_proof(kind: str, transport: str) -> None:
    assert Proofs().proves(event(kind, transport), KEY, 0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("transport", ["UDP", "", "SCTP"])
def test_without_a_connection_an_invented_nonce_proves_nothing(kind: str, transport: str) -> None:
    known = Proofs()
    known.sent(KEY, NONCE, 0)
    assert not known.proves(event(kind, transport, NONCE.replace("d8b9", "0000")), KEY, 0)
    assert not known.proves(event(kind, transport), KEY, 0)


def test_an_answer_to_a_challenge_that_was_sent_there_is_proof() -> None:
    known = Proofs()
    known.sent(KEY, NONCE, 0)
    assert known.proves(event("ChallengeResponseFailed", nonce=NONCE), KEY, 1)
    assert not known.proves(event("ChallengeResponseFailed", nonce=NONCE), "192.0.2.2", 1)


def test_an_old_nonce_was_received_all_the_same_but_not_for_ever() -> None:
    known = Proofs()
    known.sent(KEY, NONCE, 0)
    answer = event("ChallengeResponseFailed", nonce=NONCE)
    assert known.proves(answer, KEY, LIFETIME)
    assert not known.proves(answer, KEY, LIFETIME + 1)
    known.pass_time(LIFETIME + 1)
    assert len(known) == 0


@pytest.mark.parametrize("kind", ["InvalidAccountID", "FailedACL", "ChallengeSent"])
def test_what_answers_no_challenge_proves_nothing_whatever_stands_in_it(kind: str) -> None:
    known = Proofs()
    known.sent(KEY, NONCE, 0)
    assert not known.proves(event(kind, nonce=NONCE), KEY, 0)


def test_a_login_is_proof() -> None:
    assert Proofs().proves(event("SuccessfulAuth"), KEY, 0)


def test_an_empty_nonce_is_none() -> None:
    known = Proofs()
    known.sent(KEY, "", 0)
    assert len(known) == 0


def test_memory_for_nonces_and_ports_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proofs, "MOST", 50)
    monkeypatch.setattr(flows, "MOST", 50)
    known, ports = Proofs(), Flows()
    for number in range(500):
        known.sent(KEY, str(number), 0)
        ports.welcome(KEY, (KEY, number), 10)
        ports.welcome(f"10.0.0.{number}", (f"10.0.0.{number}", 5060), 10)
        assert len(known) <= 50
        assert len(ports) <= 50
        assert len(ports.of(KEY, 0)) <= MOST_PORTS
    assert known.proves(event("ChallengeResponseFailed", nonce="499"), KEY, 0)
    ports.pass_time(11)
    assert len(ports) == 0


def test_ports_of_phones_hold_for_a_time() -> None:
    ports = Flows()
    ports.welcome(KEY, (KEY, 5060), 10)
    assert ports.of(KEY, 4) == [((KEY, 5060), 6)]
    assert ports.of(KEY, 10) == []
    assert ports.of("192.0.2.2", 4) == []


RULES = Rules(maxcount=2, ownercount=5)


def judge(guard: Guard, number: int, found: SecurityEvent, now: float = 0) -> list[Decision]:
    return [decision for _ in range(number) if (decision := guard.judge(found, now))]


@pytest.mark.parametrize("kind", KINDS)
def test_what_may_be_forged_slows_and_never_jails(kind: str) -> None:
    guard = Guard(RULES)
    (decision,) = judge(guard, 1000, event(kind))
    assert isinstance(decision, Suspect)
    assert (decision.slow, decision.left, decision.count) == (True, 1200, 3)
    assert guard.sentences == len(guard.offenders) == 0


def test_where_a_phone_is_the_threshold_is_higher_and_its_port_is_known() -> None:
    guard = Guard(RULES)
    guard.judge(event("SuccessfulAuth"), 0)
    assert judge(guard, 5, event("FailedACL")) == []
    assert len(judge(guard, 1, event("FailedACL"))) == 1
    assert [flow for flow, _ in guard.flows.of(KEY, 0)] == [(KEY, 5060)]


def test_a_trunk_is_not_even_slowed_by_what_may_be_forged() -> None:
    guard = Guard(RULES)
    guard.owners.set_trunks([parse_span("192.0.2.0/29")])
    assert judge(guard, 1000, event("InvalidAccountID")) == []
    assert len(guard.suspects) == 0
    assert len(judge(guard, 6, event("FailedACL", "TCP"))) == 1  # but it has shown that it is there


def test_where_a_phone_is_registered_is_no_trunk() -> None:
    guard = Guard(RULES)
    guard.owners.set_trunks([], [parse_span(KEY)])
    assert judge(guard, 5, event("FailedACL")) == []
    assert len(judge(guard, 1, event("FailedACL"))) == 1


@pytest.mark.parametrize("listed", ["white", "black", "own"])
def test_who_is_listed_is_not_slowed(listed: str) -> None:
    guard = Guard(RULES)
    spans = [parse_span(KEY)]
    guard.set_lists(spans if listed == "white" else [], spans if listed == "black" else [])
    guard.set_own(spans if listed == "own" else [], [])
    assert judge(guard, 1000, event("InvalidAccountID")) == []


def test_a_forger_adds_nothing_to_what_somebody_has_done_himself() -> None:
    guard = Guard(RULES)
    guard.proofs.sent(KEY, NONCE, 0)
    assert judge(guard, 2, event("ChallengeResponseFailed", nonce=NONCE)) == []
    judge(guard, 1000, event("ChallengeResponseFailed", nonce="invented"))
    assert guard.offenders.stage(KEY, 0) is Stage.WATCH
    (sentence,) = judge(guard, 1, event("ChallengeResponseFailed", nonce=NONCE))
    assert isinstance(sentence, Sentence)
    assert sentence.count == 3


def test_forged_answers_do_not_reset_the_count_of_open_challenges() -> None:
    guard = Guard(Rules(maxchallenges=3, maxcount=0))
    for _ in range(3):
        judge(guard, 1, event("ChallengeSent"))
        judge(guard, 1, event("ChallengeResponseFailed"))
    assert guard.suspects.is_slow(KEY, 0)


def test_a_slowrate_of_nothing_slows_nobody() -> None:
    guard = Guard(Rules(maxcount=0, slowrate=0))
    assert judge(guard, 100, event("InvalidAccountID")) == []
    assert [suspect.slow for suspect in guard.suspects.entries(0)] == [False]


def test_slow_ends_and_is_not_longer_the_next_time() -> None:
    suspects = Suspects(RULES)
    for now in (0, 1300, 2600):
        decisions = [suspects.attempt(KEY, ATTEMPT, "test", now) for _ in range(4)]
        assert [bool(decision) for decision in decisions] == [False, False, True, False]
        assert suspects.is_slow(KEY, now + 1199)
        assert not suspects.is_slow(KEY, now + 1201)
    assert suspects.slow_beyond(2600 + 1199) == 0  # the look above has forgotten it


def test_what_was_counted_long_ago_is_forgotten() -> None:
    suspects = Suspects(RULES)
    for now in (0, 0, 1201, 1201):
        assert suspects.attempt(KEY, ATTEMPT, "test", now) is None


@given(st.integers(1, 100), st.integers(0, 300))
def test_memory_for_suspects_is_bounded_and_the_slow_stay(limit: int, others: int) -> None:
    suspects = Suspects(Rules(limit=limit))
    suspects.slow(KEY, "test", 0)
    for number in range(others):
        suspects.attempt(f"10.0.{number >> 8}.{number & 255}", ATTEMPT, "test", 0)
        assert len(suspects) <= limit
    assert suspects.is_slow(KEY, 0) == (limit > 1 or others == 0)


def test_what_is_restored_goes_on() -> None:
    one, other = Suspects(RULES), Suspects(RULES)
    one.slow(KEY, "test", 0)
    one.attempt("192.0.2.2", ATTEMPT, "test", 50)
    other.restore(one.entries(100), 10_000)
    assert list(other.entries(10_050)) == list(one.entries(150))


class Life(RuleBasedStateMachine):
    """Four addresses: two of them are only ever named by packets that may be forged."""

    law = Rules(maxcount=3, ownercount=6, watchtime=100, jailtime=50, repeatmult=4, limit=8)

    def __init__(self) -> None:
        super().__init__()
        self.guard = Guard(self.law)
        self.proven = Guard(self.law)  # hears just what is proven
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
            assert not isinstance(self.guard.judge(forged, self.now), Sentence)

    @rule(who=st.integers(2, 3), kind=st.sampled_from(KINDS), session=st.sampled_from("ab"))
    def fail_over_tcp(self, who: int, kind: str, session: str) -> None:
        self.fail(event(kind, "TCP", address=f"192.0.2.{who}", session=session))

    @rule(who=st.integers(2, 3), session=st.sampled_from("ab"))
    def answer_a_challenge_wrongly(self, who: int, session: str) -> None:
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
    def who_was_only_named_by_forgers_is_in_no_jail(self) -> None:
        for key in ("192.0.2.0", "192.0.2.1"):
            assert self.guard.offenders.stage(key, self.now) is None

    @invariant()
    def what_is_proven_has_the_same_consequences_as_without_forgers(self) -> None:
        found, expected = (list(g.offenders.entries(self.now)) for g in (self.guard, self.proven))
        assert found == expected

    @invariant()
    def memory_is_bounded(self) -> None:
        assert len(self.guard.suspects) <= self.law.limit


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=50, stateful_step_count=40)


happenings = st.tuples(st.sampled_from(KINDS), st.sampled_from("ab"), st.floats(0, 30))


@given(st.lists(happenings, max_size=80))
def test_a_connection_is_judged_as_if_there_were_no_proofs(
    happened: list[tuple[str, str, float]],
) -> None:
    """The arithmetic of jail is that of Offenders alone."""
    guard, offenders = Guard(RULES), Offenders(RULES)
    attempts = Guard(RULES)._attempts
    now = 0.0
    for kind, session, pause in happened:
        now += pause
        what = event(kind, "TLS", session=session)
        points = attempts.points(what, KEY, now)
        expected = offenders.attempt(KEY, points, kind, now) if points else None
        assert guard.judge(what, now) == expected
