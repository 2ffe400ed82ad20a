"""What the engine keeps of a build never gives another one files of another time."""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from factory.build.builder import base_of, build
from factory.build.engine import Engine
from factory.build.session import Session
from factory.console import Console
from factory.plan.catalog import Catalog
from factory.plan.recipe import Recipe
from tests.reproducible.images import layers_of, remove_images, saved

Build = Callable[[int], str]


@pytest.fixture
def mini(
    engine: Engine, catalog: Catalog, root: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Build]:
    """Builds `mini` with no file that is later than that many seconds after 1970."""
    made: list[str] = []

    def build_mini(epoch: int) -> str:
        monkeypatch.setenv("SOURCE_DATE_EPOCH", str(epoch))
        console = Console(None, verbosity=-1)
        recipe = Recipe(root, "debian", ["mini"])
        base = base_of(Session(engine, catalog, recipe, console))
        made.append(build(Session(engine, catalog, recipe, console), base)["mini"])
        return made[-1]

    yield build_mini
    remove_images(engine.client, made)


def test_cached_build_has_no_file_later_than_its_epoch(
    mini: Build, engine: Engine, tmp_path: Path
) -> None:
    for epoch in (1_000_000_000, 900_000_000):
        assert latest(saved(engine.client, mini(epoch), tmp_path / "mini.tar")) == epoch


def latest(image: Path) -> float:
    """The time of the latest file in an image, as an archive."""
    with tarfile.open(image) as archive:
        layers = [archive.extractfile(name) for name in layers_of(archive)]
        return max(
            member.mtime
            for layer in layers
            if layer
            for member in tarfile.open(fileobj=layer)  # closed with the archive
        )
