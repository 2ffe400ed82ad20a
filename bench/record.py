"""A run's results, and how they compare with earlier ones. No I/O.

The form is JSON; a time that never came is the text "never", for which JSON has no number.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bench.figure import Figure
from bench.machine import Machine

FORM = 1
_NEVER = "never"
_NUMBERS = ("ours", "peer", "goal")


class RecordError(Exception):
    """A text is no record of a run; say why."""


@dataclass(frozen=True)
class Record:
    """A run.

    Attributes:
        time: When it began: UTC, ISO 8601.
        commit: Of the checkout; with `-dirty` behind it if that had changes. Empty outside of git.
        machine: Where it was.
        image: What was measured.
        load: How many programs wanted a processor in the minute before (getloadavg(3)).
        quick: Whether it was a short one.
        figures: What came of it, by bench.
    """

    time: str
    commit: str
    machine: Machine
    image: str
    load: float
    quick: bool
    figures: Mapping[str, tuple[Figure, ...]]

    @property
    def is_disturbed(self) -> bool:
        """Whether other programs had more than half of the machine."""
        return self.load > self.machine.cores / 2

    @property
    def name(self) -> str:
        """Of its file, without an ending: time and commit."""
        moment = self.time.replace("-", "").replace(":", "")
        commit, _, dirty = self.commit.partition("-")
        return "-".join(part for part in (moment, commit[:10] or "no-commit", dirty) if part)


def to_json(record: Record) -> str:
    """Return a record as text."""
    data = {
        "form": FORM,
        **asdict(record),
        "figures": {
            bench: [{**_written(figure), "ratio": figure.ratio} for figure in figures]
            for bench, figures in record.figures.items()
        },
    }
    return json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def from_json(text: str) -> Record:
    """Read a record.

    Raises:
        RecordError: it is none, or of another form.
    """
    try:
        data = json.loads(text)
        if data.pop("form") != FORM:
            raise RecordError("of another form")
        data["machine"] = Machine(**data["machine"])
        data["figures"] = {
            bench: tuple(map(_read, figures)) for bench, figures in data["figures"].items()
        }
        return Record(**data)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise RecordError(f"no result of a bench: {type(error).__name__}: {error}") from error


def _written(figure: Figure) -> dict[str, Any]:
    return {
        name: _NEVER if isinstance(value, float) and math.isinf(value) else value
        for name, value in asdict(figure).items()
    }


def _read(data: Mapping[str, Any]) -> Figure:
    values: dict[str, Any] = {
        name: math.inf if name in _NUMBERS and value == _NEVER else value
        for name, value in data.items()
    }
    del values["ratio"]  # follows from the others
    return Figure(**values)


def comparable(record: Record, earlier: Iterable[Record]) -> list[Record]:
    """Return the runs before this one that were like it, the oldest first."""
    return sorted(
        (
            other
            for other in earlier
            if other.machine == record.machine
            and other.quick == record.quick
            and other.time < record.time
        ),
        key=lambda other: other.time,
    )


def last_before(earlier: Sequence[Record], bench: str, name: str) -> Figure | None:
    """Return a figure of the last run that has it.

    Args:
        earlier: The oldest first.
        bench: Which bench.
        name: Of the figure.
    """
    for record in reversed(earlier):
        for figure in record.figures.get(bench, ()):
            if figure.name == name:
                return figure
    return None


def series(records: Sequence[Record]) -> dict[str, list[tuple[str, float]]]:
    """Return how the ratio of each figure of the last run went from run to run.

    Args:
        records: The oldest first, the run itself last.

    Returns:
        By bench and name: commit and ratio, run by run; figures without a peer are left out.
    """
    found: dict[str, list[tuple[str, float]]] = {}
    for bench, figures in records[-1].figures.items():
        for figure in figures:
            points = [
                (record.commit[:7], other.ratio)
                for record in records
                for other in record.figures.get(bench, ())
                if other.name == figure.name and other.ratio is not None
            ]
            if points:
                found[f"{bench}: {figure.name}"] = points
    return found
