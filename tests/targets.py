"""Which images the tests are run on: those of the catalog, or what the command line names."""

from __future__ import annotations

from dataclasses import dataclass

import docker
import pytest

from factory.build.engine import Engine, ImageInfo
from factory.plan.catalog import Catalog
from factory.plan.load import load_catalog

_KEY = pytest.StashKey[dict[str, "Target"]]()


@dataclass(frozen=True)
class Target:
    """An image to test.

    Attributes:
        image: The catalog's name for what it is; the tests of that image are run.
        reference: Name or image ID.
        container: A container of it that runs already; empty to start one.
    """

    image: str
    reference: str
    container: str = ""


def targets_of(config: pytest.Config) -> dict[str, Target]:
    """Returns the targets of a run by the catalog's names."""
    if _KEY not in config.stash:
        catalog = load_catalog(config.rootpath)
        config.stash[_KEY] = {target.image: target for target in _find(config, catalog)}
    return config.stash[_KEY]


def images_from(catalog: Catalog, lowest: str, *, only: bool, optional: bool) -> list[str]:
    """Returns an image and, unless it is to be the only one, all that stand on it.

    Args:
        catalog: Has the images.
        lowest: The image.
        only: Whether it is to be the only one.
        optional: Whether those that are optional belong to all. What they have of the others was
            tested there.
    """
    above = () if only else catalog.images if optional else catalog.usual_images
    return [
        name
        for name in catalog.images
        if name == lowest or (lowest in catalog.lineage(name) and name in above)
    ]


def name_of(info: ImageInfo, catalog: Catalog) -> str:
    """Returns what an image is in the catalog's terms.

    Its label says so if it is ours. Otherwise one that serves SIP over TLS is tested like base,
    any other like mini.
    """
    label = info.labels.get("org.opencontainers.image.ref.name", "")
    if label in catalog.images:
        return label
    return "base" if "5061/tcp" in info.ports else "mini"


def _find(config: pytest.Config, catalog: Catalog) -> list[Target]:
    container = config.getoption("--container")
    wanted = config.getoption("--image")
    if container and wanted:
        raise pytest.UsageError("--container and --image exclude each other")
    if container:
        if config.getoption("numprocesses", None):
            raise pytest.UsageError("--container: one test at a time, without -n")
        try:
            found = docker.from_env().containers.get(container)
        except docker.errors.NotFound as error:
            raise pytest.UsageError(f"there is no container {container}") from error
        if found.status != "running":
            raise pytest.UsageError(f"the container {container} does not run: {found.status}")
        info = Engine.connect().image(found.attrs["Image"])
        return [Target(name_of(info, catalog), info.id, container)]
    if not wanted:
        return [Target(name, f"{catalog.repository}:{name}") for name in catalog.images]
    return [_target(text, catalog) for text in wanted]


def _target(text: str, catalog: Catalog) -> Target:
    name, separator, reference = text.partition("=")
    if not separator:
        reference = text
    elif name not in catalog.images:
        raise pytest.UsageError(
            f"--image {text}: '{name}' is no image of the catalog ({', '.join(catalog.images)})"
        )
    info = Engine.connect().find_image(reference)
    if info is None:
        raise pytest.UsageError(f"--image {text}: the engine has no image {reference}")
    return Target(name if separator else name_of(info, catalog), reference)
