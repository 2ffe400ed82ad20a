"""The outbox, a table of outgoing SMS: each function is an order for AsyncStore.run."""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pbx.websms.incoming import inbox
from pbx.websms.outgoing.request import OutgoingSms

SCHEMA = """
CREATE TABLE IF NOT EXISTS outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    interface TEXT NOT NULL,
    came REAL NOT NULL,
    expires REAL NOT NULL,
    due REAL NOT NULL,
    recipient TEXT NOT NULL,
    sender TEXT NOT NULL,
    body TEXT NOT NULL,
    tell INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sending')),
    attempts INTEGER NOT NULL DEFAULT 0,
    reason TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX IF NOT EXISTS outbox_recipient ON outbox (interface, recipient, id);
"""


@dataclass(frozen=True)
class OutboxMessage:
    """A pending SMS.

    Attributes:
        id: Our ID of it.
        interface: Name of the interface that sends it.
        came: When it was stored, in seconds since 1970.
        expires: When it expires.
        due: When the next attempt is due.
        sms: Recipient, sender and text.
        notify: Whether its sender, who has a phone here, is notified if it cannot be sent.
        attempts: How many failed.
        reason: Why the last one failed.
    """

    id: int
    interface: str
    came: float
    expires: float
    due: float
    sms: OutgoingSms
    notify: bool
    attempts: int
    reason: str


_Order = Callable[[sqlite3.Connection], None]
_SELECT = (
    "SELECT id, interface, came, expires, due, recipient, sender, body, tell, attempts, reason"
    " FROM outbox"
)


def add(
    interface: str, sms: OutgoingSms, *, notify: bool, now: float, expires: float
) -> Callable[[sqlite3.Connection], int]:
    """Store an SMS; the order returns its ID."""

    def order(connection: sqlite3.Connection) -> int:
        rows = connection.execute(
            "INSERT INTO outbox (interface, came, expires, due, recipient, sender, body, tell)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
            (interface, now, expires, now, sms.recipient, sms.sender, sms.body, notify),
        )
        return int(rows.fetchone()[0])

    return order


def waiting(connection: sqlite3.Connection) -> list[OutboxMessage]:
    """Return the oldest SMS to each recipient: the others are sent after it."""
    rows = connection.execute(
        f"{_SELECT} WHERE state = 'waiting' AND id IN"  # noqa: S608
        " (SELECT min(id) FROM outbox GROUP BY interface, recipient) ORDER BY id"
    )
    return [_message(row) for row in rows]


def queue(connection: sqlite3.Connection) -> list[OutboxMessage]:
    """Return all SMS, the oldest first."""
    return [_message(row) for row in connection.execute(f"{_SELECT} ORDER BY id")]


def interrupted(connection: sqlite3.Connection) -> list[OutboxMessage]:
    """Return those that were being sent when the service ended: they may have been sent."""
    rows = connection.execute(f"{_SELECT} WHERE state = 'sending'")
    return [_message(row) for row in rows]


def begin(number: int) -> _Order:
    """Note that an SMS is about to be sent."""
    return _change("UPDATE outbox SET state = 'sending' WHERE id = ?", number)


def retry(number: int, due: float, reason: str) -> _Order:
    """Note that an SMS has certainly not been sent, and when to retry."""
    return _change(
        "UPDATE outbox SET state = 'waiting', attempts = attempts + 1, due = ?, reason = ?"
        " WHERE id = ?",
        due,
        reason,
        number,
    )


def sent(number: int) -> _Order:
    """Delete an SMS that was sent."""
    return _change("DELETE FROM outbox WHERE id = ?", number)


def failed(message: OutboxMessage, notice: str, now: float, expires: float) -> _Order:
    """Delete an SMS that was not sent, and store a notice to its sender, if it wants that.

    Args:
        message: The SMS.
        notice: Its text; it comes from the number that the sender wrote to.
        now: Seconds since 1970.
        expires: When the notice expires.
    """
    sms = message.sms
    answer = inbox.IncomingSms(message.interface, sms.sender, sms.recipient, notice)

    def order(connection: sqlite3.Connection) -> None:
        sent(message.id)(connection)
        if message.notify:
            inbox.add(answer, now, expires)(connection)

    return order


def _change(statement: str, *values: object) -> _Order:
    def order(connection: sqlite3.Connection) -> None:
        connection.execute(statement, values)

    return order


def _message(row: Sequence[Any]) -> OutboxMessage:
    number, interface, came, expires, due, recipient, sender, body, notify, attempts, reason = row
    sms = OutgoingSms(recipient, sender, body)
    return OutboxMessage(number, interface, came, expires, due, sms, bool(notify), attempts, reason)
