"""Results in tables: suites, files and tests from top to bottom, images from left to right."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from tests.report.results import CaseResult, Outcome

SYMBOLS: dict[Outcome, str] = {
    "skipped": "\N{EN DASH}",
    "passed": "✓",
    "flaky": "↻",
    "unfinished": "…",
    "failed": "✗",
}
"""The outcomes without colour; the later, the more it matters among others."""

_SUITES = ("unit", "image", "integration", "gate")
_OPEN_ROWS = 150
"""So many tests on images are shown at once; of more, only the files with failures."""


@dataclass(frozen=True)
class Tally:
    """What became of several tests."""

    results: tuple[CaseResult, ...]

    @cached_property
    def counts(self) -> Counter[Outcome]:
        """How many tests ended how."""
        return Counter(result.outcome for result in self.results)

    @property
    def outcome(self) -> Outcome:
        """The worst outcome; a skipped test counts only where none was run."""
        return max(self.counts, key=list(SYMBOLS).index)

    @property
    def seconds(self) -> float:
        """How long they took together."""
        return sum(result.seconds for result in self.results)


@dataclass(frozen=True)
class TableRow:
    """A test, or a file of tests: its results by column."""

    name: str
    cells: tuple[Tally | None, ...]
    tally: Tally


@dataclass(frozen=True)
class File:
    """A file of tests: itself and its tests."""

    row: TableRow
    tests: tuple[TableRow, ...]
    is_open: bool


@dataclass(frozen=True)
class Suite:
    """A folder of tests; the column '' is for tests that run on no image."""

    name: str
    columns: tuple[str, ...]
    files: tuple[File, ...]
    tally: Tally


def group_by_suite(results: Sequence[CaseResult], images: Sequence[str]) -> list[Suite]:
    """Returns the suites in their order, with all their files and tests."""
    by_suite = _grouped(results, "suite")
    few = sum(bool(result.image) for result in results) <= _OPEN_ROWS
    order = [name for name in _SUITES if name in by_suite]
    suites = []
    for name in [*order, *(name for name in by_suite if name not in order)]:
        members = by_suite[name]
        columns = _columns_of(members, images)
        files = [
            File(
                row=_row(file, found, columns),
                tests=tuple(_rows_of(found, columns)),
                is_open=any(r.image and (few or r.outcome == "failed") for r in found),
            )
            for file, found in _grouped(members, "file").items()
        ]
        suites.append(Suite(name, columns, tuple(files), Tally(tuple(members))))
    return suites


def _columns_of(results: Iterable[CaseResult], images: Sequence[str]) -> tuple[str, ...]:
    """All images if one is tested, and one column for the tests without."""
    used = {result.image for result in results}
    return (*(images if used - {""} else ()), *([""] if "" in used else ()))


def _rows_of(results: Iterable[CaseResult], columns: Sequence[str]) -> list[TableRow]:
    """Returns a row for each test, with its results by column."""
    return [_row(name, found, columns) for name, found in _grouped(results, "name").items()]


def _row(name: str, results: Sequence[CaseResult], columns: Sequence[str]) -> TableRow:
    by_image = _grouped(results, "image")
    cells = tuple(
        Tally(tuple(by_image[column])) if column in by_image else None for column in columns
    )
    return TableRow(name, cells, Tally(tuple(results)))


def _grouped(results: Iterable[CaseResult], key: str) -> dict[str, list[CaseResult]]:
    groups: dict[str, list[CaseResult]] = defaultdict(list)
    for result in results:
        groups[getattr(result, key)].append(result)
    return dict(groups)
