"""Mail that waits: a folder for each, complete from the moment it has its name."""

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pbx.asterisk.files import read_regular
from pbx.core.durable import sync_folder, write_new
from pbx.voicemail.state import State

LARGEST = 1 << 30
"""Bytes of a mail; what is larger was not recorded here."""
_MESSAGE, _STATE = "message.eml", "state.json"
_PARTIAL = "."
"""Names that begin so do not count."""


@dataclass(frozen=True)
class Entry:
    """A mail that waits."""

    folder: Path

    @property
    def message(self) -> bytes:
        """The mail as it came."""
        return read_regular(self.folder / _MESSAGE, LARGEST)

    @property
    def state(self) -> State:
        """What became of it; if that cannot be read, it is as if it had just come."""
        try:
            return State.of_json(read_regular(self.folder / _STATE).decode())
        except (OSError, ValueError) as error:
            came = (self.folder / _MESSAGE).stat().st_mtime
            return State(came, came, (), reason=f"{_STATE} cannot be read: {error}")

    def keep(self, state: State) -> None:
        """Replace the state."""
        new = self.folder / f"{_PARTIAL}{_STATE}"
        write_new(new, state.to_json().encode())
        new.rename(self.folder / _STATE)

    def remove(self) -> None:
        """Forgets the mail."""
        (self.folder / _MESSAGE).unlink()
        shutil.rmtree(self.folder)


class Queue:
    """A folder of mail that waits.

    Args:
        folder: It is made when the first mail comes.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, message: bytes, state: State) -> Entry:
        """Keep a mail; when this returns it is on disk.

        Raises:
            OSError: it could not be written.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = f"{round(state.came * 1000):013d}-{secrets.token_hex(4)}"
        partial = self._folder / f"{_PARTIAL}{name}"
        partial.mkdir(mode=0o700)
        try:
            write_new(partial / _MESSAGE, message)
            write_new(partial / _STATE, state.to_json().encode())
            sync_folder(partial)
        except OSError:
            shutil.rmtree(partial)
            raise
        folder = partial.rename(self._folder / name)
        sync_folder(self._folder)
        return Entry(folder)

    def __iter__(self) -> Iterator[Entry]:
        """Return the mail that waits, the oldest first."""
        if not self._folder.is_dir():
            return
        for folder in sorted(self._folder.iterdir()):
            if (folder / _MESSAGE).exists() and not folder.name.startswith(_PARTIAL):
                yield Entry(folder)

    @contextmanager
    def taken(self, entry: Entry) -> Iterator[bool]:
        """Take a mail for oneself; say whether it is still there and nobody else has it."""
        try:
            descriptor = os.open(entry.folder, os.O_RDONLY)
        except FileNotFoundError:
            yield False
            return
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield (entry.folder / _MESSAGE).exists()
        except BlockingIOError:
            yield False
        finally:
            os.close(descriptor)
