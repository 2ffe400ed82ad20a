"""Two builds of the same commit from the same packages, with nothing of the first in the second."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import docker
import pytest

from factory.build.base import machine_mirror
from factory.build.builder import base_of, build
from factory.build.engine import Engine
from factory.build.session import Session
from factory.console import Console
from factory.plan.catalog import Catalog
from factory.plan.recipe import Recipe
from factory.plan.snapshot import Snapshot
from fixtures.archive import frozen_archive
from tests.reproducible.images import layers_of, remove_images, saved
from tests.reproducible.layers import first_difference

MOMENT = "20260101T000000Z"


@pytest.fixture
def builds(
    engine: Engine, catalog: Catalog, root: Path, tmp_path: Path
) -> Iterator[list[Mapping[str, str]]]:
    """The ids of all images, built twice without any cache, from an archive that stays as it is."""
    original = machine_mirror()
    if not original:
        pytest.skip("this machine installs from no archive of Debian")
    debian = catalog.distributions["debian"]
    bridge = engine.client.networks.get("bridge").attrs["IPAM"]["Config"][0]["Gateway"]
    kept = tmp_path / "archive"
    kept.mkdir()
    console = Console(None, verbosity=-1)
    bases: list[str] = []
    made: list[Mapping[str, str]] = []
    try:
        with frozen_archive(original, bridge, kept) as url:
            frozen = debian.model_copy(update={"snapshots": url})
            snapshot = Snapshot.of(frozen, MOMENT)
            recipe = Recipe(root, "debian", list(catalog.images), snapshot=snapshot, no_cache=True)
            for _ in range(2):
                base = base_of(Session(engine, catalog, recipe, console))
                bases.append(engine.image(base).id)
                made.append(build(Session(engine, catalog, recipe, console), base))
        yield made
    finally:
        candidates = [image_id for ids in made for image_id in ids.values()]
        remove_images(engine.client, [*candidates, *bases])


@pytest.mark.rebuild
def test_the_same_sources_give_the_same_layers(
    builds: list[Mapping[str, str]], engine: Engine, tmp_path: Path
) -> None:
    first, second = builds
    for image in first:
        old, new = engine.image(first[image]), engine.image(second[image])
        assert old.id != new.id, "the second came from a cache"
        if old.layers != new.layers:
            pytest.fail(f"{image}: {difference(engine.client, old.id, new.id, tmp_path)}")
    assert first.keys() == second.keys()


def difference(client: docker.DockerClient, old: str, new: str, folder: Path) -> str:
    """Says in which layer two images differ first, and in which file."""
    with (
        tarfile.open(saved(client, old, folder / "old.tar")) as before,
        tarfile.open(saved(client, new, folder / "new.tar")) as after,
    ):
        names = [layers_of(before), layers_of(after)]
        for number, (was, is_now) in enumerate(zip(*names, strict=False)):
            here, there = before.extractfile(was), after.extractfile(is_now)
            assert here is not None
            assert there is not None
            if told := first_difference(here, there):
                return f"layer {number}: {told}"
    return f"{len(names[0])} and {len(names[1])} layers, or the archives alone differ"
