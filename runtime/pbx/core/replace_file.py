"""Replaces files of the user's, which may be links, mounts, or of another owner."""

import errno
import os
import stat
from pathlib import Path

from pbx.core import durable
from pbx.core.errors import CommandError


def replace_file(path: Path, content: bytes, *, mode: int = 0o640) -> None:
    """Give a file new content in one step; whoever reads it sees the old or the new.

    A link is followed, so that what it points to is replaced. A mount of its own, and a file of
    another owner that this user may write, keep their place and owner: they are written in place.
    The caller holds the folder (see pbx.core.lock).

    Args:
        path: The file.
        content: What it is to hold.
        mode: Of a new file; an existing one keeps its own.

    Raises:
        CommandError: it cannot be written; nothing has changed.
    """
    target = path.resolve()
    try:
        old = target.stat() if target.exists() else None
        if old and old.st_uid != os.geteuid():
            _write_in_place(target, content)
            return
        try:
            durable.replace(target, content, stat.S_IMODE(old.st_mode) & 0o666 if old else mode)
        except OSError as error:
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
