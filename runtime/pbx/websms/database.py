"""What is kept on disk: SQLite, written by one thread, many orders to a transaction.

Whoever waits for an order to return may rely on its effect, also if the power goes: the journal
is a write-ahead log that is synchronised at each commit. Since that takes the disk some
milliseconds, all that has come meanwhile is committed together (group commit).
"""

import asyncio
import os
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar

MOST_TOGETHER = 500
"""Orders to a transaction: bounds how long the first of them waits."""

_Result = TypeVar("_Result")
_Order = tuple[Callable[[sqlite3.Connection], Any], asyncio.Future[Any]]
_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA secure_delete = ON",  # a text that is deleted is not left on the disk
    "PRAGMA journal_size_limit = 4194304",
)


class DatabaseError(Exception):
    """The database did not do it, and nothing has changed; the text says why."""


class Database:
    """A database file.

    Args:
        path: Of the file.
        schemas: Statements that make tables which are not there yet.
    """

    def __init__(self, path: Path, schemas: Sequence[str]) -> None:
        self._path = path
        self._schemas = schemas
        self._orders: SimpleQueue[_Order | None] = SimpleQueue()
        self._thread = Thread(target=self._work, name="database", daemon=True)

    def open(self) -> None:
        """Open the file, and make it if it is not there.

        Raises:
            DatabaseError: it cannot be opened or written.
        """
        try:
            _make_private(self._path)
            self._connection = sqlite3.connect(
                self._path, isolation_level=None, check_same_thread=False
            )
            for statement in (*_PRAGMAS, *self._schemas):
                self._connection.executescript(statement)
        except sqlite3.Error as error:
            raise DatabaseError(f"{self._path}: {error}") from error
        except OSError as error:
            raise DatabaseError(f"{self._path}: {error.strerror}") from error
        self._thread.start()

    async def run(self, order: Callable[[sqlite3.Connection], _Result]) -> _Result:
        """Run an order in a transaction, perhaps together with others; return what it does.

        Args:
            order: Gets the connection, in the thread. It neither begins nor ends a transaction.

        Raises:
            DatabaseError: it could not be done, and nothing has changed.
        """
        future: asyncio.Future[_Result] = asyncio.get_running_loop().create_future()
        self._orders.put((order, future))
        return await future

    async def close(self) -> None:
        """End when all that was ordered is done."""
        self._orders.put(None)
        await asyncio.to_thread(self._thread.join)
        self._connection.close()

    def _work(self) -> None:
        while order := self._orders.get():
            batch: list[_Order] = [order]
            ended = False
            while len(batch) < MOST_TOGETHER and not self._orders.empty():
                following = self._orders.get()
                if following is None:
                    ended = True
                    break
                batch.append(following)
            outcome = self._commit(batch)
            with suppress(RuntimeError):  # the loop has ended: nobody waits any more
                batch[0][1].get_loop().call_soon_threadsafe(_tell, batch, outcome)
            if ended:
                return

    def _commit(self, batch: Sequence[_Order]) -> list[Any] | Exception:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            results = [order(self._connection) for order, _ in batch]
            self._connection.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 - is told to all who wait
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error):
                return DatabaseError(f"{self._path}: {error}")
            return error
        return results


def _make_private(path: Path) -> None:
    """Make a database and its logs readable for their owner alone, whatever their folder allows.

    SQLite gives its logs the mode of the database.

    Raises:
        OSError: it cannot be made.
    """
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    for file in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        with suppress(FileNotFoundError, PermissionError):  # somebody else's: that is his to do
            file.chmod(0o600)


def _tell(batch: Sequence[_Order], outcome: list[Any] | Exception) -> None:
    for number, (_, future) in enumerate(batch):
        if future.done():
            continue  # given up meanwhile
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome[number])
