"""What Asterisk's events mean, and how often an attempt counts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pbx.autoban.judgement.addresses import parse_address
from pbx.autoban.judgement.attempts import ATTEMPT, MOST_SESSIONS, MOST_TOGETHER, ODDITY, Attempts
from pbx.autoban.judgement.events import HONEST_ACLS, Meaning, SecurityEvent, read_event

KEY = "192.0.2.1"
NAMES = {"I": "InvalidAccountID", "C": "ChallengeResponseFailed", "P": "InvalidPassword"}


def message(kind: str, call_id: str = "c", **fields: str) -> dict[str, str]:
    address = "IPV4/UDP/192.0.2.1/5060"
    return {"Event": kind, "SessionID": call_id, "RemoteAddress": address, **fields}


def event(letter: str, call_id: str = "c") -> SecurityEvent:
    found = read_event(message(NAMES[letter], call_id))
    assert found
    return found


def counted(letters: str, *, call_ids: str = "", pause: float = 0.01) -> float:
    """What a row of events counts; each has the Call-ID that stands below it."""
    attempts = Attempts()
    ids = call_ids or "c" * len(letters)
    return (
        sum(
            attempts.points(event(letter, call_id), KEY, number * pause)
            for number, (letter, call_id) in enumerate(zip(letters, ids, strict=True))
        )
        / ATTEMPT
    )


@pytest.mark.parametrize(
    ("letters", "attempts"),
    [
        ("IIC", 1),  # a bad registration of an unknown user
        ("C", 1),  # of a known one
        ("II", 1),  # an unknown user who gives up
        ("CCCCC", 5),  # svcrack reuses a Call-ID for thousands of guesses
        ("IICIIC", 2),  # guesses at unknown users with one Call-ID
        ("ICICICIC", 4),  # … with one nonce
        ("PPP", 3),  # logins to the manager interface
        ("IIIII", 2),  # many users with one Call-ID
    ],
)
def test_an_attempt_counts_once(letters: str, attempts: int) -> None:
    assert counted(letters) == attempts


def test_with_a_call_id_for_each_an_attempt_counts_the_same() -> None:
    assert counted("IICIICIIC", call_ids="aaabbbccc") == 3


def test_after_a_second_it_is_another_attempt() -> None:
    assert counted("II", pause=1.1) == 2
    assert counted("IC", pause=1.1) == 2


def test_the_same_call_id_from_elsewhere_is_another_attempt() -> None:
    attempts = Attempts()
    assert attempts.points(event("I"), KEY, 0) == ATTEMPT
    assert attempts.points(event("I"), "192.0.2.2", 0) == ATTEMPT


events = st.lists(
    st.tuples(st.sampled_from("ICP"), st.sampled_from("abc"), st.floats(0, 0.5)), max_size=60
)


@given(events)
def test_no_choice_of_call_ids_hides_an_attempt(
    happened: list[tuple[str, str, float]],
) -> None:
    attempts = Attempts()
    now = total = 0.0
    for letter, call_id, pause in happened:
        now += pause
        total += attempts.points(event(letter, call_id), KEY, now) / ATTEMPT
    guesses = sum(letter != "I" for letter, *_ in happened)
    unknown = len(happened) - guesses
    # A guess at an unknown user shows as InvalidAccountID, too; one of them counts.
    assert total >= max(guesses, unknown / MOST_TOGETHER)
    assert total <= len(happened)


@given(st.lists(st.tuples(st.sampled_from("IC"), st.text(max_size=3)), max_size=60))
def test_call_ids_of_any_text_are_taken(happened: list[tuple[str, str]]) -> None:
    attempts = Attempts()
    for letter, call_id in happened:
        attempts.points(event(letter, call_id), KEY, 0)


def test_memory_for_call_ids_is_bounded() -> None:
    attempts = Attempts()
    for number in range(3 * MOST_SESSIONS):
        assert attempts.points(event("I", str(number)), KEY, 0) == ATTEMPT
        assert len(attempts) <= MOST_SESSIONS
    attempts.points(event("I", "later"), KEY, 10)
    assert len(attempts) == 1


@pytest.mark.parametrize("name", sorted(HONEST_ACLS))
def test_what_the_registrar_refuses_weighs_little(name: str) -> None:
    found = read_event(message("FailedACL", ACLName=name))
    assert found
    assert Attempts().points(found, KEY, 0) == ODDITY < ATTEMPT


def test_another_access_list_is_an_attempt() -> None:
    found = read_event(message("FailedACL", ACLName="mine"))
    assert found
    assert Attempts().points(found, KEY, 0) == ATTEMPT


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("IPV4/UDP/203.0.113.7/5060", "203.0.113.7"),
        ("IPV6/TLS/2001:db8::1/5061", "2001:db8::1"),
        ("IPV6/UDP/fe80::1%eth0/5060", "fe80::1"),
        ("IPV4/203.0.113.7/5060", "203.0.113.7"),
        ("IPV6/UDP/::ffff:203.0.113.7/5060", "203.0.113.7"),
    ],
)
def test_addresses_are_read_from_the_right(text: str, address: str) -> None:
    found = read_event(message("InvalidPassword", RemoteAddress=text))
    assert found
    assert found.address == parse_address(address)


@pytest.mark.parametrize("text", ["", "203.0.113.7", "IPV4/UDP/host/5060", "///", "IPV4/UDP//5060"])
def test_an_event_without_an_address_is_none(text: str) -> None:
    assert read_event(message("InvalidPassword", RemoteAddress=text)) is None


@pytest.mark.parametrize("kind", ["FullyBooted", "RequestBadFormat", "SessionLimit", ""])
def test_other_events_are_of_no_concern(kind: str) -> None:
    assert read_event(message(kind)) is None


def test_challenges_and_logins_are_understood() -> None:
    challenge, welcome = (read_event(message(x)) for x in ("ChallengeSent", "SuccessfulAuth"))
    assert challenge
    assert challenge.meaning is Meaning.CHALLENGED
    assert welcome
    assert welcome.meaning is Meaning.WELCOME


@given(st.dictionaries(st.sampled_from(["Event", "RemoteAddress", "SessionID"]), st.text()))
def test_any_message_is_an_event_or_none(fields: dict[str, str]) -> None:
    found = read_event({"Event": "InvalidPassword", **fields})
    assert found is None or found.address
