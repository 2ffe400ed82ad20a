"""Files that are on disk, and not only promised to be, when a function returns.

A file that is replaced is whole at every moment: whoever reads it sees the old or the new one. The
new one is written beside it, under the name that `partial_of` returns, and is renamed then.
"""

import os
from contextlib import suppress
from pathlib import Path


def replace(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Write a file, or replace it whole.

    Raises:
        OSError: it could not be written; the old file is as it was.
    """
    partial = partial_of(path)
    try:
        write_new(partial, data, mode)
        partial.rename(path)
    except OSError:
        with suppress(OSError):
            partial.unlink()
        raise
    sync_folder(path.parent)


def partial_of(path: Path) -> Path:
    """Return under which name a new file is written before it has its own."""
    return path.with_name(f".{path.name}.new")


def write_new(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Write a new file; an unfinished one of that name is replaced.

    The name lasts only once its folder is synchronised, too.

    Raises:
        OSError: it could not be written.
    """
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fchmod(file.fileno(), mode)
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Make names in a folder last: of files that were made, renamed or removed."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
