"""The softphone's image: built once from fixtures/softphone, and kept under a digest of that."""

from __future__ import annotations

import hashlib
from pathlib import Path

from factory.context import file_context
from factory.engine import Engine, OnLine
from factory.errors import BuildError

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
    context = file_context(folder, ["config_site.h", "video.sed", "tones.py", *code])
    key = repr((base, mirror)).encode() + context.getvalue()
    tag = hashlib.sha256(key).hexdigest()[:12]
    name = f"{REPOSITORY}:{tag}"
    if not engine.find_image(name):
        arguments = {"BASE": base, "MIRROR": mirror}
        lines: list[str] = []

        def take(line: str) -> None:
            lines.append(line)
            on_line(line)

        try:
            built = engine.build(context, "softphone", arguments, take, no_cache=False)
        except BuildError as error:
            said = next((line for line in reversed(lines) if line.strip()), "")
            raise BuildError(
                f"building the softphone failed: {said} — {error.cause}",
                "the log file has every line: build/build.log",
            ) from error
        engine.tag(built, REPOSITORY, tag)
    engine.tag(name, REPOSITORY, "latest")
    return name
