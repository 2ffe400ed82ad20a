"""Results as JSON, the folder with all of them, and which of them compare."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.figure import Figure
from bench.history import load_history, save
from bench.machine import Machine
from bench.record import (
    Record,
    RecordError,
    comparable,
    from_json,
    last_before,
    to_json,
)

HERE = Machine("A processor", 2)
RECORD = Record(
    "2026-01-02T03:04:05Z",
    "0123456789abcdef",
    HERE,
    "mlan/asterisk:full",
    0.5,
    False,
    {"calls": (Figure("calls a second", "/s", 50, 100, "higher"),)},
)

numbers = st.floats(0, allow_nan=False)
figures = st.builds(
    Figure,
    name=st.text(),
    unit=st.text(max_size=5),
    ours=numbers,
    peer=st.none() | numbers,
    better=st.sampled_from(("lower", "higher")),
    goal=st.none() | numbers,
    noise=st.floats(0, 1),
)
records = st.builds(
    Record,
    time=st.datetimes().map(lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%SZ")),
    commit=st.sampled_from(("", "0123456789abcdef", "0123456789abcdef-dirty")),
    machine=st.builds(Machine, st.text(), st.integers(1, 512)),
    image=st.text(),
    load=st.floats(0, 1e4),
    quick=st.booleans(),
    figures=st.dictionaries(st.text(), st.lists(figures, max_size=3).map(tuple), max_size=3),
)


@given(records)
def test_record_round_trip(record: Record) -> None:
    text = to_json(record)
    assert from_json(text) == record
    json.loads(text, parse_constant=pytest.fail)  # NaN and the infinities are not JSON


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "3",
        '{"form": 1}',
        to_json(RECORD).replace('"form": 1', '"form": 2'),
        to_json(RECORD).replace('"ours"', '"mine"'),
        to_json(RECORD)[:-9],
    ],
)
def test_record_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(RecordError):
        from_json(text)


def test_history_keeps_a_file_for_each_run(tmp_path: Path) -> None:
    folder = tmp_path / "bench"
    warnings: list[str] = []
    assert load_history(folder, warnings.append) == []
    path = save(folder, RECORD)
    with pytest.raises(FileExistsError):
        save(folder, replace(RECORD, quick=True))
    later = replace(RECORD, time="2026-01-03T00:00:00Z")
    save(folder, later)
    (folder / "other.json").write_text("{}")
    (folder / "binary.json").write_bytes(b"\xff\xfe")
    assert load_history(folder, warnings.append) == [RECORD, later]
    assert len(warnings) == 2
    assert from_json(path.read_text()) == RECORD


def test_comparable_are_runs_of_the_same_kind() -> None:
    before = replace(RECORD, time="2026-01-01T00:00:00Z")
    earliest = replace(RECORD, time="2025-01-01T00:00:00Z")
    others = [
        RECORD,
        replace(before, machine=Machine("A processor", 4)),
        replace(before, machine=Machine("Another", 2)),
        replace(before, quick=True),
        replace(before, time="2026-02-01T00:00:00Z"),
    ]
    assert comparable(RECORD, [*others, before, earliest]) == [earliest, before]


def test_last_before_is_the_last_run_with_the_figure() -> None:
    old = replace(RECORD, figures={"calls": (Figure("calls a second", "/s", 10, 20, "higher"),)})
    new = replace(RECORD, figures={"sizes": (Figure("full", "MB", 1, 2, "lower"),)})
    found = last_before([old, RECORD, new], "calls", "calls a second")
    assert found == RECORD.figures["calls"][0]
    assert last_before([old, new], "calls", "another") is None
    assert last_before([old, new], "start", "calls a second") is None
