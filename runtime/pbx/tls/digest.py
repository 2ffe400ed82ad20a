"""Tells whether something else was given than the last time."""

from pathlib import Path
from zlib import crc32

from pbx.tls.given import decode
from pbx.tls.paths import TlsPaths


def digest(frame: bytes, paths: TlsPaths) -> int:
    """Return a number that differs once the reader passed on something else.

    Args:
        frame: What it passed on; b'' if there is no reader.
        paths: Where the files are; those that the reader leaves to us may change unseen by it.
    """
    files: list[Path | None] = []
    if frame:
        given = decode(frame)
        files += [paths.acme] if given.yours else []
        files += [paths.own, paths.own_key] if given.own_yours else []
    return crc32(repr([signature(file) for file in files]).encode(), crc32(frame))


def signature(path: Path | None) -> list[int]:
    """Return numbers that differ once a file was changed or replaced; none if it is missing."""
    try:
        found = path.stat() if path else None
    except OSError:
        found = None
    if found is None:
        return []
    return [found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns]
