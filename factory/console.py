"""Progress for people, and the complete log in a file."""

from __future__ import annotations

import re
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO

from rich.console import Console as RichConsole
from rich.markup import escape
from rich.text import Text

_STEP = re.compile(r"Step (\d+/\d+) : (.*)")

PROGRESS_SECONDS = 5
"""Interval of progress lines where lines cannot be overwritten."""


class Console:
    """Shows progress: a live line on a terminal, plain lines elsewhere.

    Args:
        log_path: File that gets every line, whatever the verbosity; None for no file.
        verbosity: -1 shows results and errors only, 0 steps as well, 1 every line.
    """

    def __init__(self, log_path: Path | None, verbosity: int = 0) -> None:
        self._out = RichConsole(highlight=False, soft_wrap=True)
        self._err = RichConsole(stderr=True, highlight=False, soft_wrap=True)
        self._verbosity = verbosity
        self._start = time.monotonic()
        self._log: IO[str] | None = None
        self._activity = ""
        self._told = self._start
        self._status = self._out.status("") if self._out.is_terminal and verbosity == 0 else None
        if log_path is not None:
            log_path.parent.mkdir(parents=True, exist_ok=True)
            self._log = log_path.open("w", encoding="utf-8")

    def __enter__(self) -> Console:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._log is not None:
            self._log.close()

    @contextmanager
    def activity(self, name: str) -> Iterator[None]:
        """Name the current activity, and show that it is running."""
        self._activity = name
        self._told = time.monotonic()
        self._record(f"== {name}")
        if self._status is None:
            self._show(name)
            yield
            return
        with self._status:
            self._update("")
            yield

    def line(self, text: str) -> None:
        """Take one line of detail: log it, and show it as progress of the activity."""
        self._record(text)
        if not text.strip():
            return
        step = _STEP.match(text)
        if self._verbosity > 0:
            self._print(text)
        elif self._status is not None:
            self._update(f"{step[1]} {step[2]}" if step else text.strip())
        elif step:
            self._show(f"  {step[1]} {_shorten(step[2])}")

    def progress(self, text: str) -> None:
        """Show the progress of the activity: always on a terminal, elsewhere at intervals."""
        if self._status is not None:
            self._update(text)
        elif (now := time.monotonic()) - self._told >= PROGRESS_SECONDS:
            self._told = now
            self._record(text)
            self._show(f"  {text}")

    def result(self, text: str) -> None:
        """Show a result, at every verbosity."""
        self._record(text)
        self._print(text)

    def note(self, text: str) -> None:
        """Show a note; not when quiet."""
        self._record(text)
        if self._verbosity >= 0:
            self._print(text)

    def error(self, cause: str, hint: str) -> None:
        """Show on standard error what failed, and what to do."""
        self._record(f"error: {cause}\nhint: {hint}")
        self._err.print(Text.assemble(("error:", "bold red"), f" {cause}"))
        if hint:
            self._err.print(Text.assemble(("hint:", "bold"), f" {hint}"))

    def unexpected(self, error: Exception) -> None:
        """Show an unexpected error in one line; the log gets its traceback."""
        self._record("".join(traceback.format_exception(error)))
        cause = f"{type(error).__name__}: {error}".splitlines()[0]
        self.error(cause, "this is unexpected; build/build.log has the details for a report")

    def table(self, table: object) -> None:
        """Show a rich table."""
        if self._log is not None:
            RichConsole(file=self._log, width=120).print(table)
        if self._verbosity >= 0:
            self._out.print(table)

    def _record(self, text: str) -> None:
        if self._log is not None:
            self._log.write(f"{self._elapsed()} {text}\n")
            self._log.flush()

    def _show(self, text: str) -> None:
        if self._verbosity >= 0:
            self._print(f"{self._elapsed()} {text}")

    def _print(self, text: str) -> None:
        # Never while the live line is there, so it need not go through rich, which would change it.
        self._out.file.write(f"{text}\n")

    def _update(self, detail: str) -> None:
        if self._status is not None:
            text = f"{self._elapsed()} {self._activity} {_shorten(detail)}"
            self._status.update(escape(text))

    def _elapsed(self) -> str:
        seconds = int(time.monotonic() - self._start)
        return f"{seconds // 60}:{seconds % 60:02}"


def _shorten(text: str, width: int = 76) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
