"""The inbox on disk."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from pbx.core.async_store import AsyncStore
from pbx.websms.incoming import inbox
from pbx.websms.incoming.inbox import REMEMBER_SECONDS, IncomingSms

Run = Callable[[Callable[[AsyncStore], Coroutine[Any, Any, Any]]], Any]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs something with the database, which is opened for it."""

    def run(work: Callable[[AsyncStore], Coroutine[Any, Any, Any]]) -> Any:
        async def main() -> Any:
            database = AsyncStore(tmp_path / "websms.db", [inbox.SCHEMA], print)
            database.open()
            try:
                return await work(database)
            finally:
                await database.close()

        return asyncio.run(main())

    return run


def message(number: str | None = None, to: str = "+12025550160", through: str = "") -> IncomingSms:
    return IncomingSms(through, to, "+12025550183", f"text {number}", number)


def test_inbox_recognizes_a_provider_id_for_thirty_days_in_each_interface(run: Run) -> None:
    async def work(database: AsyncStore) -> None:
        added = [message("7"), message("7"), message("7", through="b"), message(), message()]
        results = await asyncio.gather(*(database.run(inbox.add(x, 0, 9)) for x in added))
        assert results == [True, False, True, True, True]
        await database.run(inbox.delivered(1, 5, archive=False))
        assert not await database.run(inbox.add(message("7"), 6, 9))
        # … for thirty days.
        await database.run(inbox.expire(5 + REMEMBER_SECONDS))
        assert not await database.run(inbox.add(message("7"), 7, 9))
        await database.run(inbox.expire(6 + REMEMBER_SECONDS))
        assert await database.run(inbox.add(message("7"), 8, 9))

    run(work)


def test_inbox_oldest_recipient_and_oldest_message_first(run: Run) -> None:
    async def work(database: AsyncStore) -> None:
        for to in ("+1202", "+1303", "+1202"):
            await database.run(inbox.add(message(to=to), 0, 9))
        assert await database.run(inbox.recipients) == ["+1202", "+1303"]
        first = await database.run(inbox.first("+1202"))
        assert first
        assert first.id == 1
        await database.run(inbox.failed(1, "no phone"))
        first = await database.run(inbox.first("+1202"))
        assert first
        assert (first.id, first.attempts, first.reason) == (1, 1, "no phone")
        await database.run(inbox.delivered(1, 1, archive=False))
        assert await database.run(inbox.recipients) == ["+1303", "+1202"]
        assert await database.run(inbox.first("+1404")) is None

    run(work)


@pytest.mark.parametrize("archive", [False, True])
def test_inbox_deletes_delivered_texts_unless_archived(
    run: Run, tmp_path: Path, archive: bool
) -> None:
    async def work(database: AsyncStore) -> None:
        for name in ("secret-1", None):
            await database.run(inbox.add(message(name), 0, 9))
        for number in (1, 2):
            await database.run(inbox.delivered(number, 1, archive=archive))

    run(work)
    with sqlite3.connect(tmp_path / "websms.db") as connection:
        rows = connection.execute("SELECT provider_id, body, state FROM inbox").fetchall()
    kept = [("secret-1", "text secret-1", "delivered"), (None, "text None", "delivered")]
    assert rows == (kept if archive else [("secret-1", None, "delivered")])
    assert (b"text secret" in (tmp_path / "websms.db").read_bytes()) == archive


def test_inbox_expire(run: Run) -> None:
    async def work(database: AsyncStore) -> None:
        await database.run(inbox.add(message("1"), 0, 9))
        await database.run(inbox.add(message("2"), 0, 10))
        (gone,) = await database.run(inbox.expire(9))
        assert (gone.id, gone.body) == (1, "text 1")
        assert await database.run(inbox.expire(9)) == []
        assert (await database.run(inbox.queue(9)))[0] == 1
        assert not await database.run(inbox.add(message("1"), 9, 99))

    run(work)


def test_inbox_ids_are_not_reused(run: Run) -> None:
    async def work(database: AsyncStore) -> None:
        await database.run(inbox.add(message(), 0, 9))
        await database.run(inbox.delivered(1, 1, archive=False))
        await database.run(inbox.add(message(), 0, 9))
        first = await database.run(inbox.first("+12025550160"))
        assert first
        assert first.id == 2

    run(work)
