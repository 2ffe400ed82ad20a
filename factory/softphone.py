"""The softphone's image, built from fixtures/softphone."""

from __future__ import annotations

from pathlib import Path

from factory.counterpart import Counterpart, ensure_counterpart
from factory.engine import Engine, OnLine

REPOSITORY = "asterisk-softphone"
FOLDER = Path("fixtures") / "softphone"


def ensure_softphone(engine: Engine, root: Path, base: str, *, mirror: str, on_line: OnLine) -> str:
    """Returns the name of the softphone's image in the engine, built now if it was not there.

    Args:
        engine: Where it is kept.
        root: The checkout.
        base: Image of the distribution to build on.
        mirror: URL of a Debian archive; empty for that of the base.
        on_line: Called with each line of progress.

    Raises:
        BuildError: a step of the build failed.
    """
    folder = root / FOLDER
    code = (path.relative_to(folder).as_posix() for path in folder.glob("inside/*.py"))
    files = ["config_site.h", "video.sed", "tones.py", *code]
    softphone = Counterpart("softphone", REPOSITORY, folder, files, target="softphone")
    return ensure_counterpart(engine, softphone, base, mirror=mirror, on_line=on_line)
