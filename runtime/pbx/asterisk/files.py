"""Finds the files that configuration files include; the part that touches the disk."""

import errno
import glob
import os
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path

from pbx.asterisk.sections import Configuration, SourceFile, load

MOST_FILES = 500
MOST_BYTES = 8 << 20
"""What is read at most, so that no configuration can keep a program busy for long."""


def read_configuration(
    folder: Path, name: str, instead: Mapping[Path, bytes] | None = None
) -> Configuration:
    """Read a file of a folder and what it includes, whatever is in them.

    Args:
        folder: Where Asterisk's configuration is.
        name: Of the file.
        instead: Content to take in place of what some files have, by path without links.
    """
    return load(name, _Reader(folder, instead or {}))


class _Reader:
    def __init__(self, folder: Path, instead: Mapping[Path, bytes]) -> None:
        self.folder = folder
        self.instead = instead
        self.files_left = MOST_FILES
        self.bytes_left = MOST_BYTES

    def __call__(self, pattern: str) -> Sequence[SourceFile]:
        # A relative pattern is put after the folder, as Asterisk does, and `**` means no more
        # than `*`.
        found = sorted(glob.glob(os.path.join(self.folder, pattern)))  # noqa: PTH118, PTH207
        return [self._read(Path(path)) for path in found]

    def _read(self, path: Path) -> SourceFile:
        name = str(path)
        if path.parent == self.folder:
            name = path.name
        if self.files_left == 0:
            return SourceFile(name, problem=f"more than {MOST_FILES} files are included")
        self.files_left -= 1
        try:
            replacement = self.instead.get(path.resolve())
            if replacement is not None:
                return SourceFile(name, replacement)
            content = read_regular(path, self.bytes_left)
        except OSError as error:
            return SourceFile(name, problem=error.strerror or str(error))
        self.bytes_left -= len(content)
        return SourceFile(name, content)


def read_regular(path: Path, most: int = MOST_BYTES) -> bytes:
    """Read a file, and neither waits for a pipe nor takes in what is no configuration by its size.

    Raises:
        OSError: it cannot be read, is not a regular file, or has more bytes than `most`.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "not a regular file", str(path))
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            content = file.read(most + 1)
    finally:
        os.close(descriptor)
    if len(content) > most:
        raise OSError(errno.EFBIG, f"more than {most >> 20} MB in all", str(path))
    return content
