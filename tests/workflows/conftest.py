"""A checkout, act, and what is to be removed afterwards."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from factory.build.engine import Engine
from tests.workflows.act import Act
from tests.workflows.checkout import make_checkout


@pytest.fixture(scope="session")
def client(engine: Engine) -> docker.DockerClient:
    return engine.client


@pytest.fixture
def repository() -> str:
    """OWNER/NAME of the test's own."""
    return f"tests-{secrets.token_hex(4)}/asterisk"


@pytest.fixture
def act(
    root: Path, tmp_path: Path, kept: Path, repository: str, request: pytest.FixtureRequest
) -> Act:
    folder = tmp_path / "act"
    folder.mkdir()
    checkout = make_checkout(root, tmp_path / "checkout", repository)
    return Act(checkout, folder, kept / f"{request.node.name}.log")


@pytest.fixture
def built(repository: str, client: docker.DockerClient) -> Iterator[None]:
    """What a workflow builds for the test's repository: gone from the engine at the end."""
    yield
    source = f"org.opencontainers.image.source=https://github.com/{repository}"
    while images := client.api.images(filters={"label": source}):  # at last the steps of its build
        for image in images:
            client.images.remove(image["Id"], force=True, noprune=True)
