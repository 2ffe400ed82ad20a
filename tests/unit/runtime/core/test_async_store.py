"""The durable store for asyncio: orders of many tasks, committed together."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from pbx.core.async_store import MOST_TOGETHER, AsyncStore
from pbx.core.log import ERROR, NOTICE
from pbx.core.store import DamagedError

from factory.waiting import wait_for

from .conftest import Said

VERSIONS = ["CREATE TABLE words (word TEXT NOT NULL) STRICT"]
Work = Callable[[AsyncStore], Coroutine[Any, Any, Any]]


@pytest.fixture
def run(tmp_path: Path, said: Said) -> Callable[[Work], Any]:
    """Runs something with the store, which is opened for it."""

    def run(work: Work) -> Any:
        async def main() -> Any:
            store = AsyncStore(tmp_path / "words.db", VERSIONS, said)
            store.open()
            try:
                return await work(store)
            finally:
                await store.close()

        return asyncio.run(main())

    return run


def add(word: str | None) -> Callable[[sqlite3.Connection], None]:
    def order(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO words VALUES (?)", (word,))

    return order


def words(connection: sqlite3.Connection) -> list[str]:
    return [word for (word,) in connection.execute("SELECT word FROM words ORDER BY rowid")]


def test_async_store_runs_orders_in_their_order(run: Callable[[Work], Any]) -> None:
    expected = [str(number) for number in range(2 * MOST_TOGETHER + 1)]

    async def keep(store: AsyncStore) -> None:
        await asyncio.gather(*(store.run(add(word)) for word in expected))

    run(keep)
    assert run(lambda store: store.run(words)) == expected


def test_async_store_does_what_was_ordered_before_it_is_closed(run: Callable[[Work], Any]) -> None:
    orders: list[asyncio.Task[None]] = []

    async def keep(store: AsyncStore) -> None:
        orders.extend(asyncio.create_task(store.run(add("a"))) for _ in range(10))
        await asyncio.sleep(0)  # the tasks begin

    run(keep)
    assert run(lambda store: store.run(words)) == ["a"] * 10


def test_async_store_insists_until_it_is_done_and_says_it_once(
    run: Callable[[Work], Any], said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pbx.core.async_store.RETRY_SECONDS", 0)
    failures = iter([True, True, True, False])

    def order(connection: sqlite3.Connection) -> str:
        add(None if next(failures) else "done")(connection)
        return "done"

    assert run(lambda store: store.insist(order)) == "done"
    assert [level for level, _ in said] == [ERROR, NOTICE]


def test_async_store_does_not_insist_on_a_damaged_file(run: Callable[[Work], Any]) -> None:
    def order(_: sqlite3.Connection) -> None:
        error = sqlite3.DatabaseError("database disk image is malformed")
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT_VTAB
        raise error

    with pytest.raises(DamagedError):
        run(lambda store: store.insist(order))


def test_async_store_empties_its_log_soon(
    run: Callable[[Work], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pbx.core.async_store.SCRUB_SECONDS", 0.01)
    log = tmp_path / "words.db-wal"

    async def work(store: AsyncStore) -> None:
        await store.run(add("a"))
        await asyncio.to_thread(
            wait_for, lambda: log.stat().st_size == 0, seconds=10, otherwise="the log is not empty"
        )

    run(work)
