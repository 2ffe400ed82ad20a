"""From events to decisions: by rows of events recorded from a real Asterisk under real attacks.

Those in attacks/ were recorded as AMI sent them, while a program ran against Asterisk:

    svcrack         sipvicious_svcrack -u john.doe -r 1000-1150
    svcrack-reuse   the same with -n: one nonce, one Call-ID
    svwar           sipvicious_svwar --force -e 100-150; svwar-invite: the same with -m INVITE
    unknown, known  three registrations of a user that there is not, and one that there is, each
                    with a wrong password
    ipv6            the same for a user that there is not, over IPv6, until banned
    honest          a registration with the right password
    login           three logins to the manager interface with a wrong password
"""

from __future__ import annotations

from pathlib import Path

import pytest
from pbx.asterisk.ami import AmiReader
from pbx.autoban.judgement.addresses import parse_address, parse_span
from pbx.autoban.judgement.events import Meaning, SecurityEvent, read_event
from pbx.autoban.judgement.guard import Decision, Guard
from pbx.autoban.judgement.offenders import Entry, Sentence, Stage
from pbx.autoban.judgement.rules import Rules

ATTACKS = Path(__file__).with_name("attacks")
WHO = parse_address("192.0.2.1")


def recorded(name: str) -> list[SecurityEvent]:
    messages = AmiReader().receive((ATTACKS / f"{name}.ami").read_bytes())
    return [event for message in messages if (event := read_event(message))]


def replay(
    name: str, rules: Rules | None = None, *, rate: float = 500, seen: bool = True
) -> tuple[Guard, list[tuple[int, Sentence]], list[Entry]]:
    """Judges a recording; returns who was jailed after how many guesses, and all offenders.

    Args:
        name: Of the recording.
        rules: What to go by.
        rate: Events a second.
        seen: Whether the challenges that were answered had been seen leaving this machine.
    """
    guard = Guard(rules or Rules())
    sentences = []
    guesses = 0
    now = 0.0
    for event in recorded(name):
        guesses += event.kind == "ChallengeResponseFailed"
        now += 1 / rate
        if seen and event.meaning is Meaning.WRONG_SECRET:
            guard.proofs.sent(guard.key_of(event.address), event.challenge, now)
        decision = guard.judge(event, now)
        if isinstance(decision, Sentence):
            sentences.append((guesses, decision))
    return guard, sentences, list(guard.offenders.entries(now))


@pytest.mark.parametrize("name", ["svcrack", "svcrack-reuse"])
def test_svcrack_gets_eleven_guesses(name: str) -> None:
    _, ((guesses, sentence),), _ = replay(name)
    assert guesses == sentence.count == 11
    assert sentence.kind == "ChallengeResponseFailed"
    assert sentence.seconds == 1200


@pytest.mark.parametrize(("name", "count"), [("unknown", 3), ("known", 3)])
def test_each_bad_registration_is_one_attempt(name: str, count: int) -> None:
    _, sentences, (offender,) = replay(name)
    assert sentences == []
    assert (offender.stage, offender.count) == (Stage.WATCH, count)


@pytest.mark.parametrize("name", ["svwar", "svwar-invite"])
def test_each_number_that_a_scanner_tries_is_one_attempt(name: str) -> None:
    guard, _, offenders = replay(name)
    tried = {event.session for event in recorded(name) if event.kind == "InvalidAccountID"}
    assert offenders == []  # it answers no challenge, so anybody may have sent that
    (suspect,) = guard.suspects.entries(1)
    assert suspect.count == len(tried) == 2


@pytest.mark.parametrize("name", ["svcrack", "svcrack-reuse", "unknown", "ipv6"])
def test_an_answer_to_a_challenge_that_nobody_saw_leave_jails_nobody(name: str) -> None:
    guard, sentences, offenders = replay(name, Rules(maxcount=1), seen=False)
    assert (sentences, offenders) == ([], [])
    assert [suspect.slow for suspect in guard.suspects.entries(1)] == [True]


def test_over_ipv6_it_is_the_same() -> None:
    _, ((guesses, sentence),), (offender,) = replay("ipv6", Rules(maxcount=9))
    assert guesses == sentence.count == 10
    assert offender.key == sentence.key == "fd77:ba17:0:1::/64"


def test_an_honest_phone_is_no_offender_and_makes_its_address_an_owners() -> None:
    guard, sentences, offenders = replay("honest")
    assert sentences == []
    assert offenders == []
    ((address, seconds),) = guard.owners.phones(0)
    assert address == "198.18.0.3"
    assert 3600 <= seconds < 3601


def test_logins_from_the_machine_itself_are_spared() -> None:
    guard, sentences, offenders = replay("login", Rules(maxcount=0))
    assert sentences == []
    assert offenders == []
    assert guard.events["InvalidPassword"] == 3


