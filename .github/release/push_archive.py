"""Pushes an image from an archive, started in the checkout with PYTHONPATH=. in the environment.

For a job that may push and therefore runs nothing that proves. It needs the packages of
requirements.lock, and of the checkout `factory`, `stages` and `runtime`. It imports no module that
starts or tests a container.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from docker.errors import DockerException
from semver import Version

from factory.build.engine import Engine
from factory.errors import FactoryError, PublishError, UsageError
from factory.plan.load import load_catalog
from factory.plan.tags import InvalidVersion, parse_version
from factory.release.docker_config import find_authorities, find_login, split_repository
from factory.release.push import is_insecure, push
from factory.release.push_plan import ImageToPush, make_plan, wanted_tags
from factory.release.registry import Registry

ROOT = Path(__file__).resolve().parents[2]


def load_archive(engine: Engine, archive: Path, image_id: str) -> None:
    """Load an archive of `docker save` that has to have one image, by its ID.

    The engine checks each layer against the digest in the image's configuration, and the ID is the
    digest of that (Docker Image Specification v1.2). So the ID stands for all of the image.

    Raises:
        PublishError: it has another image, more than one, or cannot be read.
    """
    try:
        with archive.open("rb") as data:
            loaded = {str(image.id) for image in engine.client.images.load(data)}
    except (OSError, DockerException) as error:
        raise PublishError(
            f"{archive} cannot be read: {error}", "see the job that made it"
        ) from error
    if loaded != {image_id}:
        raise PublishError(
            f"{archive} has {', '.join(sorted(loaded)) or 'no image'}, not {image_id}: "
            "nothing was pushed",
            "only the image that was proven may be pushed; build and prove it again",
        )


def push_image(
    engine: Engine, repository: str, image: ImageToPush, version: Version
) -> dict[str, str]:
    """Push an image under the tags of a version; return the digest of each.

    Raises:
        PublishError: the version belongs to another image, or something else arrived.
        RegistryError: the registry cannot be reached, or refuses.
    """
    host, path = split_repository(repository)
    login, insecure = find_login(host), is_insecure(engine, host)
    registry = Registry(host, path, login, insecure=insecure, authorities=find_authorities(host))
    registry.check_login()
    existing = registry.tags()
    held = {tag: registry.held(tag) for tag in wanted_tags([image], version, existing)}
    plan = make_plan(
        [image], version, existing, {tag: found for tag, found in held.items() if found}
    )
    digests = {}
    for step in plan.steps:
        engine.tag(step.id, repository, step.tag)
        if step.kind != "there":
            push(engine, repository, step.tag, login.for_engine() if login else {}, _no_progress)
        arrived = registry.held(step.tag)
        if arrived is None or not arrived.is_image(step.id):
            raise PublishError(
                f"{host} has {arrived.digest if arrived else 'nothing'} as {step.tag}, not what "
                "was pushed",
                "somebody else pushed at the same time, or the registry is broken; look at it",
            )
        digests[f"{repository}:{step.tag}"] = arrived.digest
        print(f"{repository}:{step.tag} {arrived.digest} {step.kind}", file=sys.stderr)
    return digests


def _no_progress(done: int, total: int) -> None:
    """Tell nothing: a log is no terminal."""


def run(options: argparse.Namespace) -> str:
    """Do what the command line asks; return the digest under which the image was pushed.

    Raises:
        FactoryError: with the cause and a hint.
    """
    catalog = load_catalog(ROOT)
    try:
        known: dict[str, Any] = json.loads(options.manifest.read_text(encoding="utf-8"))
        named, image_id = str(known["image"]), str(known["id"])
        version = parse_version(options.version)
    except InvalidVersion as error:
        raise UsageError(str(error)) from error
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise PublishError(
            f"{options.manifest} is no evidence of an image: {type(error).__name__}: {error}",
            "build.py leaves one as build/IMAGE/manifest.json",
        ) from error
    if options.image not in catalog.images or named != options.image:
        raise PublishError(
            f"{options.manifest} is about '{named}', not about '{options.image}'",
            f"known images: {', '.join(catalog.images)}",
        )
    engine = Engine.connect()
    load_archive(engine, options.archive, image_id)
    image = ImageToPush(named, image_id, default=named == catalog.default)
    pushed = push_image(engine, options.repository, image, version)
    known |= {"pushed": pushed, "tags": list(pushed)}
    options.manifest.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
    digests = set(pushed.values())
    if len(digests) != 1:
        raise PublishError(
            f"one image was pushed as {', '.join(sorted(digests))}", "see the registry"
        )
    return digests.pop()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; print the digest, and return the exit status."""
    parser = argparse.ArgumentParser(prog="push_archive.py", description=__doc__)
    add = parser.add_argument
    add("--version", metavar="X.Y.Z", required=True, help="version of the tags")
    add("--image", required=True, help="the image's name in stages/images.yaml")
    add("repository", metavar="REPOSITORY", help="with the registry's host")
    add("archive", metavar="ARCHIVE", type=Path, help="what `docker save IMAGE-ID` wrote")
    add(
        "manifest",
        metavar="MANIFEST",
        type=Path,
        help="build/IMAGE/manifest.json with the image's ID; gets the digest of each tag",
    )
    try:
        print(run(parser.parse_args(arguments)))
    except FactoryError as error:
        print(f"error: {error.cause}\nhint: {error.hint}", file=sys.stderr)
        return error.status
    return 0


if __name__ == "__main__":
    sys.exit(main())
