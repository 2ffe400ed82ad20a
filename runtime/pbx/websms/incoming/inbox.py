"""The inbox, a table of incoming messages: each function is an order for AsyncStore.run."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

REMEMBER_SECONDS = 30 * 86400
"""How long the provider's message IDs are kept, to recognize repeated messages."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS inbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    interface TEXT NOT NULL,
    provider_id TEXT,
    came REAL NOT NULL,
    expires REAL NOT NULL,
    recipient TEXT NOT NULL,
    sender TEXT NOT NULL,
    body TEXT,
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'expired')),
    attempts INTEGER NOT NULL DEFAULT 0,
    reason TEXT NOT NULL DEFAULT '',
    ended REAL
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS inbox_provider ON inbox (interface, provider_id)
    WHERE provider_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS inbox_waiting ON inbox (recipient, id) WHERE state = 'waiting';
CREATE INDEX IF NOT EXISTS inbox_ended ON inbox (ended) WHERE ended IS NOT NULL;
"""


@dataclass(frozen=True)
class IncomingSms:
    """An SMS from a provider, or a notice to a sender.

    Attributes:
        interface: Name of the interface that received it.
        recipient: Telephone number, or name.
        sender: Telephone number, or name.
        body: The text.
        provider_id: The provider's message ID; None if it has none.
    """

    interface: str
    recipient: str
    sender: str
    body: str
    provider_id: str | None = None


@dataclass(frozen=True)
class InboxMessage:
    """A pending message.

    Attributes:
        id: Our ID of it.
        interface: As in IncomingSms.
        came: When it was received, in seconds since 1970.
        expires: When it expires.
        recipient: As in IncomingSms.
        sender: As in IncomingSms.
        body: The text.
        attempts: How many failed.
        reason: Why the last one failed.
    """

    id: int
    interface: str
    came: float
    expires: float
    recipient: str
    sender: str
    body: str
    attempts: int
    reason: str


_Order = Callable[[sqlite3.Connection], None]
_COLUMNS = "id, interface, came, expires, recipient, sender, body, attempts, reason"
_WAITING = f"SELECT {_COLUMNS} FROM inbox WHERE state = 'waiting'"  # noqa: S608


def add(message: IncomingSms, now: float, expires: float) -> Callable[[sqlite3.Connection], bool]:
    """Store an SMS; the order returns False if the provider has sent it before."""
    values = (
        message.interface,
        message.provider_id,
        now,
        expires,
        message.recipient,
        message.sender,
        message.body,
    )

    def order(connection: sqlite3.Connection) -> bool:
        done = connection.execute(
            "INSERT INTO inbox (interface, provider_id, came, expires, recipient, sender, body)"
            " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            values,
        )
        return done.rowcount == 1

    return order


def recipients(connection: sqlite3.Connection) -> list[str]:
    """Return the recipients of pending messages, in the order of their oldest message."""
    rows = connection.execute(
        "SELECT recipient FROM inbox WHERE state = 'waiting' GROUP BY recipient ORDER BY min(id)"
    )
    return [str(row[0]) for row in rows]


def first(recipient: str) -> Callable[[sqlite3.Connection], InboxMessage | None]:
    """Find the oldest pending message of a recipient."""

    def order(connection: sqlite3.Connection) -> InboxMessage | None:
        row = connection.execute(
            f"{_WAITING} AND recipient = ? ORDER BY id LIMIT 1", (recipient,)
        ).fetchone()
        return InboxMessage(*row) if row else None

    return order


def queue(most: int) -> Callable[[sqlite3.Connection], tuple[int, list[InboxMessage]]]:
    """Find how many messages are pending, and the oldest of them."""

    def order(connection: sqlite3.Connection) -> tuple[int, list[InboxMessage]]:
        (number,) = connection.execute(
            "SELECT count(*) FROM inbox WHERE state = 'waiting'"
        ).fetchone()
        rows = connection.execute(f"{_WAITING} ORDER BY id LIMIT ?", (most,))
        return number, [InboxMessage(*row) for row in rows]

    return order


def delivered(number: int, now: float, *, archive: bool) -> _Order:
    """Note that a message was delivered.

    Its text is deleted, and the whole row if there is no ID to recognize a repetition by. An
    archive keeps both as long as the provider's message IDs.
    """

    def order(connection: sqlite3.Connection) -> None:
        if not archive:
            connection.execute("DELETE FROM inbox WHERE id = ? AND provider_id IS NULL", (number,))
        connection.execute(
            "UPDATE inbox SET state = 'delivered', ended = ?, reason = '',"
            " body = CASE WHEN ? THEN body END WHERE id = ?",
            (now, archive, number),
        )

    return order


def failed(number: int, reason: str) -> _Order:
    """Note that an attempt failed."""

    def order(connection: sqlite3.Connection) -> None:
        connection.execute(
            "UPDATE inbox SET attempts = attempts + 1, reason = ? WHERE id = ?", (reason, number)
        )

    return order


def expire(now: float) -> Callable[[sqlite3.Connection], list[InboxMessage]]:
    """Expire messages, and forget those that ended long ago; return the expired ones."""

    def order(connection: sqlite3.Connection) -> list[InboxMessage]:
        rows = connection.execute(f"{_WAITING} AND expires <= ?", (now,)).fetchall()
        connection.execute(
            "UPDATE inbox SET state = 'expired', ended = ?, body = NULL"
            " WHERE state = 'waiting' AND expires <= ?",
            (now, now),
        )
        connection.execute("DELETE FROM inbox WHERE ended < ?", (now - REMEMBER_SECONDS,))
        return [InboxMessage(*row) for row in rows]

    return order
