"""Merges two descendants of a file by lines; pure."""

from collections.abc import Sequence
from difflib import SequenceMatcher
from io import BytesIO
from typing import Any

from merge3 import Merge3


def merge(base: bytes, ours: bytes, theirs: bytes) -> bytes | None:
    """Return a file with the changes of both; None if both changed the same lines."""
    mine, other = _lines(ours), _lines(theirs)
    merged: list[bytes] = []
    matcher: Any = _Matcher
    regions: Any = Merge3(_lines(base), mine, other, sequence_matcher=matcher)
    for kind, *parts in regions.merge_groups():
        if kind == "conflict":
            return None
        merged += parts[0]
    return b"".join(merged)


def _lines(content: bytes) -> list[bytes]:
    # At line feeds only: a carriage return within a line is part of it, as for Asterisk.
    return BytesIO(content).readlines()


class _Matcher:
    """Finds equal lines, also where many are alike: what both begin and end with comes first."""

    def __init__(self, _: None, a: Sequence[bytes], b: Sequence[bytes]) -> None:
        shorter = min(len(a), len(b))
        self._head = next((n for n in range(shorter) if a[n] != b[n]), shorter)
        rest = shorter - self._head
        self._tail = next((n for n in range(rest) if a[-1 - n] != b[-1 - n]), rest)
        self._a, self._b = a, b

    def get_matching_blocks(self) -> list[tuple[int, int, int]]:
        """As difflib's, with an empty block at the end."""
        head, tail, a, b = self._head, self._tail, self._a, self._b
        end_a, end_b = len(a) - tail, len(b) - tail
        middle = SequenceMatcher(None, a[head:end_a], b[head:end_b], autojunk=False)
        blocks = [(0, 0, head)]
        blocks += [(head + i, head + j, n) for i, j, n in middle.get_matching_blocks()]
        blocks.append((end_a, end_b, tail))
        return [*(block for block in blocks if block[2]), (len(a), len(b), 0)]
