"""What survives a restart, and a file that is not ours."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pbx.autoban.judgement.addresses import parse_span
from pbx.autoban.judgement.offenders import Entry, Stage
from pbx.autoban.state import State, StateError, read_state
from pbx.autoban.store import Store

ENTRY = Entry("192.0.2.1", Stage.JAIL, 1000.5, 110, 1200, "ChallengeResponseFailed")
STATE = State(
    (ENTRY, Entry("2001:db8::/64", Stage.WATCH, 3, 10, 0, "FailedACL")),
    (("192.0.2.7", 3000.0),),
    (parse_span("10.0.0.0/8"),),
    (parse_span("192.0.2.1-192.0.2.9"),),
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
    return tmp_path / "autoban.nft"


@pytest.fixture
def store(path: Path, clock: Clock) -> Store:
    return Store(path, clock)


def test_what_is_written_can_be_read() -> None:
    assert read_state(STATE.to_text()) == STATE


@given(st.text())
def test_any_text_is_a_state_or_refused(text: str) -> None:
    with pytest.raises(StateError):
        read_state(text)


@pytest.mark.parametrize(
    "text",
    [
        "null",
        "{}",
        '{"version": 2}',
        STATE.to_text()[:-9],
        STATE.to_text().replace("jail", "gaol"),
        STATE.to_text().replace("192.0.2.1", "here"),
        STATE.to_text().replace("1000.5", '"x"'),
        STATE.to_text().replace("1000.5", "NaN"),
        "table inet autoban { set jail { type ipv4_addr; } }",
        "[" * 100_000,
        STATE.to_text().replace("[\n1\n]", "[2]"),
    ],
)
def test_a_damaged_state_is_refused(text: str) -> None:
    with pytest.raises(StateError):
        read_state(text)


def test_without_a_file_nobody_is_known(store: Store) -> None:
    assert store.load() == State()


def test_what_is_kept_is_loaded_with_the_time_that_was_left(
    store: Store, path: Path, clock: Clock
) -> None:
    store.keep(STATE, changed=True)
    clock.now += 100  # stopped in between: nobody has said that time passed
    assert Store(path, clock).load() == STATE


def test_time_that_passed_without_a_change_is_known_without_writing(
    store: Store, path: Path, clock: Clock
) -> None:
    store.keep(STATE, changed=True)
    inode = path.stat().st_ino
    clock.now += 400.25
    store.keep(State(), changed=False)
    assert path.stat().st_ino == inode
    loaded = Store(path, clock).load()
    assert loaded.offenders[0].left == pytest.approx(600.25)
    assert loaded.offenders[1].left == pytest.approx(-397.25)  # that was over
    assert loaded.phones[0][1] == pytest.approx(2599.75)
    assert loaded.white == STATE.white


def test_a_new_writing_begins_anew(store: Store, path: Path, clock: Clock) -> None:
    store.keep(STATE, changed=True)
    clock.now += 10
    store.keep(STATE, changed=False)
    store.keep(STATE, changed=True)
    assert Store(path, clock).load() == STATE


def test_a_copy_with_a_time_of_its_own_counts_as_written_just_now(
    store: Store, path: Path, clock: Clock
) -> None:
    store.keep(STATE, changed=True)
    os.utime(path)
    assert Store(path, clock).load() == STATE


def test_a_file_of_somebody_else_is_set_aside(store: Store, path: Path) -> None:
    path.write_text("table inet autoban {}")
    with pytest.raises(StateError, match=r"set aside as autoban\.nft\.unread"):
        store.load()
    assert path.with_name("autoban.nft.unread").read_text() == "table inet autoban {}"
    store.keep(STATE, changed=False)
    assert store.load() == STATE


def test_what_cannot_be_written_leaves_the_old(store: Store, path: Path) -> None:
    store.keep(STATE, changed=True)
    path.with_name(".autoban.nft.new").mkdir()
    with pytest.raises(OSError, match=r"autoban\.nft\.new"):
        store.keep(State(), changed=True)
    assert store.load() == STATE


def test_a_file_that_somebody_removed_is_written_again(store: Store, path: Path) -> None:
    store.keep(STATE, changed=True)
    path.unlink()
    store.keep(STATE, changed=False)
    assert store.load() == STATE
