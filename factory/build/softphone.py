"""The softphone's image."""

from __future__ import annotations

from pathlib import Path

from factory.build.engine import Engine, OnLine
from factory.build.fixture_image import FixtureImage, ensure_fixture_image

REPOSITORY = "asterisk-softphone"
FOLDER = Path("fixtures") / "softphone"


def ensure_softphone(
    engine: Engine,
    root: Path,
    base: str,
    *,
    mirror: str,
    on_line: OnLine,
    offline: bool = False,
) -> str:
    """Return the name of the softphone's image in the engine, built now if it was not there.

    Args:
        engine: Keeps it.
        root: The checkout.
        base: Image of the distribution to build on.
        mirror: URL of a Debian archive; empty for that of the base.
        on_line: Called with each line of progress.
        offline: Whether the steps have no network.

    Raises:
        BuildError: a step of the build failed.
    """
    folder = root / FOLDER
    code = [path.relative_to(folder).as_posix() for path in folder.glob("inside/*.py")]
    image = FixtureImage(
        "softphone", REPOSITORY, folder, ["config_site.h", "video.sed", "tones.py", *code]
    )
    return ensure_fixture_image(
        engine, image, base, mirror=mirror, on_line=on_line, offline=offline
    )
