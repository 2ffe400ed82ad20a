"""A checkout, act, and what is to be removed afterwards."""

from __future__ import annotations

import json
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
    (tmp_path / "act").mkdir()
    checkout = make_checkout(root, tmp_path / "checkout", repository)
    return Act(checkout, tmp_path / "act", kept / f"{request.node.name}.log")


@pytest.fixture
def images(act: Act, repository: str, client: docker.DockerClient) -> Iterator[None]:
    """At the end, the engine forgets what was built for the test's repository."""
    yield
    for image in client.api.images():  # without a question for each
        for name in image["RepoTags"] or ():
            if repository in name:
                client.images.remove(name, force=True, noprune=True)
    for manifest in act.artifacts.rglob("manifest.json"):
        made = json.loads(manifest.read_text())["id"]
        if client.api.images(filters={"dangling": True}) and made in [
            str(image["Id"]) for image in client.api.images(filters={"dangling": True})
        ]:
            client.images.remove(made, force=True, noprune=True)
