"""Saves the state in the durable store; see pbx.core.store for damage and failures.

Rows are written when something has changed. Otherwise only the time that has passed since then is
written, by the monotonic clock, so that a jump of the machine's clock does no harm.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import TypeVar

from pbx.autoban.judgement.addresses import parse_span
from pbx.autoban.state import (
    BanState,
    checked_offender,
    checked_phone,
    checked_suspect,
    seconds,
)
from pbx.core.log import WARNING
from pbx.core.store import DamagedError, Store

VERSIONS = (
    """
    CREATE TABLE offenders (
        key TEXT PRIMARY KEY, stage TEXT NOT NULL, remaining REAL NOT NULL,
        points INTEGER NOT NULL, term REAL NOT NULL, kind TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE suspects (
        key TEXT PRIMARY KEY, slow INTEGER NOT NULL, remaining REAL NOT NULL,
        points INTEGER NOT NULL, kind TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE phones (key TEXT PRIMARY KEY, remaining REAL NOT NULL) WITHOUT ROWID;
    CREATE TABLE lists (list TEXT NOT NULL, span TEXT NOT NULL);
    CREATE TABLE passed (seconds REAL NOT NULL);
    INSERT INTO passed VALUES (0)
    """,
)
"""`remaining` is what was left when the rows were written; `passed`, what has passed since."""

_Value = TypeVar("_Value")


class BanStore:
    """A store with a state in it; several threads may use it.

    Args:
        path: Of the file.
        say: Called with a level of pbx.core.log and a line.
        clock: Returns seconds; never goes back.
    """

    def __init__(
        self, path: Path, say: Callable[[int, str], None], clock: Callable[[], float]
    ) -> None:
        self._path = path
        self._say = say
        self._clock = clock
        self._lock = Lock()
        self._store: Store | None = None
        self._is_written = False
        self._written = 0.0

    def load(self) -> BanState:
        """Return the state that was saved; an empty state in a new store.

        Raises:
            StoreError: it cannot be opened or read.
        """
        return self._run(self._read)

    def save(self, state: BanState, *, changed: bool) -> None:
        """Save a state: write it if it has changed, else only the time that has passed.

        Raises:
            StoreError: it cannot be written.
        """
        now = self._clock()
        with self._lock:
            if changed or not self._is_written:
                self._run(lambda db: _write(db, state))
                self._is_written = True
                self._written = now
            elif state.runs_out:
                passed = now - self._written
                self._run(lambda db: db.execute("UPDATE passed SET seconds = ?", (passed,)))

    def close(self) -> None:
        """Close the store."""
        if self._store:
            self._store.close()
            self._store = None

    def _run(self, order: Callable[[sqlite3.Connection], _Value]) -> _Value:
        if self._store is None:
            store = Store(self._path, VERSIONS, self._say)
            store.open()
            self._store = store
        try:
            return self._store.run(order)
        except DamagedError:
            self.close()  # the next call opens it again, which sets the damaged file aside
            self._is_written = False
            raise

    def _read(self, db: sqlite3.Connection) -> BanState:
        left_out: list[str] = []

        def rows(query: str, check: Callable[..., _Value]) -> Iterator[_Value]:
            for row in db.execute(query):
                try:
                    yield check(*row)
                except (ValueError, TypeError):
                    left_out.append(query)

        state = BanState(
            tuple(
                rows(
                    "SELECT key, stage, remaining, points, term, kind FROM offenders",
                    checked_offender,
                )
            ),
            tuple(rows("SELECT key, remaining FROM phones", checked_phone)),
            tuple(rows("SELECT span FROM lists WHERE list = 'whitelist'", parse_span)),
            tuple(rows("SELECT span FROM lists WHERE list = 'blacklist'", parse_span)),
            tuple(rows("SELECT key, slow, remaining, points, kind FROM suspects", checked_suspect)),
        )
        passed = 0.0
        with suppress(ValueError, TypeError):
            (value,) = db.execute("SELECT seconds FROM passed").fetchone()
            passed = max(0.0, seconds(value))
        if left_out:
            self._say(WARNING, f"{self._path}: {len(left_out)} invalid rows are left out")
        return state.after(passed)


def _write(db: sqlite3.Connection, state: BanState) -> None:
    for table in ("offenders", "suspects", "phones", "lists"):
        db.execute(f"DELETE FROM {table}")  # noqa: S608 # a name of ours
    db.executemany(
        "INSERT INTO offenders VALUES (?, ?, ?, ?, ?, ?)",
        ((x.key, x.stage.value, x.left, x.points, x.term, x.kind) for x in state.offenders),
    )
    db.executemany(
        "INSERT INTO suspects VALUES (?, ?, ?, ?, ?)",
        ((x.key, x.slow, x.left, x.points, x.kind) for x in state.suspects),
    )
    db.executemany("INSERT INTO phones VALUES (?, ?)", state.phones)
    lists = {"whitelist": state.white, "blacklist": state.black}
    db.executemany(
        "INSERT INTO lists VALUES (?, ?)",
        ((name, str(span)) for name, spans in lists.items() for span in spans),
    )
    db.execute("UPDATE passed SET seconds = 0")
