"""What one run of refresh leaves to the next, and to watch; it lasts as long as the container."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

NAME = "certificates.json"


@dataclass(frozen=True)
class State:
    """Where things stand.

    Attributes:
        seen: Signature of ACME_FILE when it was last read.
        due: When to look again, in seconds since 1970; 0 if there is something left to do.
        told: Which certificate Asterisk was last told to use, or finds when it starts.
    """

    seen: list[int] = field(default_factory=list)
    due: float = 0.0
    told: str = ""


def load(folder: Path) -> State:
    """Reads it."""
    try:
        return State(**json.loads((folder / NAME).read_text()))
    except FileNotFoundError:
        return State()


def save(folder: Path, state: State) -> None:
    """Writes it."""
    new = folder / f"{NAME}.new"
    new.write_text(json.dumps(asdict(state)))
    new.rename(folder / NAME)
