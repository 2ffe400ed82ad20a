"""The folder with the results of all runs; each is a file that never changes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bench.record import Record, RecordError, from_json, to_json


def load_history(folder: Path, warn: Callable[[str], None]) -> list[Record]:
    """Return the runs in a folder.

    Args:
        folder: It may be missing.
        warn: Called with a line for each file that is not a result; it is left out.
    """
    records = []
    for path in sorted(folder.glob("*.json")):
        try:
            records.append(from_json(path.read_text(encoding="utf-8")))
        except (RecordError, UnicodeDecodeError) as error:
            warn(f"{path} is left out: {error}")
    return records


def save(folder: Path, record: Record) -> Path:
    """Write a run into a file of its own; return where.

    Raises:
        FileExistsError: there is one of that time and commit.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{record.name}.json"
    text = to_json(record)
    with path.open("x", encoding="utf-8") as file:
        file.write(text)
    return path
