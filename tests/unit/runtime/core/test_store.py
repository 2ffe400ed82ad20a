"""The durable store: versions, damage, privacy, and orders that are done or not done at all."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pbx.core.log import ERROR
from pbx.core.store import ASIDE_KEPT, DamagedError, Store, StoreError

from .conftest import Said

TABLE = "CREATE TABLE IF NOT EXISTS words (word TEXT NOT NULL) STRICT"
VERSIONS = [TABLE]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "words.db"


@pytest.fixture
def store(path: Path, said: Said) -> Iterator[Store]:
    store = Store(path, VERSIONS, said)
    store.open()
    yield store
    store.close()


def add(word: str) -> Callable[[sqlite3.Connection], None]:
    def order(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO words VALUES (?)", (word,))

    return order


def words(connection: sqlite3.Connection) -> list[str]:
    return [word for (word,) in connection.execute("SELECT word FROM words ORDER BY rowid")]


def stored(path: Path, versions: list[str] | None = None) -> list[str]:
    """What a store holds that is opened anew."""
    store = Store(path, versions or VERSIONS, print)
    store.open()
    try:
        return store.run(words)
    finally:
        store.close()


@given(st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"])))))
def test_store_returns_what_was_stored_in_order_after_reopening(batches: list[list[str]]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "words.db")
        for batch in batches:
            store = Store(path, VERSIONS, print)
            store.open()
            store.run_together([add(word) for word in batch])
            store.close()
        assert stored(path) == list(itertools.chain(*batches))


def test_store_changes_nothing_when_an_order_fails(store: Store) -> None:
    def wrong(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO words VALUES (NULL)")

    def broken(_: sqlite3.Connection) -> None:
        raise LookupError

    for bad, error in ((wrong, StoreError), (broken, LookupError)):
        with pytest.raises(error):
            store.run_together([add("a"), bad])
    store.run(add("b"))
    assert store.run(words) == ["b"]


def test_store_says_when_the_disk_is_full_and_works_again_with_room(store: Store) -> None:
    def limit(pages: int) -> Callable[[sqlite3.Connection], object]:
        return lambda connection: connection.execute(f"PRAGMA max_page_count = {pages}").fetchone()

    store.run(limit(1))
    with pytest.raises(StoreError, match="full"):
        store.run(add("x" * 100_000))
    store.run(limit(1000))
    store.run(add("y"))
    assert store.run(words) == ["y"]


def test_store_is_shared_by_programs(store: Store, path: Path) -> None:
    store.run(add("a"))
    assert stored(path) == ["a"]
    store.run(add("b"))
    assert stored(path) == ["a", "b"]


def test_store_versions_are_applied_once_and_in_order(path: Path) -> None:
    old = sqlite3.connect(path)  # as an image made it that knew no versions
    old.execute(TABLE)
    old.execute("INSERT INTO words VALUES ('old')")
    old.commit()
    old.close()
    more = [TABLE, "INSERT INTO words VALUES ('2')", "INSERT INTO words VALUES ('3')"]
    assert stored(path, more[:2]) == ["old", "2"]
    assert stored(path, more) == stored(path, more) == ["old", "2", "3"]


def test_store_version_that_fails_leaves_the_one_before(path: Path) -> None:
    assert stored(path) == []
    with pytest.raises(StoreError, match="no such table: absent"):
        stored(path, [TABLE, "INSERT INTO words VALUES ('2'); INSERT INTO absent VALUES (1)"])
    assert stored(path) == []


def test_store_of_a_newer_image_is_refused_and_left(path: Path, said: Said) -> None:
    stored(path, [TABLE, "INSERT INTO words VALUES ('new')"])
    before = path.read_bytes()
    with pytest.raises(StoreError, match="is of version 2, this image knows 1"):
        Store(path, VERSIONS, said).open()
    assert path.read_bytes() == before
    assert said == []


def test_store_sets_a_damaged_file_aside_and_says_it_once(path: Path, said: Said) -> None:
    for number in range(1, ASIDE_KEPT + 2):
        content = f"no database {number}".encode() * 100
        path.write_bytes(content)
        store = Store(path, VERSIONS, said)
        store.open()
        store.run(add("after"))
        store.close()
        aside = path.with_name(f"words.db.damaged-{min(number, ASIDE_KEPT)}")
        assert aside.read_bytes() == content
        assert aside.stat().st_mode & 0o777 == 0o600
        assert stored(path) == ["after"]
        ((level, line),) = said
        assert (level, aside.name in line, str(path) in line) == (ERROR, True, True)
        said.clear()


def damage(path: Path) -> None:
    """Overwrite the middle of a database with rows in it."""
    store = Store(path, VERSIONS, print)
    store.open()
    store.run_together([add(f"{n:0100}") for n in range(1000)])
    store.close()
    content = bytearray(path.read_bytes())
    content[4096 : 3 * 4096] = b"\xff" * 2 * 4096
    path.write_bytes(content)


def test_store_finds_damage_inside_a_file_when_it_is_opened(path: Path, said: Said) -> None:
    damage(path)
    store = Store(path, VERSIONS, said)
    store.open()
    assert store.run(words) == []
    store.close()
    assert ["is damaged" in line for _, line in said] == [True]


def test_store_that_is_damaged_while_open_says_so(store: Store, path: Path) -> None:
    store.run_together([add(f"{n:0100}") for n in range(1000)])
    assert store.scrub()
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 2 * 4096)
    store._connection.execute("PRAGMA cache_size = 0")
    store._connection.execute("PRAGMA shrink_memory")
    with pytest.raises(DamagedError):
        store.run(words)


def test_store_removes_what_is_deleted_from_file_and_log(store: Store, path: Path) -> None:
    def delete(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM words")

    def on_disk() -> bytes:
        return b"".join(file.read_bytes() for file in path.parent.iterdir())

    store.run(add("a secret"))
    assert b"a secret" in on_disk()
    store.run(delete)
    assert store.scrub()
    assert b"a secret" not in on_disk()


def test_store_does_not_wait_for_readers_to_scrub(store: Store, path: Path) -> None:
    store.run(add("a"))
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM words").fetchall()
    store.run(add("b"))
    assert not store.scrub()
    reader.close()
    assert store.scrub()


def test_store_files_are_for_their_owner_alone(path: Path) -> None:
    path.parent.chmod(0o755)
    old = sqlite3.connect(path)  # as an earlier version made them
    old.execute("PRAGMA journal_mode = WAL")
    old.execute(TABLE)
    for file in path.parent.iterdir():
        file.chmod(0o644)
    store = Store(path, VERSIONS, print)
    store.open()
    store.run(add("a"))
    modes = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
    store.close()
    old.close()
    names = (path.name, f"{path.name}-wal", f"{path.name}-shm")
    assert modes == dict.fromkeys(names, 0o600)


@pytest.mark.parametrize("make", [Path.mkdir, lambda path: path.symlink_to(path / "none" / "x")])
def test_store_says_what_it_cannot_open(path: Path, make: Callable[[Path], None]) -> None:
    make(path)
    with pytest.raises(StoreError, match=str(path)):
        Store(path, VERSIONS, print).open()
    with pytest.raises(StoreError, match="No such file"):
        Store(path.parent / "none" / "x.db", VERSIONS, print).open()
