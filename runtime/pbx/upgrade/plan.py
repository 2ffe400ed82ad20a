"""What became of each file since the first start, and what an upgrade would do; pure.

A file exists up to three times: as the sample that the user started from (base), in use (ours),
and as the sample of this image (theirs). All three hold placeholders in the place of secrets.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from pbx.upgrade.merge import merge

Files = Mapping[str, bytes]


class FileState(Enum):
    """What became of a file; the value says so."""

    SAME = "as in this image"
    YOURS = "changed by you"
    IMAGES = "changed in the image"
    MERGED = "changed by you and in the image, in different lines"
    CONFLICT = "changed by you and in the image, in the same lines"
    DIFFERENT = "different from this image's"
    NEW = "new in the image"
    REMOVED = "removed by you"
    GONE = "no longer in the image"
    OWN = "only yours"


@dataclass(frozen=True)
class Change:
    """A file, and what an upgrade does with it.

    Attributes:
        name: Of the file.
        state: What became of it.
        result: The content it gets; None to leave it as it is.
        settled: Whether this image's sample is what the user has started from afterwards.
    """

    name: str
    state: FileState
    result: bytes | None = None
    settled: bool = False


def plan(base: Files | None, ours: Files, theirs: Files, keep: frozenset[str]) -> list[Change]:
    """Return what became of each file, by name.

    Args:
        base: The samples that the user started from; None if they are not known.
        ours: The files in use.
        theirs: The samples of this image.
        keep: Files in conflict that are to stay as they are, for good.
    """
    names = sorted({*(base or {}), *ours, *theirs})
    known = base is not None
    starts = base or {}
    changes = []
    for name in names:
        start, mine, other = starts.get(name), ours.get(name), theirs.get(name)
        if other is None:
            change = Change(name, FileState.OWN if start is None else FileState.GONE)
        elif mine is None:
            change = _missing(name, start, other)
        elif mine == other:
            change = Change(name, FileState.SAME, settled=known and start != other)
        elif known:
            change = _both(name, start, mine, other, keep=name in keep)
        else:
            change = Change(name, FileState.DIFFERENT)
        changes.append(change)
    return changes


def _missing(name: str, base: bytes | None, theirs: bytes) -> Change:
    if base is None:
        return Change(name, FileState.NEW, theirs, settled=True)
    return Change(name, FileState.REMOVED, settled=base != theirs)


def _both(name: str, base: bytes | None, ours: bytes, theirs: bytes, *, keep: bool) -> Change:
    if base == theirs:
        return Change(name, FileState.YOURS)
    if keep:
        return Change(name, FileState.YOURS, settled=True)
    if base == ours:
        return Change(name, FileState.IMAGES, theirs, settled=True)
    # Two that came to be without each other have nothing in common but equal lines.
    merged = None if base is None else merge(base, ours, theirs)
    if merged is None:
        return Change(name, FileState.CONFLICT)
    return Change(name, FileState.MERGED, merged, settled=True)
