"""The register, held against a plain dictionary."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st
from pbx.autoban.judgement.bounded_register import BoundedRegister


@dataclass
class Note:
    until: float
    rank: int = 0
    rest: tuple[float, ...] = ()


def following(note: Note) -> Note | None:
    """The next of a row of notes, each of which ends some seconds after the one before."""
    return Note(note.until + note.rest[0], note.rank, note.rest[1:]) if note.rest else None


def stands(note: Note, now: float) -> bool:
    return note.until + sum(note.rest) > now


seconds = st.integers(1, 20).map(float)
notes = st.builds(Note, seconds, st.integers(0, 9), st.lists(seconds, max_size=3).map(tuple))


@given(st.dictionaries(st.sampled_from("abcdef"), notes), st.lists(st.integers(0, 30), max_size=5))
def test_register_has_a_record_until_its_last_end(added: dict[str, Note], waits: list[int]) -> None:
    register = BoundedRegister[Note](100, lambda note: note.rank, following)
    for key, note in added.items():
        register.put(key, note)
    now = 0
    for wait in waits:
        now += wait
        for key, note in added.items():
            found = register.find(key, now)
            assert (found is not None) == stands(note, now)
            assert found is None or found.until > now
        assert {key for key, _ in register.items(now)} == {
            key for key, note in added.items() if stands(note, now)
        }


@given(st.integers(1, 40), st.lists(st.integers(0, 9), max_size=120))
def test_register_is_bounded_and_removes_the_least_important(limit: int, ranks: list[int]) -> None:
    register = BoundedRegister[Note](limit, lambda note: note.rank)
    for number, rank in enumerate(ranks):
        before = sorted(note.rank for note in register.values())
        register.put(str(number), Note(1, rank))
        after = sorted([note.rank for note in register.values()])
        assert len(register) <= limit
        assert str(number) in register
        if len(before) == limit:
            removed = max(1, limit // 16)
            assert after == sorted([*before[removed:], rank])


def test_register_replaces_a_record_without_removing_another() -> None:
    register = BoundedRegister[Note](2, lambda note: note.rank)
    for key in ("a", "b", "b", "a"):
        register.put(key, Note(1))
    assert sorted(key for key, _ in register.items(0)) == ["a", "b"]
    assert register.changes == 4
