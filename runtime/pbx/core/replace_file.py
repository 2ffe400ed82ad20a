"""Writes files of the user's: whole or not at all."""

import errno
import os
import stat
from pathlib import Path

from pbx.core.errors import CommandError


def replace_file(path: Path, content: bytes, *, mode: int = 0o640) -> None:
    """Give a file new content in one step; whoever reads it sees the old or the new.

    A link is followed, so that what it points to is replaced. A mount of its own, and a file of
    somebody else's that this user may write, keep their place and owner: they are written in place.
    The caller holds the folder (see pbx.core.lock).

    Args:
        path: The file.
        content: What it is to hold.
        mode: Of a new file; one that is there keeps its own.

    Raises:
        CommandError: it cannot be written; nothing has changed.
    """
    target = path.resolve()
    partial = target.with_name(f".{target.name}.partial")
    try:
        old = target.stat() if target.exists() else None
        if old and old.st_uid != os.geteuid():
            _write_in_place(target, content)
            return
        try:
            _write_new(partial, content, stat.S_IMODE(old.st_mode) & 0o666 if old else mode)
            partial.rename(target)
        except OSError as error:
            partial.unlink(missing_ok=True)
            if error.errno != errno.EBUSY:  # a mount, which nothing can be renamed over
                raise
            _write_in_place(target, content)
    except OSError as error:
        raise CommandError(
            f"cannot write {path}: {error.strerror}",
            "is the disk full, is it mounted read-only? User asterisk must be allowed to write it: "
            f"`docker exec CONTAINER chown -h asterisk {target}`",
        ) from error


def _write_in_place(target: Path, content: bytes) -> None:
    with target.open("r+b") as file:
        file.write(content)
        file.truncate()
        os.fsync(file.fileno())


def _write_new(partial: Path, content: bytes, mode: int) -> None:
    partial.unlink(missing_ok=True)  # left by one that was cut short
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fchmod(descriptor, mode)
        os.fsync(descriptor)
