"""The outbox: order, state, and notices to senders."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest
from pbx.websms.incoming import inbox
from pbx.websms.outgoing import outbox
from pbx.websms.outgoing.outbox import OutboxMessage
from pbx.websms.outgoing.request import OutgoingSms

NOW = 1_700_000_000.0
ANN = "+12025550111"
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
    sms = OutgoingSms(recipient, ANN, body)
    return outbox.add(interface, sms, notify=True, now=NOW, expires=NOW + 60)(database)


def bodies(messages: list[OutboxMessage]) -> list[str]:
    return [x.sms.body for x in messages]


def test_outbox_oldest_of_each_recipient_is_next(database: sqlite3.Connection) -> None:
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


@pytest.mark.parametrize("notify", [True, False])
def test_outbox_failed_notifies_the_sender(database: sqlite3.Connection, notify: bool) -> None:
    outbox.add("one", OutgoingSms(OUTSIDE, ANN, "hello"), notify=notify, now=NOW, expires=NOW)(
        database
    )
    (message,) = outbox.queue(database)
    outbox.failed(message, "Not sent: no", NOW, NOW + 60)(database)
    assert outbox.queue(database) == []
    notice = inbox.first(ANN)(database)
    if notify:
        assert notice
        assert (notice.sender, notice.body, notice.expires) == (OUTSIDE, "Not sent: no", NOW + 60)
    else:
        assert notice is None
