"""Texts on their way out: which way, in which order, when again, and what is told of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pbx.websms.configuration.reader import read_settings
from pbx.websms.configuration.settings import SendSettings
from pbx.websms.incoming import inbox
from pbx.websms.listing import EMPTY, format_queue
from pbx.websms.outgoing import outbox
from pbx.websms.outgoing.outbox import OutboxMessage
from pbx.websms.outgoing.reply import SendResult, SendStatus
from pbx.websms.outgoing.request import OutgoingSms
from pbx.websms.outgoing.route import NoInterfaceError, choose_sender, next_attempt, senders

NOW = 1_700_000_000.0
ANN, BOB = "+12025550111", "+12025550112"
OUTSIDE, OTHER = "+12025550199", "+12025550198"


@pytest.fixture
def database() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.executescript(inbox.SCHEMA + outbox.SCHEMA)
    yield connection
    connection.close()


def keep(
    database: sqlite3.Connection, body: str, recipient: str = OUTSIDE, interface: str = "one"
) -> int:
    text = OutgoingSms(recipient, ANN, body)
    return outbox.add(interface, text, notify=True, now=NOW, expires=NOW + 60)(database)


def bodies(leaving: list[OutboxMessage]) -> list[str]:
    return [x.sms.body for x in leaving]


def test_of_each_recipient_the_oldest_is_next(database: sqlite3.Connection) -> None:
    first = keep(database, "first")
    keep(database, "second")
    keep(database, "to another", OTHER)
    keep(database, "by another way", interface="two")
    assert bodies(outbox.waiting(database)) == ["first", "to another", "by another way"]
    outbox.begin(first)(database)
    assert bodies(outbox.waiting(database)) == ["to another", "by another way"]
    outbox.retry(first, NOW + 5, "busy")(database)
    (oldest, *_) = outbox.waiting(database)
    assert (oldest.sms.body, oldest.due, oldest.attempts, oldest.reason) == (
        "first",
        NOW + 5,
        1,
        "busy",
    )
    outbox.sent(first)(database)
    assert bodies(outbox.waiting(database)) == ["second", "to another", "by another way"]
    assert len(outbox.queue(database)) == 3


def test_what_was_being_sent_at_the_end_is_known(database: sqlite3.Connection) -> None:
    begun = keep(database, "begun")
    keep(database, "not begun", OTHER)
    outbox.begin(begun)(database)
    assert bodies(outbox.interrupted(database)) == ["begun"]


@pytest.mark.parametrize("tell", [True, False])
def test_a_text_that_is_given_up_becomes_a_notice(database: sqlite3.Connection, tell: bool) -> None:
    outbox.add("one", OutgoingSms(OUTSIDE, ANN, "hello"), notify=tell, now=NOW, expires=NOW)(
        database
    )
    (leaving,) = outbox.queue(database)
    outbox.failed(leaving, "Not sent: no", NOW, NOW + 60)(database)
    assert outbox.queue(database) == []
    notice = inbox.first(ANN)(database)
    if tell:
        assert notice
        assert (notice.sender, notice.body, notice.expires) == (OUTSIDE, "Not sent: no", NOW + 60)
    else:
        assert notice is None


def test_an_index_chooses_the_interface() -> None:
    named = {"one": SendSettings(auth_user="1"), "two": SendSettings(auth_user="2")}
    assert choose_sender(named, "two")[0] == "two"
    assert choose_sender(named, "")[0] == "one"
    with pytest.raises(
        NoInterfaceError, match=r"no interface 'three' in websms\.conf; there are one, two"
    ):
        choose_sender(named, "three")
    nameless = {"": SendSettings(auth_user="0")}
    assert choose_sender(nameless, "7")[0] == ""
    with pytest.raises(NoInterfaceError, match="does not say where to send"):
        choose_sender({}, "")


def test_who_says_nothing_of_sending_does_not_send() -> None:
    assert senders(read_settings("[websmsd]\nurl_path=/sms\n", {}).interfaces) == {}
    said = senders(read_settings("[websms]\nurl_host=https://example.com\n", {}).interfaces)
    assert list(said) == [""]


@given(attempts=st.integers(0, 10_000), wait=st.none() | st.floats(0, 1e6), left=st.floats(0, 1e5))
def test_the_next_attempt_is_neither_at_once_nor_too_late(
    attempts: int, wait: float | None, left: float
) -> None:
    due = next_attempt(SendResult(SendStatus.RETRY, "busy", wait), attempts, NOW, NOW + left)
    if due is not None:
        assert due < NOW + left
        assert due >= NOW + (5 if wait is None else wait)
        assert wait is not None or due <= NOW + 300


def test_attempts_become_rarer() -> None:
    again = SendResult(SendStatus.RETRY, "busy")
    waits = [(next_attempt(again, n, NOW, NOW + 1e6) or 0) - NOW for n in range(9)]
    assert waits == [5, 10, 20, 40, 80, 160, 300, 300, 300]


def test_the_table_shows_both_directions_and_no_text() -> None:
    message = {
        "recipient": ANN,
        "sender": OUTSIDE,
        "length": 12,
        "came": NOW - 90,
        "expires": NOW + 3600,
        "attempts": 1,
        "reason": "no phone",
    }
    reply = {
        "waiting": 3,
        "messages": [message],
        "leaving": 1,
        "outgoing": [{**message, "recipient": OUTSIDE, "sender": BOB, "reason": "busy"}],
    }
    assert format_queue(reply, NOW).splitlines() == [
        "     to            from          characters  pending for  expires in  attempts  reason",
        "in   +12025550111  +12025550199  12          1m30s        1h          1         no phone",
        "out  +12025550199  +12025550112  12          1m30s        1h          1         busy",
        "and 2 more",
    ]
    empty = {"waiting": 0, "messages": [], "leaving": 0, "outgoing": []}
    assert format_queue(empty, NOW) == EMPTY
