"""One command at a time changes the configuration."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pbx.core.errors import UNREADABLE, CommandError


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Wait until no other command holds the folder, and holds it.

    Raises:
        CommandError: there is no such folder, or it cannot be entered.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise CommandError(f"cannot read {folder}: {error.strerror}", UNREADABLE) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
