"""Images of what tests talk to: built once from a folder, and kept under a digest of that."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from factory.context import file_context
from factory.engine import Engine, OnLine
from factory.errors import BuildError


@dataclass(frozen=True)
class Counterpart:
    """What is built.

    Attributes:
        what: What it is called in messages, such as `softphone`.
        repository: Name of its image.
        folder: Where its Dockerfile is.
        files: What of the folder is packed beside that.
        target: The stage that is built.
    """

    what: str
    repository: str
    folder: Path
    files: Iterable[str]
    target: str


def ensure_counterpart(
    engine: Engine, wanted: Counterpart, base: str, *, mirror: str, on_line: OnLine
) -> str:
    """Returns the name of an image in the engine, built now if it was not there.

    Args:
        engine: Where it is kept.
        wanted: What it is.
        base: Image of the distribution to build on.
        mirror: URL of a Debian archive; empty for that of the base.
        on_line: Called with each line of progress.

    Raises:
        BuildError: a step of the build failed.
    """
    context = file_context(wanted.folder, wanted.files)
    key = repr((base, mirror)).encode() + context.getvalue()
    tag = hashlib.sha256(key).hexdigest()[:12]
    name = f"{wanted.repository}:{tag}"
    if not engine.find_image(name):
        arguments = {"BASE": base} | ({"MIRROR": mirror} if mirror else {})
        lines: list[str] = []

        def take(line: str) -> None:
            lines.append(line)
            on_line(line)

        try:
            built = engine.build(context, wanted.target, arguments, take, no_cache=False)
        except BuildError as error:
            said = next((line for line in reversed(lines) if line.strip()), "")
            raise BuildError(
                f"building the {wanted.what} failed: {said} — {error.cause}",
                "the log file has every line: build/build.log",
            ) from error
        engine.tag(built, wanted.repository, tag)
    engine.tag(name, wanted.repository, "latest")
    return name
