"""Writes files of the user's: whole or not at all, and as theirs."""

import errno
import os
from pathlib import Path

from pbx.core.errors import CommandError


def replace_file(path: Path, content: bytes, *, like: Path | None = None) -> None:
    """Gives a file new content in one step; whoever reads it sees the old or the new.

    Owner and mode stay; those of a new file are `like` another's. Links are followed, so that
    what they point to is replaced. Whoever calls holds the folder (see pbx.core.lock).

    Raises:
        CommandError: it cannot be written; nothing has changed.
    """
    target = path.resolve()
    model = target if target.exists() else like or target.parent
    partial = target.with_name(f".{target.name}.partial")
    try:
        try:
            _write_like(model, partial, content)
            partial.rename(target)
        except OSError as error:
            partial.unlink(missing_ok=True)
            if error.errno != errno.EBUSY:
                raise
            # The file is a mount of its own, which nothing can be renamed over.
            with target.open("r+b") as file:
                file.write(content)
                file.truncate()
                os.fsync(file.fileno())
    except OSError as error:
        raise CommandError(
            f"cannot write {path}: {error.strerror}",
            "is it mounted read-only, is the disk full, are you neither root nor its owner?",
        ) from error


def _write_like(model: Path, partial: Path, content: bytes) -> None:
    state = model.stat()
    mode = state.st_mode & 0o666  # of a folder, too: without the bits to enter it
    partial.unlink(missing_ok=True)  # left by one that was cut short
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        if (state.st_uid, state.st_gid) != (os.geteuid(), os.getegid()):
            os.fchown(descriptor, state.st_uid, state.st_gid)
        os.fchmod(descriptor, mode)
        os.fsync(descriptor)
