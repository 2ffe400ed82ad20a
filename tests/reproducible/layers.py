"""Compares what two layers of images hold, file by file."""

from __future__ import annotations

import dataclasses
import hashlib
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO


@dataclass(frozen=True)
class LayerEntry:
    """All that a layer says of a file.

    Attributes:
        path: Without a slash at the beginning.
        kind: As tar writes it, e.g. `0` for a file, `5` for a directory.
        mode: Octal.
        owner: User and group, as numbers.
        time: Seconds since 1970.
        link: What a link leads to.
        size: Bytes.
        attributes: More of tar's headers, such as extended attributes.
        content: Digest of a file's content.
    """

    path: str
    kind: str
    mode: str
    owner: str
    time: float
    link: str
    size: int
    attributes: tuple[tuple[str, str], ...]
    content: str


def first_difference(old: IO[bytes], new: IO[bytes]) -> str:
    """Returns in a line where two layers differ first; an empty text if they do not.

    Args:
        old: A layer as a tar archive.
        new: Another one.
    """
    entries = _entries(new)
    for before in _entries(old):
        after = next(entries, None)
        if after is None:
            return f"{before.path} is in the first only"
        if after.path != before.path:
            return f"{before.path} is in the first where {after.path} is in the second"
        for field in dataclasses.fields(LayerEntry):
            was, is_now = getattr(before, field.name), getattr(after, field.name)
            if was != is_now:
                return f"{before.path}: {field.name} {was} and {is_now}"
    more = next(entries, None)
    return f"{more.path} is in the second only" if more else ""


def _entries(layer: IO[bytes]) -> Iterator[LayerEntry]:
    with tarfile.open(fileobj=layer, mode="r:") as tar:
        for member in tar:
            file = tar.extractfile(member) if member.isreg() else None
            yield LayerEntry(
                path=member.name,
                kind=member.type.decode(),
                mode=f"{member.mode:o}",
                owner=f"{member.uid}:{member.gid}",
                time=member.mtime,
                link=member.linkname,
                size=member.size,
                attributes=tuple(sorted(member.pax_headers.items())),
                content=hashlib.sha256(file.read()).hexdigest() if file else "",
            )
