"""The queue: a folder for each mail, complete from the moment it has its name.

Mails are files, not rows of pbx.core.store: docs/architecture.md says why.
"""

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pbx.asterisk.files import read_regular
from pbx.core.durable import replace, sync_folder, write_new
from pbx.voicemail.state import MailState

LARGEST = 1 << 30
"""Bytes of a mail; what is larger was not recorded here."""
_MESSAGE, _STATE = "message.eml", "state.json"
_PARTIAL = "."
"""Names that begin so do not count."""


@dataclass(frozen=True)
class QueuedMail:
    """A mail in the queue."""

    folder: Path

    @property
    def message(self) -> bytes:
        """The mail as it came.

        Raises:
            OSError: it cannot be read.
        """
        return read_regular(self.folder / _MESSAGE, LARGEST)

    @property
    def state(self) -> MailState:
        """What became of it; if that cannot be read, it is as if it had just come."""
        try:
            return MailState.of_json(read_regular(self.folder / _STATE).decode())
        except (OSError, ValueError) as error:
            came = self._came
            return MailState(came, came, (), reason=f"{_STATE} cannot be read: {error}")

    @property
    def _came(self) -> float:
        digits = self.folder.name.partition("-")[0]
        return int(digits) / 1000 if digits.isascii() and digits.isdecimal() else 0.0

    def keep(self, state: MailState) -> None:
        """Replace the state.

        Raises:
            OSError: it could not be written.
        """
        replace(self.folder / _STATE, state.to_json().encode())

    def remove(self) -> None:
        """Remove the mail from the queue.

        Raises:
            OSError: it is still there.
        """
        (self.folder / _MESSAGE).unlink()  # from here on it does not count
        shutil.rmtree(self.folder, ignore_errors=True)


class Queue:
    """The folder of the queue.

    Args:
        folder: It is made when the first mail comes.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, message: bytes, state: MailState) -> QueuedMail:
        """Add a mail; when this returns it is on disk.

        Raises:
            OSError: it could not be written, and is not in the queue.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = f"{round(state.came * 1000):013d}-{secrets.token_hex(4)}"
        folder = self._folder / name
        partial = self._folder / f"{_PARTIAL}{name}"
        partial.mkdir(mode=0o700)
        try:
            write_new(partial / _MESSAGE, message)
            write_new(partial / _STATE, state.to_json().encode())
            sync_folder(partial)
            partial.rename(folder)
            sync_folder(self._folder)
        except OSError:
            shutil.rmtree(partial, ignore_errors=True)
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return QueuedMail(folder)

    def __iter__(self) -> Iterator[QueuedMail]:
        """Yield the queued mails, the oldest first."""
        if not self._folder.is_dir():
            return
        for folder in sorted(self._folder.iterdir()):
            if (folder / _MESSAGE).exists() and not folder.name.startswith(_PARTIAL):
                yield QueuedMail(folder)

    @contextmanager
    def taken(self, mail: QueuedMail) -> Iterator[bool]:
        """Lock a mail; yield whether it is still there and no other program has locked it."""
        try:
            descriptor = os.open(mail.folder, os.O_RDONLY)
        except FileNotFoundError:
            yield False
            return
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield (mail.folder / _MESSAGE).exists()
        except BlockingIOError:
            yield False
        finally:
            os.close(descriptor)
