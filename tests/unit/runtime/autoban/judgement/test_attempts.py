"""How much an attempt counts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pbx.autoban.judgement.attempts import ATTEMPT, MINOR, MOST_SESSIONS, MOST_TOGETHER, Attempts
from pbx.autoban.judgement.events import HONEST_ACLS, SecurityEvent, read_event

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
    """The attempts that a row of events counts; each has the Call-ID at the same place."""
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
def test_attempt_counts_once(letters: str, attempts: int) -> None:
    assert counted(letters) == attempts


def test_attempt_counts_the_same_with_a_call_id_for_each() -> None:
    assert counted("IICIICIIC", call_ids="aaabbbccc") == 3


def test_attempt_after_a_second_is_another_one() -> None:
    assert counted("II", pause=1.1) == 2
    assert counted("IC", pause=1.1) == 2


def test_attempt_with_the_same_call_id_from_elsewhere_is_another_one() -> None:
    attempts = Attempts()
    assert attempts.points(event("I"), KEY, 0) == ATTEMPT
    assert attempts.points(event("I"), "192.0.2.2", 0) == ATTEMPT


events = st.lists(
    st.tuples(st.sampled_from("ICP"), st.sampled_from("abc"), st.floats(0, 0.5)), max_size=60
)


@given(events)
def test_attempts_are_not_hidden_by_any_choice_of_call_ids(
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


def test_attempts_store_a_bounded_number_of_call_ids() -> None:
    attempts = Attempts()
    for number in range(3 * MOST_SESSIONS):
        assert attempts.points(event("I", str(number)), KEY, 0) == ATTEMPT
        assert len(attempts) <= MOST_SESSIONS
    attempts.points(event("I", "later"), KEY, 10)
    assert len(attempts) == 1


@pytest.mark.parametrize("name", sorted(HONEST_ACLS))
def test_attempt_refused_by_the_registrar_counts_a_tenth(name: str) -> None:
    found = read_event(message("FailedACL", ACLName=name))
    assert found
    assert Attempts().points(found, KEY, 0) == MINOR < ATTEMPT


def test_attempt_refused_by_an_access_list_counts() -> None:
    found = read_event(message("FailedACL", ACLName="mine"))
    assert found
    assert Attempts().points(found, KEY, 0) == ATTEMPT
