"""What one run of refresh leaves to the next, and to watch; it lasts as long as the container."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from pbx.core.durable import replace

NAME = "certificates.json"


@dataclass(frozen=True)
class RefreshState:
    """Where things stand.

    Attributes:
        seen: Digest of what was given last.
        due: When to look again, in seconds since 1970; 0 if there is something left to do.
        told: Which certificate Asterisk was last told to use, or finds when it starts.
    """

    seen: int = -1
    due: float = 0.0
    told: str = ""


def load(folder: Path) -> RefreshState:
    """Read it; what cannot be read counts as nothing."""
    try:
        return RefreshState(**json.loads((folder / NAME).read_text()))
    except (OSError, ValueError, TypeError):
        return RefreshState()


def save(folder: Path, state: RefreshState) -> None:
    """Write it."""
    replace(folder / NAME, json.dumps(asdict(state)).encode())
