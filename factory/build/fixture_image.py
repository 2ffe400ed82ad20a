"""The image of a fixture service, built once: its tag is a digest of its inputs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from factory.build.engine import BuildOptions, Engine, OnLine
from factory.errors import BuildError
from factory.plan.context import file_context


@dataclass(frozen=True)
class FixtureImage:
    """The inputs of such an image.

    Attributes:
        what: Its name in messages, such as `softphone`; also the Dockerfile's last stage.
        repository: Its repository in the engine.
        folder: With the Dockerfile.
        files: Files that the Dockerfile copies, relative to the folder.
    """

    what: str
    repository: str
    folder: Path
    files: Iterable[str] = ()


def ensure_fixture_image(
    engine: Engine,
    image: FixtureImage,
    base: str,
    *,
    mirror: str,
    on_line: OnLine,
    offline: bool = False,
) -> str:
    """Return its name in the engine, built now if it was not there.

    Args:
        engine: Keeps it.
        image: What to build.
        base: Image of the distribution to build on.
        mirror: URL of a Debian archive; empty for that of the base.
        on_line: Called with each line of progress.
        offline: Whether the steps have no network.

    Raises:
        BuildError: a step of the build failed.
    """
    context = file_context(image.folder, image.files)
    key = repr((base, mirror)).encode() + context.getvalue()
    tag = hashlib.sha256(key).hexdigest()[:12]
    name = f"{image.repository}:{tag}"
    if not engine.find_image(name):
        arguments = {"BASE": base, "MIRROR": mirror}
        try:
            options = BuildOptions(offline=offline)
            built = engine.build(
                context, image.what, arguments, on_line, no_cache=False, options=options
            )
        except BuildError as error:
            cause = f"building the {image.what} failed: {error.cause}"
            raise BuildError(cause, error.hint) from error
        engine.tag(built, image.repository, tag)
    engine.tag(name, image.repository, "latest")
    return name
