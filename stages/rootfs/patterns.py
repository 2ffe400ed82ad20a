"""Shell patterns in order: the last one that matches decides, and `!` in front of one says no."""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

Patterns = tuple[str, ...]


def accepts(patterns: Sequence[str], name: str) -> bool:
    """Whether the last of the patterns that matches the name is one without `!`."""
    for pattern in reversed(patterns):
        if fnmatchcase(name, pattern.removeprefix("!")):
            return not pattern.startswith("!")
    return False


def matches_any(patterns: Sequence[str], name: str) -> bool:
    """Whether one of the patterns, none of them negated, matches the name."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def without_match(patterns: Sequence[str], names: Iterable[str]) -> list[str]:
    """Return the patterns without `!` that match none of the names.

    A pattern that takes something must find it, or an image would lack it in silence. One that
    leaves something out may find nothing: that is what it is for.
    """
    known = list(names)
    return [
        pattern
        for pattern in patterns
        if not pattern.startswith("!") and not any(fnmatchcase(name, pattern) for name in known)
    ]
