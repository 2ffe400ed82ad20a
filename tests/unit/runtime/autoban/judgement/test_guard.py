"""From events to decisions, with events recorded from a real Asterisk under real attacks.

Those in attacks/ were recorded as AMI sent them, while a program ran against Asterisk:

    svcrack         sipvicious_svcrack -u john.doe -r 1000-1150
    svcrack-reuse   the same with -n: one nonce, one Call-ID
    svwar           sipvicious_svwar --force -e 100-150; svwar-invite: the same with -m INVITE
    unknown         three registrations of a user that there is not, with a wrong password
    honest          a registration with the right password
    login           three logins to the manager interface with a wrong password
"""

from __future__ import annotations

from pathlib import Path

import pytest
from pbx.asterisk.ami import AmiReader
from pbx.autoban.judgement.addresses import parse_span
from pbx.autoban.judgement.events import Meaning, SecurityEvent, read_event
from pbx.autoban.judgement.guard import Decision, Guard
from pbx.autoban.judgement.offenders import Ban, Offender
from pbx.autoban.judgement.rules import Rules

ATTACKS = Path(__file__).with_name("attacks")


def recorded(name: str) -> list[SecurityEvent]:
    messages = AmiReader().receive((ATTACKS / f"{name}.ami").read_bytes())
    return [event for message in messages if (event := read_event(message))]


def replay(
    name: str, rules: Rules | None = None, *, rate: float = 500, seen: bool = True
) -> tuple[Guard, list[tuple[int, Ban]], list[Offender]]:
    """Judges a recording; returns bans after how many guesses, and all offenders.

    Args:
        name: Of the recording.
        rules: Thresholds and times.
        rate: Events a second.
        seen: Whether the challenges that were answered had been seen leaving this machine.
    """
    guard = Guard(rules or Rules())
    bans = []
    guesses = 0
    now = 0.0
    for event in recorded(name):
        guesses += event.kind == "ChallengeResponseFailed"
        now += 1 / rate
        if seen and event.meaning is Meaning.WRONG_SECRET:
            guard.proofs.sent(guard.key_of(event.address), event.challenge, now)
        decision = guard.judge(event, now)
        if isinstance(decision, Ban):
            bans.append((guesses, decision))
    return guard, bans, list(guard.offenders.entries(now))


@pytest.mark.parametrize("name", ["svcrack", "svcrack-reuse"])
def test_guard_gives_svcrack_eleven_guesses(name: str) -> None:
    _, ((guesses, ban),), _ = replay(name)
    assert guesses == ban.count == 11
    assert ban.kind == "ChallengeResponseFailed"
    assert ban.seconds == 1200


@pytest.mark.parametrize("name", ["svwar", "svwar-invite"])
def test_guard_counts_each_number_of_a_scanner_once(name: str) -> None:
    guard, _, offenders = replay(name)
    tried = {event.session for event in recorded(name) if event.kind == "InvalidAccountID"}
    assert offenders == []  # it answers no challenge, so anybody may have sent that
    (suspect,) = guard.suspects.entries(1)
    assert suspect.count == len(tried) == 2


@pytest.mark.parametrize("name", ["svcrack", "svcrack-reuse", "unknown"])
def test_guard_bans_nobody_for_responses_to_unseen_challenges(name: str) -> None:
    guard, bans, offenders = replay(name, Rules(maxcount=1), seen=False)
    assert (bans, offenders) == ([], [])
    assert [suspect.slow for suspect in guard.suspects.entries(1)] == [True]


def test_guard_stores_the_address_of_a_good_phone_as_an_owners() -> None:
    guard, bans, offenders = replay("honest")
    assert bans == []
    assert offenders == []
    ((address, seconds),) = guard.owners.phones(0)
    assert address == "198.18.0.3"
    assert 3600 <= seconds < 3601


def test_guard_ignores_logins_from_the_machine_itself() -> None:
    guard, bans, offenders = replay("login", Rules(maxcount=0))
    assert bans == []
    assert offenders == []
    assert guard.events["InvalidPassword"] == 3


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
def test_guard_spares_the_machine_itself_and_the_whitelist(address: str) -> None:
    guard = Guard(Rules(maxcount=0))
    guard.set_own([parse_span("192.0.2.1")], [])
    guard.set_lists([parse_span("198.51.100.0/24")], [])
    assert happen(guard, "InvalidPassword", 500, address) == []
    assert len(guard.offenders) == 0
    assert len(happen(guard, "InvalidPassword", 1, "203.0.113.1")) == 1


def test_guard_spares_whitelisted_addresses_of_a_network() -> None:
    guard = Guard(Rules(maxcount=0))
    guard.set_lists([parse_span("2001:db8::1")], [])
    assert happen(guard, "InvalidPassword", 5, "2001:db8::1") == []
    (ban,) = happen(guard, "InvalidPassword", 1, "2001:db8::2")
    assert ban.key == "2001:db8::/64"


def test_guard_has_a_higher_threshold_for_a_time_after_a_login() -> None:
    guard = Guard(Rules())
    happen(guard, "SuccessfulAuth", now=0)
    assert happen(guard, "ChallengeResponseFailed", 100, now=1) == []
    assert len(happen(guard, "ChallengeResponseFailed", 1, now=1)) == 1
    later = Guard(Rules())
    happen(later, "SuccessfulAuth", now=0)
    assert len(happen(later, "ChallengeResponseFailed", 11, now=3601)) == 1


@pytest.mark.parametrize("answer", ["SuccessfulAuth", "ChallengeResponseFailed"])
def test_guard_resets_the_count_of_challenges_after_a_response(answer: str) -> None:
    guard = Guard(Rules(maxcount=1000, ownercount=1000, maxchallenges=3))
    for _ in range(100):
        happen(guard, "ChallengeSent", 3)
        happen(guard, answer)
    assert sum(entry.count for entry in guard.offenders.entries(0)) == (
        100 if answer == "ChallengeResponseFailed" else 0
    )


def test_guard_removes_old_challenges() -> None:
    guard = Guard(Rules(maxchallenges=3, maxcount=0))
    happen(guard, "ChallengeSent", 3, now=0)
    assert happen(guard, "ChallengeSent", 3, now=1300) == []
    assert len(happen(guard, "ChallengeSent", 1, now=1300)) == 1


def test_guard_stores_a_bounded_number_of_challenges_and_owners() -> None:
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
