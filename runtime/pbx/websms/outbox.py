"""Texts on their way out, as rows: each function is an order for AsyncStore.run."""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pbx.websms import inbox
from pbx.websms.outgoing import Text

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
class Leaving:
    """A text that is to be sent.

    Attributes:
        id: Our number of it.
        interface: Through which one.
        came: When it was kept, in seconds since 1970.
        expires: When it is given up.
        due: When it is tried next.
        text: What is to be sent.
        tell: Whether its sender, who has a phone here, is told if it cannot be sent.
        attempts: How often it was tried in vain.
        reason: Why it failed last.
    """

    id: int
    interface: str
    came: float
    expires: float
    due: float
    text: Text
    tell: bool
    attempts: int
    reason: str


_Order = Callable[[sqlite3.Connection], None]
_SELECT = (
    "SELECT id, interface, came, expires, due, recipient, sender, body, tell, attempts, reason"
    " FROM outbox"
)


def add(
    interface: str, text: Text, *, tell: bool, now: float, expires: float
) -> Callable[[sqlite3.Connection], int]:
    """Keep a text; the order returns its number."""

    def order(connection: sqlite3.Connection) -> int:
        rows = connection.execute(
            "INSERT INTO outbox (interface, came, expires, due, recipient, sender, body, tell)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
            (interface, now, expires, now, text.recipient, text.sender, text.body, tell),
        )
        return int(rows.fetchone()[0])

    return order


def waiting(connection: sqlite3.Connection) -> list[Leaving]:
    """Return of each recipient's texts the oldest: the others wait behind it."""
    rows = connection.execute(
        f"{_SELECT} WHERE state = 'waiting' AND id IN"  # noqa: S608
        " (SELECT min(id) FROM outbox GROUP BY interface, recipient) ORDER BY id"
    )
    return [_leaving(row) for row in rows]


def queue(connection: sqlite3.Connection) -> list[Leaving]:
    """Return all, the oldest first."""
    return [_leaving(row) for row in connection.execute(f"{_SELECT} ORDER BY id")]


def interrupted(connection: sqlite3.Connection) -> list[Leaving]:
    """Return what was being sent when the service ended: whether it was, nobody knows."""
    rows = connection.execute(f"{_SELECT} WHERE state = 'sending'")
    return [_leaving(row) for row in rows]


def begin(number: int) -> _Order:
    """Note that a text is about to be sent."""
    return _change("UPDATE outbox SET state = 'sending' WHERE id = ?", number)


def again(number: int, due: float, reason: str) -> _Order:
    """Note that a text has certainly not been sent, and when to try next."""
    return _change(
        "UPDATE outbox SET state = 'waiting', attempts = attempts + 1, due = ?, reason = ?"
        " WHERE id = ?",
        due,
        reason,
        number,
    )


def sent(number: int) -> _Order:
    """Forgets a text that was sent."""
    return _change("DELETE FROM outbox WHERE id = ?", number)


def given_up(leaving: Leaving, notice: str, now: float, expires: float) -> _Order:
    """Forgets a text that was not sent, and leaves its sender a message in place of it.

    Args:
        leaving: The text.
        notice: What to say to the sender; it comes from the number that was written to.
        now: Seconds since 1970.
        expires: When the notice is given up.
    """
    message = inbox.Incoming(leaving.interface, leaving.text.sender, leaving.text.recipient, notice)

    def order(connection: sqlite3.Connection) -> None:
        sent(leaving.id)(connection)
        if leaving.tell:
            inbox.add(message, now, expires)(connection)

    return order


def _change(statement: str, *values: object) -> _Order:
    def order(connection: sqlite3.Connection) -> None:
        connection.execute(statement, values)

    return order


def _leaving(row: Sequence[Any]) -> Leaving:
    number, interface, came, expires, due, recipient, sender, body, tell, attempts, reason = row
    text = Text(recipient, sender, body)
    return Leaving(number, interface, came, expires, due, text, bool(tell), attempts, reason)
