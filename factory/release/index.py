"""Joins the images for several platforms under the tags that people pull.

Each platform has a repository of its own for its proven images. This writes an index of them (OCI
Image Specification 1.1, image-index), with `docker buildx imagetools`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from factory.errors import FactoryError


@dataclass(frozen=True)
class Index:
    """The index to write.

    Attributes:
        tags: Its references, sorted.
        parts: References of its images, each with a digest.
    """

    tags: tuple[str, ...]
    parts: tuple[str, ...]


def plan_index(repository: str, manifests: Iterable[Mapping[str, Any]]) -> Index:
    """Plan the index of one image.

    Args:
        repository: Its repository.
        manifests: For each platform, what build/IMAGE/manifest.json says: `image`, `architecture`,
            and in `pushed` the digest of each tag by its reference.

    Raises:
        FactoryError: the images do not belong together.
    """
    tags: dict[str, set[str]] = {}
    parts: dict[str, str] = {}
    for manifest in manifests:
        machine = f"{manifest['image']} on {manifest['architecture']}"
        pushed: Mapping[str, str] = manifest["pushed"]
        repositories = {reference.rpartition(":")[0] for reference in pushed}
        digests = set(pushed.values())
        if len(repositories) != 1 or len(digests) != 1:
            raise FactoryError(
                f"{machine} was not pushed to one place as one image",
                "push it with build.py --push, and give the manifest that this leaves",
            )
        if machine in parts:
            raise FactoryError(f"{machine} is given twice", "give one manifest for each machine")
        parts[machine] = f"{repositories.pop()}@{digests.pop()}"
        tags[machine] = {reference.rpartition(":")[2] for reference in pushed}
    names = next(iter(tags.values()), set())
    if any(other != names for other in tags.values()):
        raise FactoryError(
            f"not all of {', '.join(tags)} have the same tags",
            "push the images of all machines as one version",
        )
    if len({machine.partition(" ")[0] for machine in parts}) != 1:
        raise FactoryError(
            f"one index is of one image, not of {', '.join(parts) or 'none'}",
            "give the manifests of one image",
        )
    return Index(
        tuple(sorted(f"{repository}:{name}" for name in names)),
        tuple(parts[machine] for machine in sorted(parts)),
    )


def digest_of(index: str) -> str:
    """Return the digest of an index, given its exact text in the registry."""
    return f"sha256:{hashlib.sha256(index.encode()).hexdigest()}"


def exact(tags: Iterable[str]) -> tuple[str, ...]:
    """Return the references with an exact version, which must not change."""
    return tuple(tag for tag in tags if tag.rpartition(":")[2].count(".") >= 2)


def write_index(index: Index) -> str:
    """Write an index to the registry; return its digest.

    Raises:
        FactoryError: an exact version belongs to another image already, so nothing was written;
            or the registry refuses.
    """
    wanted = _imagetools("create", "--dry-run", *_tagged(index.tags), *index.parts)
    for tag in exact(index.tags):
        there = _there(tag)
        if there is not None and _images(there) != _images(wanted):
            raise FactoryError(
                f"{tag} stands for another image, and versions do not change: nothing was written",
                "give it a new version",
            )
    _imagetools("create", *_tagged(index.tags), *index.parts)
    written = _imagetools("inspect", "--raw", index.tags[0])
    if _images(written) != _images(wanted):
        raise FactoryError(
            f"{index.tags[0]} is not what was written",
            "somebody else wrote at the same time, or the registry is broken; look at it",
        )
    return digest_of(written)


def _tagged(tags: Iterable[str]) -> list[str]:
    return [word for tag in tags for word in ("--tag", tag)]


def _images(index: str) -> list[str]:
    return sorted(part["digest"] for part in json.loads(index)["manifests"])


def _there(tag: str) -> str | None:
    """Return the index under a tag; None if there is no such tag."""
    try:
        return _imagetools("inspect", "--raw", tag)
    except FactoryError as error:
        if "not found" in error.cause:
            return None
        raise


def _imagetools(*arguments: str) -> str:
    command = ["docker", "buildx", "imagetools", *arguments]
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise FactoryError("there is no docker command", "install Docker's client") from error
    if result.returncode:
        said = (result.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise FactoryError(
            f"docker buildx imagetools {arguments[0]}: {said}",
            "check the registry and the login; it needs docker's plugin buildx",
        )
    return result.stdout


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; print the digest of the index, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m factory.release.index", description=__doc__)
    parser.add_argument("repository", metavar="REPOSITORY", help="whose tags are written")
    parser.add_argument(
        "manifests",
        metavar="MANIFEST",
        nargs="+",
        type=Path,
        help="a manifest.json that build.py --push has left, one for each machine",
    )
    options = parser.parse_args(arguments)
    try:
        print(write_index(plan_index(options.repository, [_read(f) for f in options.manifests])))
    except FactoryError as error:
        print(f"error: {error.cause}\nhint: {error.hint}", file=sys.stderr)
        return 1
    return 0


def _read(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return {key: data[key] for key in ("image", "architecture", "pushed")}
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise FactoryError(
            f"{path} is no manifest of what was pushed: {type(error).__name__}: {error}",
            "build.py --push leaves one as build/IMAGE/manifest.json",
        ) from error


if __name__ == "__main__":
    sys.exit(main())
