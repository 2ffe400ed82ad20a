"""What to keep of a test that fails, and where."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

Collect = Callable[[Path], None]

FAILED = "failed"
"""Name of the folder with the evidence, in the folder of the report."""

KEPT = "kept"
"""Name of the folder with what is kept whether tests fail or not, likewise."""

_PAGE = "report.html"
_MARKER = ".report"


class Attachments:
    """Collectors: functions that write into a folder what a failure left behind."""

    def __init__(self) -> None:
        self._collectors: list[tuple[str, Collect]] = []

    def add(self, name: str, collect: Collect) -> Callable[[], None]:
        """Has a collector called if the test fails, while all its fixtures still live.

        Args:
            name: Says whose evidence it is, where collecting it fails.
            collect: Called with an existing folder to write into; file names are its own choice.

        Returns:
            A function that takes the collector back, such as for `ExitStack.callback`.
        """
        entry = (name, collect)
        self._collectors.append(entry)
        return lambda: self._collectors.remove(entry)

    def collect(self, folder: Path) -> Iterable[str]:
        """Runs every collector; gives a line for each that failed."""
        for name, collect in tuple(self._collectors):
            try:
                collect(folder)
            # pytest's own outcomes are no Exceptions.
            except (Exception, pytest.fail.Exception, pytest.skip.Exception) as error:  # noqa: BLE001
                reason = " ".join(str(error).split())
                yield f"{name}: {type(error).__name__}: {reason}"


def folder_name(node: str) -> str:
    """Returns a folder's name for a test: one that can be read, and no other test has."""
    readable = re.sub(r"[^A-Za-z0-9_.]+", "-", node.removeprefix("tests/")).strip("-.")
    return f"{readable[:100]}-{hashlib.sha256(node.encode()).hexdigest()[:8]}"


def keep(folder: Path, failure: str, sources: Iterable[Attachments]) -> None:
    """Writes the failure's text, what the collectors have, and which of them failed."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "failure.txt").write_text(failure, encoding="utf-8", errors="replace")
    warnings = [line for source in sources for line in source.collect(folder)]
    if warnings:
        lines = "".join(f"{line}\n" for line in warnings)
        (folder / "collectors.txt").write_text(lines, encoding="utf-8", errors="replace")


def prepare_folder(folder: Path) -> None:
    """Makes the folder of the report, or removes from it what an earlier report put there.

    Raises:
        FileExistsError: it is not empty, and not the folder of a report.
    """
    marker = folder / _MARKER
    if folder.is_dir() and any(folder.iterdir()) and not marker.exists():
        raise FileExistsError(f"{folder} is not empty and holds no report: name another folder")
    folder.mkdir(parents=True, exist_ok=True)
    marker.touch()
    (folder / _PAGE).unlink(missing_ok=True)
    for name in (FAILED, KEPT):
        if (folder / name).exists():
            shutil.rmtree(folder / name)
