"""Images of the engine as archives; and how to be rid of all that a build left."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import docker


def saved(client: docker.DockerClient, image: str, file: Path) -> Path:
    with file.open("wb") as archive:
        archive.writelines(client.images.get(image).save())
    return file


def layers_of(archive: tarfile.TarFile) -> list[str]:
    manifest = archive.extractfile("manifest.json")
    assert manifest is not None
    layers: list[str] = json.load(manifest)[0]["Layers"]
    return layers


def remove_images(client: docker.DockerClient, images: Iterable[str]) -> None:
    """Removes images and all that was built upon them."""
    parents = {image["Id"]: image["ParentId"] for image in client.api.images(all=True)}
    waiting = set(images)
    while more := {child for child, parent in parents.items() if parent in waiting} - waiting:
        waiting |= more
    while waiting:
        # None that something stands on can go; what stood under one only goes along with it.
        highest = waiting - {parents.get(image) for image in waiting}
        for image in highest:
            with suppress(docker.errors.ImageNotFound):
                client.images.remove(image, force=True)
        waiting -= highest