def test_all_that_happened_is_counted_by_kind() -> None:
    guard, _, _ = replay("unknown")
    assert guard.events == {
        "SuccessfulAuth": 1,
        "InvalidAccountID": 6,
        "ChallengeSent": 3,
        "ChallengeResponseFailed": 3,
    }


def happen(
    guard: Guard,
    kind: str,
    number: int = 1,
    address: str = "192.0.2.1",
    now: float = 0,
    transport: str = "TLS",
) -> list[Decision]:
    decisions = []
    for _ in range(number):
        event = read_event({"Event": kind, "RemoteAddress": f"IPV4/{transport}/{address}/5060"})
        assert event
        if decision := guard.judge(event, now):
            decisions.append(decision)
    return decisions


@pytest.mark.parametrize("address", ["127.0.0.1", "192.0.2.1", "0.0.0.0", "198.51.100.9"])
def test_the_machine_itself_and_the_whitelist_are_spared(address: str) -> None:
    guard = Guard(Rules(maxcount=0))
    guard.set_own([parse_span("192.0.2.1")], [])
    guard.set_lists([parse_span("198.51.100.0/24")], [])
    assert happen(guard, "InvalidPassword", 500, address) == []
    assert len(guard.offenders) == 0
    assert len(happen(guard, "InvalidPassword", 1, "203.0.113.1")) == 1


def test_who_is_blacklisted_needs_no_jail() -> None:
    guard = Guard(Rules(maxcount=0))
    guard.set_lists([], [parse_span("192.0.2.0/24")])
    assert happen(guard, "InvalidPassword", 5) == []


def test_of_a_network_those_who_are_whitelisted_are_spared() -> None:
    guard = Guard(Rules(maxcount=0))
    guard.set_lists([parse_span("2001:db8::1")], [])
    assert happen(guard, "InvalidPassword", 5, "2001:db8::1") == []
    (sentence,) = happen(guard, "InvalidPassword", 1, "2001:db8::2")
    assert sentence.key == "2001:db8::/64"


def test_where_a_phone_has_logged_in_more_is_put_up_with_for_a_time() -> None:
    guard = Guard(Rules())
    happen(guard, "SuccessfulAuth", now=0)
    assert happen(guard, "ChallengeResponseFailed", 100, now=1) == []
    assert len(happen(guard, "ChallengeResponseFailed", 1, now=1)) == 1
    later = Guard(Rules())
    happen(later, "SuccessfulAuth", now=0)
    assert len(happen(later, "ChallengeResponseFailed", 11, now=3601)) == 1


def test_a_trunk_is_put_up_with() -> None:
    guard = Guard(Rules())
    guard.owners.set_trunks([parse_span("192.0.2.0/29")])
    assert happen(guard, "ChallengeResponseFailed", 100) == []
    guard.owners.set_trunks([])
    assert len(happen(guard, "ChallengeResponseFailed", 1)) == 1


def test_unanswered_challenges_count_only_if_that_is_wanted() -> None:
    assert happen(Guard(Rules()), "ChallengeSent", 10_000) == []
    guard = Guard(Rules(maxchallenges=20))
    assert happen(guard, "ChallengeSent", 30) == []
    assert len(happen(guard, "ChallengeSent", 1)) == 1


@pytest.mark.parametrize("answer", ["SuccessfulAuth", "ChallengeResponseFailed"])
def test_who_answers_challenges_is_no_scanner(answer: str) -> None:
    guard = Guard(Rules(maxcount=1000, ownercount=1000, maxchallenges=3))
    for _ in range(100):
        happen(guard, "ChallengeSent", 3)
        happen(guard, answer)
    assert sum(entry.count for entry in guard.offenders.entries(0)) == (
        100 if answer == "ChallengeResponseFailed" else 0
    )


def test_challenges_long_ago_are_forgotten() -> None:
    guard = Guard(Rules(maxchallenges=3, maxcount=0))
    happen(guard, "ChallengeSent", 3, now=0)
    assert happen(guard, "ChallengeSent", 3, now=1300) == []
    assert len(happen(guard, "ChallengeSent", 1, now=1300)) == 1


def test_memory_for_challenges_and_owners_is_bounded() -> None:
    guard = Guard(Rules(maxchallenges=3))
    for number in range(25_000):
        address = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
        happen(guard, "ChallengeSent", 1, address)
        happen(guard, "SuccessfulAuth", 1, f"11{address[2:]}")
    assert len(guard._challenges) <= 10_000
    assert len(list(guard.owners.phones(0))) <= 10_000
    guard.pass_time(5000)
    assert len(guard._challenges) == 0
    assert list(guard.owners.phones(0)) == []
