"""The state in the durable store, and over restarts."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pbx.autoban.judgement.addresses import parse_span
from pbx.autoban.judgement.offenders import BanStage, Offender
from pbx.autoban.judgement.suspects import Suspect
from pbx.autoban.state import BanState
from pbx.autoban.store import BanStore
from pbx.core.store import StoreError

STATE = BanState(
    (
        Offender("192.0.2.1", BanStage.JAIL, 1000.5, 110, 1200, "ChallengeResponseFailed"),
        Offender("2001:db8::/64", BanStage.WATCH, 3, 10, 0, "FailedACL"),
    ),
    (("192.0.2.7", 3000.0),),
    (parse_span("10.0.0.0/8"),),
    (parse_span("192.0.2.1-192.0.2.9"),),
    (Suspect("192.0.2.8", True, 500.0, 120, "InvalidAccountID"),),
)


class Clock:
    def __init__(self) -> None:
        self.now = 5.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "autoban.db"


@pytest.fixture
def said() -> list[str]:
    return []


Open = Callable[[], BanStore]


@pytest.fixture
def open_store(path: Path, clock: Clock, said: list[str]) -> Iterator[Open]:
    """Opens the store as another start of the program does."""
    stores: list[BanStore] = []

    def open_it() -> BanStore:
        stores.append(BanStore(path, lambda _, line: said.append(line), clock))
        return stores[-1]

    yield open_it
    for store in stores:
        store.close()


def change(path: Path, statement: str, *values: object) -> None:
    db = sqlite3.connect(path, isolation_level=None)
    db.execute(statement, values)
    db.close()


def test_store_has_the_time_that_passed_without_a_change(open_store: Open, clock: Clock) -> None:
    store = open_store()
    store.save(STATE, changed=True)
    clock.now += 400.25
    store.save(STATE.after(400.25), changed=False)
    clock.now += 100  # stopped in between: that time does not count
    loaded = open_store().load()
    assert [one.left for one in loaded.offenders] == pytest.approx([600.25, -397.25])
    assert loaded.phones[0][1] == pytest.approx(2599.75)
    assert loaded.suspects[0].left == pytest.approx(99.75)
    assert loaded.white == STATE.white
    clock.now += 10
    store.save(STATE, changed=True)
    assert open_store().load() == STATE


keys = st.ip_addresses().map(str)
times = st.floats(-1e6, 1e6)
offenders = st.builds(
    Offender, keys, st.sampled_from(BanStage), times, st.integers(0, 10**6), times, st.text()
)
suspects = st.builds(Suspect, keys, st.booleans(), times, st.integers(0, 10**6), st.text())
states = st.builds(
    BanState,
    st.lists(offenders, unique_by=lambda one: one.key, max_size=4).map(tuple),
    st.lists(st.tuples(keys, times), unique_by=lambda one: one[0], max_size=4).map(tuple),
    st.lists(keys.map(parse_span), max_size=4).map(tuple),
    st.lists(keys.map(parse_span), max_size=4).map(tuple),
    st.lists(suspects, unique_by=lambda one: one.key, max_size=4).map(tuple),
)


def in_any_order(state: BanState) -> list[list[object]]:
    parts = (state.offenders, state.phones, state.white, state.black, state.suspects)
    return [sorted(part, key=repr) for part in parts]


@given(st.lists(states, min_size=1, max_size=3))
def test_store_has_what_was_saved_last(
    tmp_path_factory: pytest.TempPathFactory, saved: list[BanState]
) -> None:
    path = tmp_path_factory.mktemp("state") / "autoban.db"
    store = BanStore(path, lambda *_: None, lambda: 0.0)
    for state in saved:
        store.save(state, changed=True)
    assert in_any_order(store.load()) == in_any_order(saved[-1])
    store.close()


@pytest.mark.parametrize("passed", [-1e300, "x", -5])
def test_store_ignores_an_impossible_time(open_store: Open, path: Path, passed: object) -> None:
    open_store().save(STATE, changed=True)
    change(path, "UPDATE passed SET seconds = ?", passed)
    assert open_store().load() == STATE


def test_store_clamps_a_time_that_is_too_long(open_store: Open, path: Path) -> None:
    open_store().save(STATE, changed=True)
    change(path, "UPDATE offenders SET remaining = 9e999 WHERE key = '192.0.2.1'")
    change(path, "UPDATE phones SET remaining = 1e30")
    loaded = open_store().load()
    assert [one.key for one in loaded.offenders] == ["2001:db8::/64"]  # infinity is no time
    assert loaded.phones[0][1] == 3650 * 86400


def test_store_leaves_out_invalid_rows_and_logs_it_once(
    open_store: Open, path: Path, said: list[str]
) -> None:
    open_store().save(STATE, changed=True)
    change(path, "UPDATE offenders SET stage = 'gaol' WHERE key = '192.0.2.1'")
    change(path, "UPDATE suspects SET key = 'here'")
    loaded = open_store().load()
    assert [one.key for one in loaded.offenders] == ["2001:db8::/64"]
    assert loaded.suspects == ()
    assert said == [f"{path}: 2 invalid rows are left out"]


def test_store_that_cannot_be_written_is_retried(open_store: Open, path: Path) -> None:
    path.mkdir()
    store = open_store()
    with pytest.raises(StoreError):
        store.save(STATE, changed=False)
    path.rmdir()
    store.save(STATE, changed=False)
    assert open_store().load() == STATE
