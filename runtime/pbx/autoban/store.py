"""The file that the state is kept in.

It is written when something has happened. That time has passed is said by the file's own time,
which is as far after the time of writing as the program has run since: moving that on costs no
writing, and a clock that jumps does no harm.
"""

import os
from collections.abc import Callable
from pathlib import Path
from threading import Lock

from pbx.autoban.state import State, StateError, read_state

_EPOCH = 1_000_000_000
"""The time of a file in which no time has passed, in seconds since 1970."""
_LONGEST = 3650 * 86400
"""Seconds. What seems to have run for longer is a copy with a time of its own."""


class Store:
    """A file with a state in it; may be used by several threads.

    Args:
        path: Of the file.
        clock: Seconds; never goes back.
    """

    def __init__(self, path: Path, clock: Callable[[], float]) -> None:
        self._path = path
        self._clock = clock
        self._lock = Lock()
        self._is_ours = False
        self._written = 0.0

    def load(self) -> State:
        """Return what was kept; an empty state if there is no file.

        Raises:
            StateError: the file makes no sense; it is set aside, and the text says where.
            OSError: it cannot be read.
        """
        try:
            text = self._path.read_text(errors="replace")
            passed = self._path.stat().st_mtime - _EPOCH
        except FileNotFoundError:
            return State()
        try:
            state = read_state(text)
        except StateError as error:
            aside = self._path.with_name(f"{self._path.name}.unread")
            self._path.replace(aside)
            raise StateError(f"{self._path}: {error}; set aside as {aside.name}") from error
        # Restored from a copy that did not keep it, the time says nothing.
        return state.after(passed if 0 < passed < _LONGEST else 0)

    def keep(self, state: State, *, changed: bool) -> None:
        """Keep a state: writes it if it has changed, else only notes that time has passed.

        Raises:
            OSError: it cannot be written.
        """
        now = self._clock()
        with self._lock:
            if changed or not self._is_ours or not self._path.exists():
                self._write(state.to_text())
                self._is_ours = True
                self._written = now
            else:
                moment = _EPOCH + now - self._written
                os.utime(self._path, (moment, moment))

    def _write(self, text: str) -> None:
        new = self._path.with_name(f".{self._path.name}.new")
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)
            file.flush()
            os.utime(new, (_EPOCH, _EPOCH))
            os.fsync(file.fileno())
        new.replace(self._path)
