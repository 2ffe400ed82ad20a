"""The durable store for asyncio: one thread writes, and commits many orders together.

A commit takes the disk some milliseconds. So all orders that have come meanwhile are committed
together (group commit).
"""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, TypeVar

from pbx.core.log import ERROR, NOTICE
from pbx.core.store import DamagedError, Order, Store, StoreError

MOST_TOGETHER = 500
"""Orders in one commit: limits how long the first of them waits."""
SCRUB_SECONDS = 1.0
"""How long something deleted may stay in the log."""
RETRY_SECONDS = 1.0

_Result = TypeVar("_Result")
_Job = tuple[Order[Any], asyncio.Future[Any]]


class AsyncStore:
    """A store; see pbx.core.store for the arguments."""

    def __init__(
        self, path: Path, versions: Sequence[str], say: Callable[[int, str], None]
    ) -> None:
        self._store = Store(path, versions, say)
        self._say = say
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._thread = Thread(target=self._work, name="store", daemon=True)
        self._trouble = ""

    def open(self) -> None:
        """Open the file, as Store.open does.

        Raises:
            StoreError: it cannot be opened.
        """
        self._store.open()
        self._thread.start()

    async def run(self, order: Callable[[sqlite3.Connection], _Result]) -> _Result:
        """Run an order in a transaction, perhaps together with others; return what it returns.

        Args:
            order: Runs in the thread.

        Raises:
            StoreError: it could not be done, and nothing has changed.
        """
        future: asyncio.Future[_Result] = asyncio.get_running_loop().create_future()
        self._jobs.put((order, future))
        return await future

    async def insist(self, order: Callable[[sqlite3.Connection], _Result]) -> _Result:
        """Run an order, and retry until it is done: the disk may have room again.

        The trouble is logged once, and so is its end.

        Raises:
            DamagedError: only a restart helps, which sets the file aside.
        """
        while True:
            try:
                result = await self.run(order)
            except DamagedError:
                raise
            except StoreError as error:
                if self._trouble != str(error):
                    self._trouble = str(error)
                    self._say(ERROR, f"waits for the database: {error}")
                await asyncio.sleep(RETRY_SECONDS)
            else:
                if self._trouble:
                    self._trouble = ""
                    self._say(NOTICE, "the database works again")
                return result

    async def close(self) -> None:
        """Close the file when all orders are done."""
        self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)
        self._store.close()

    def _work(self) -> None:
        scrub_at: float | None = None
        while True:
            left = None if scrub_at is None else scrub_at - time.monotonic()
            if left is not None and left <= 0:
                scrub_at = None if self._store.scrub() else time.monotonic() + SCRUB_SECONDS
                continue
            try:
                job = self._jobs.get(timeout=left)
            except Empty:
                continue
            if job is None:
                return
            self._commit(self._batch(job))
            scrub_at = scrub_at or time.monotonic() + SCRUB_SECONDS

    def _batch(self, first: _Job) -> list[_Job]:
        batch = [first]
        while len(batch) < MOST_TOGETHER and not self._jobs.empty():
            following = self._jobs.get()
            if following is None:
                self._jobs.put(None)  # nothing comes after it
                break
            batch.append(following)
        return batch

    def _commit(self, batch: Sequence[_Job]) -> None:
        outcome: list[Any] | Exception
        try:
            outcome = self._store.run_together([order for order, _ in batch])
        except Exception as error:  # noqa: BLE001 - is told to all who wait
            outcome = error
        with suppress(RuntimeError):  # the loop has ended: nobody waits any more
            batch[0][1].get_loop().call_soon_threadsafe(_tell, batch, outcome)


def _tell(batch: Sequence[_Job], outcome: list[Any] | Exception) -> None:
    for number, (_, future) in enumerate(batch):
        if future.done():
            continue  # given up meanwhile
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome[number])
