"""The build context: a reproducible tar archive with the Dockerfile and the files it copies."""

from __future__ import annotations

import io
import json
import os
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from factory.plan.dockerfile import MANIFEST_PATH


def build_context(
    root: Path, dockerfile: str, manifest: Mapping[str, Any] | None, epoch: int
) -> io.BytesIO:
    """Return the context as an archive, rewound.

    Owners, times and the order of entries do not depend on the checkout; of modes, only the
    executable bit does. So equal sources give equal archives.

    Args:
        root: The checkout; `stages/` and `runtime/` of it are packed.
        dockerfile: The rendered Dockerfile.
        manifest: The manifest of the root assembler; None where no root is assembled.
        epoch: Modification time of every entry, in seconds since 1970.
    """
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for path in _sources(root):
            name = path.relative_to(root).as_posix()
            if path.is_symlink():
                entry = _entry(name, epoch)
                entry.type, entry.linkname = tarfile.SYMTYPE, str(path.readlink())
                tar.addfile(entry)
            else:
                _add_file(tar, name, path.read_bytes(), epoch, executable=os.access(path, os.X_OK))
        if manifest is not None:
            _add_file(tar, MANIFEST_PATH, manifest_text(manifest).encode(), epoch)
        _add_file(tar, "Dockerfile", dockerfile.encode(), epoch)
    archive.seek(0)
    return archive


def manifest_text(manifest: Mapping[str, Any]) -> str:
    """Return the text of the root assembler's manifest file."""
    return json.dumps(manifest, indent=1)


def file_context(folder: Path, names: Iterable[str]) -> io.BytesIO:
    """Return a folder's Dockerfile and some files as a reproducible context."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for name in sorted({"Dockerfile", *names}):
            path = folder / name
            _add_file(tar, name, path.read_bytes(), epoch=0, executable=os.access(path, os.X_OK))
    archive.seek(0)
    return archive


def _sources(root: Path) -> Iterator[Path]:
    for folder in ("runtime", "stages"):
        for path in sorted((root / folder).rglob("*")):
            if (path.is_file() or path.is_symlink()) and "__pycache__" not in path.parts:
                yield path


def _add_file(
    tar: tarfile.TarFile, name: str, data: bytes, epoch: int, *, executable: bool = False
) -> None:
    entry = _entry(name, epoch)
    entry.size = len(data)
    entry.mode = 0o755 if executable else 0o644
    tar.addfile(entry, io.BytesIO(data))


def _entry(name: str, epoch: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.mtime = epoch
    return entry
