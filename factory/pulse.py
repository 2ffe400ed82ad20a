"""The image of a PulseAudio server, built from fixtures/pulse."""

from __future__ import annotations

from pathlib import Path

from factory.counterpart import Counterpart, ensure_counterpart
from factory.engine import Engine, OnLine

REPOSITORY = "asterisk-pulse"
FOLDER = Path("fixtures") / "pulse"


def ensure_pulse(engine: Engine, root: Path, base: str, *, on_line: OnLine) -> str:
    """Returns the name of the image in the engine, built now if it was not there.

    Args:
        engine: Where it is kept.
        root: The checkout.
        base: Image of the distribution to build on.
        on_line: Called with each line of progress.

    Raises:
        BuildError: a step of the build failed.
    """
    pulse = Counterpart(
        "PulseAudio server",
        REPOSITORY,
        root / FOLDER,
        ["host.pa", "standin.control"],
        target="pulse",
    )
    return ensure_counterpart(engine, pulse, base, mirror="", on_line=on_line)
