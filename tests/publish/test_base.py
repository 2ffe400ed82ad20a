"""The base that a registry has: pulled, known by its digest, and renewed."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from factory.build.base import REPOSITORY, BaseRecipe, ensure_base, known_base
from factory.build.engine import Engine
from factory.build.renewal import KnownBase
from factory.plan.models import Distribution
from fixtures.registry import RegistryServer
from tests.publish.conftest import MakeImage


@pytest.fixture
def wanted(
    registry: RegistryServer, path: str, root: Path, client: docker.DockerClient
) -> Iterator[BaseRecipe]:
    """A base in the test's own repository; the engine forgets it at the end."""
    pull = f"{registry.address}/{path}:{{suite}}-slim"
    recipe = BaseRecipe(Distribution(suite="forky", pull=pull), root / "stages")
    yield recipe
    for image in client.images.list(name=REPOSITORY):
        for name in image.tags:
            if recipe.tag() in name:
                client.images.remove(name, noprune=True)


def release(client: docker.DockerClient, wanted: BaseRecipe, image: str) -> str:
    """Pushes an image as the registry's base; returns its digest."""
    repository, _, tag = wanted.distribution.base.rpartition(":")
    client.api.tag(image, repository, tag, force=True)
    lines = client.api.push(repository, tag, stream=True, decode=True)
    (digest,) = [line["aux"]["Digest"] for line in lines if "aux" in line]
    return str(digest)


def renewed(engine: Engine, wanted: BaseRecipe) -> KnownBase:
    ensure_base(engine, wanted, print, renew=True)
    known = known_base(engine, wanted)
    assert known is not None
    return known


def test_base_of_a_registry_is_known_by_its_digest_and_renewed(
    wanted: BaseRecipe, engine: Engine, client: docker.DockerClient, make_image: MakeImage
) -> None:
    reference = wanted.distribution.base
    bases = []
    for image in (make_image(9), make_image(9)):
        digest = release(client, wanted, image)
        bases.append(renewed(engine, wanted))
        assert (bases[-1].id, bases[-1].identity) == (image, f"{reference}@{digest}")
    assert bases[0].identity != bases[1].identity
    today = f"{datetime.datetime.now(datetime.UTC):%Y%m%d}"
    tags = [tag for tag in engine.tags_of(REPOSITORY) if tag.startswith(wanted.tag())]
    assert sorted(tags) == [wanted.tag(), f"{wanted.tag()}-{today}"]
