"""Images made for a test, the softphone, and a look at what the gate leaves behind."""

from __future__ import annotations

import io
import secrets
import tarfile
from collections.abc import Callable, Iterator

import docker
import pytest

from factory.build.builder import base_of
from factory.build.engine import Engine
from factory.build.session import Session
from factory.console import Console
from factory.plan.catalog import Catalog
from factory.plan.recipe import Recipe
from factory.proof import gate
from tests.conftest import ROOT

Build = Callable[[str, str], str]


@pytest.fixture(scope="session")
def client(engine: Engine) -> docker.DockerClient:
    return engine.client


@pytest.fixture(scope="session")
def base(engine: Engine, catalog: Catalog) -> str:
    """The distribution's base image."""
    return base_of(
        Session(engine, catalog, Recipe(ROOT, "debian", ["full"]), Console(None, verbosity=-1))
    )


@pytest.fixture
def build(engine: Engine, client: docker.DockerClient) -> Iterator[Build]:
    """Makes an image of another one and one instruction; it gets no name, and is removed."""
    made: list[str] = []

    def build(reference: str, instruction: str) -> str:
        dockerfile = f"FROM {reference} AS changed\n{instruction}\n".encode()
        context = io.BytesIO()
        with tarfile.open(fileobj=context, mode="w") as tar:
            entry = tarfile.TarInfo("Dockerfile")
            entry.size = len(dockerfile)
            tar.addfile(entry, io.BytesIO(dockerfile))
        context.seek(0)
        # Without the cache, so that no other test has, or removes, the same image.
        made.append(engine.build(context, "changed", {}, lambda _: None, no_cache=True))
        return made[-1]

    yield build
    for image in made:
        client.images.remove(image, force=True, noprune=True)


@pytest.fixture
def leftovers(
    client: docker.DockerClient, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], list[str]]:
    """Marks all that the gate makes during the test; tells what is left of it."""
    mark = secrets.token_hex(8)
    monkeypatch.setitem(gate.LABELS, "test", mark)

    def leftovers() -> list[str]:
        mine: dict[str, str | list[str] | bool] = {"label": f"test={mark}"}
        return [
            *(f"container {x.name}" for x in client.containers.list(all=True, filters=mine)),
            *(f"network {x.name}" for x in client.networks.list(filters=mine)),
            *(f"volume {x.name}" for x in client.volumes.list(filters=mine)),
        ]

    return leftovers
