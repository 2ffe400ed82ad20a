"""The durable store: one SQLite file, which belongs to the user that the program runs as.

When an order has returned, its effect is on disk, also if the power fails: the write-ahead log is
synchronised at each commit. Nobody else can read the file. What is deleted is overwritten, and is
not in the log any more after `scrub` or `close`.

A damaged file is set aside when the store is opened. That is logged once, and the program
continues with an empty store.

Several programs may have the same store open, and several threads may use one `Store`. Programs
that run on asyncio use pbx.core.async_store.
"""

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

from pbx.core.log import ERROR

ASIDE_KEPT = 3
"""Damaged files that are kept; the last one is replaced by the next."""

_Result = TypeVar("_Result")
Order = Callable[[sqlite3.Connection], _Result]
"""What runs in a transaction. It gets the connection; it neither begins nor ends a transaction."""

_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA secure_delete = ON",
    "PRAGMA journal_size_limit = 4194304",
)
_BUSY_MILLISECONDS = 5000
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class StoreError(Exception):
    """The store did not do it, and nothing has changed; the text says why."""


class DamagedError(StoreError):
    """The file is damaged; opening the store again sets it aside."""


class Store:
    """A store.

    Args:
        path: Of the file. Its folder must exist.
        versions: SQL scripts. The first one makes the tables, each later one changes those of the
            version before it. The file knows its version (`user_version`), which is 0 in a file
            that was not made by a Store: the first script must bear tables that exist.
        say: Called with a level of pbx.core.log and a line.
    """

    def __init__(
        self, path: Path, versions: Sequence[str], say: Callable[[int, str], None]
    ) -> None:
        self._path = path
        self._versions = versions
        self._say = say
        self._lock = Lock()

    def open(self) -> None:
        """Open the file; make it if it does not exist, set it aside if it is damaged.

        Raises:
            StoreError: it cannot be opened or written, or a newer image has made it.
        """
        try:
            with _alone_in(self._path.parent):  # two programs would set aside each other's file
                try:
                    self._connection = self._connect()
                except DamagedError as error:
                    aside = _set_aside(self._path)
                    self._say(ERROR, f"{error}; set aside as {aside.name}, going on without it")
                    self._connection = self._connect()
        except OSError as error:
            raise StoreError(f"{self._path}: {error.strerror}") from error

    def run(self, order: Order[_Result]) -> _Result:
        """Run an order in a transaction; return what it returns.

        Raises:
            StoreError: it could not be done, and nothing has changed. Errors of the order itself
                come as they are; likewise, nothing has changed.
        """
        (result,) = self.run_together([order])
        return result  # type: ignore[no-any-return]

    def run_together(self, orders: Sequence[Order[Any]]) -> list[Any]:
        """Run orders in one transaction: all of them, or none.

        Raises:
            StoreError: as in `run`.
        """
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                results = [order(self._connection) for order in orders]
                self._connection.execute("COMMIT")
            except BaseException as error:
                with suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
                if isinstance(error, sqlite3.Error):
                    raise self._explain(error) from error
                raise
        return results

    def scrub(self) -> bool:
        """Empty the log, so that nothing deleted is in it; return whether that was possible.

        It is not while another program reads, or if the disk is full.
        """
        with self._lock, suppress(sqlite3.Error):
            self._connection.execute("PRAGMA busy_timeout = 0")  # readers are not waited for
            (busy, _, _) = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            self._connection.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")
            return not busy
        return False

    def close(self) -> None:
        """Close the file. The last program that does it removes the log."""
        self._connection.close()

    def _connect(self) -> sqlite3.Connection:
        _make_private(self._path)
        connection = sqlite3.connect(
            self._path,
            timeout=_BUSY_MILLISECONDS / 1000,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            for pragma in _PRAGMAS:
                connection.execute(pragma)
            (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            if found != "ok":
                raise DamagedError(f"{self._path} is damaged: {' '.join(found.split())}")
            self._bring_up_to_date(connection)
        except BaseException as error:
            connection.close()
            if isinstance(error, sqlite3.Error):
                raise self._explain(error) from error
            raise
        return connection

    def _bring_up_to_date(self, connection: sqlite3.Connection) -> None:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > len(self._versions):
            raise StoreError(
                f"{self._path} is of version {version}, this image knows {len(self._versions)}: "
                "use the newer image, or move the file away"
            )
        for number, script in enumerate(self._versions[version:], version + 1):
            connection.executescript(
                f"BEGIN IMMEDIATE; {script}; PRAGMA user_version = {number}; COMMIT"
            )

    def _explain(self, error: sqlite3.Error) -> StoreError:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGE:
            return DamagedError(f"{self._path} is damaged: {error}")
        return StoreError(f"{self._path}: {error}")


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Wait until no other program opens a store of that folder."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _set_aside(path: Path) -> Path:
    """Rename a damaged file and its log; return the new name of the file."""
    names = [path.with_name(f"{path.name}.damaged-{n}") for n in range(1, ASIDE_KEPT + 1)]
    aside = next((name for name in names if not name.exists()), names[-1])
    for suffix in ("-wal", "-shm", ""):
        with suppress(FileNotFoundError):
            path.with_name(path.name + suffix).replace(aside.with_name(aside.name + suffix))
    return aside


def _make_private(path: Path) -> None:
    """Make a file and its logs readable for their owner alone, whatever their folder allows.

    SQLite gives its logs the mode of the file.

    Raises:
        OSError: it cannot be made.
    """
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    for file in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        with suppress(FileNotFoundError, PermissionError):  # another owner's: only he may do it
            file.chmod(0o600)
