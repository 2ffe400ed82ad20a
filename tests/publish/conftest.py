"""A registry, the login for it, and small images to push."""

from __future__ import annotations

import base64
import io
import json
import os
import secrets
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest

from factory.build.engine import Engine
from fixtures.registry import (
    Between,
    RegistryServer,
    running_registry,
    standing_between,
)
from tests.pbx import LABELS

Login = Callable[[str, str, str], None]
MakeImage = Callable[[int], str]


@pytest.fixture(scope="session")
def client(engine: Engine) -> docker.DockerClient:
    return engine.client


@pytest.fixture(scope="session")
def shared_registry(client: docker.DockerClient, registry_image: str) -> Iterator[RegistryServer]:
    with running_registry(client, registry_image, LABELS) as server:
        yield server


@pytest.fixture
def login(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Login:
    """Logs Docker in, as `docker login` does, in a configuration of the test's own."""
    folder = tmp_path / "docker"
    folder.mkdir()
    monkeypatch.setenv("DOCKER_CONFIG", str(folder))
    monkeypatch.setenv("HOME", str(tmp_path))
    file = folder / "config.json"
    file.write_text("{}")

    def login(address: str, user: str, password: str) -> None:
        settings = json.loads(file.read_text())
        auth = base64.b64encode(f"{user}:{password}".encode()).decode()
        settings.setdefault("auths", {})[address] = {"auth": auth}
        file.write_text(json.dumps(settings))

    return login


@pytest.fixture
def registry(shared_registry: RegistryServer, login: Login) -> RegistryServer:
    """A registry where Docker is logged in."""
    login(shared_registry.address, shared_registry.user, shared_registry.password)
    return shared_registry


@pytest.fixture
def between(registry: RegistryServer, login: Login) -> Iterator[Between]:
    """What stands before that registry; Docker is logged in there, too."""
    with standing_between(registry) as between:
        login(between.address, registry.user, registry.password)
        yield between


@pytest.fixture
def path(client: docker.DockerClient) -> Iterator[str]:
    """Path of a repository of the test's own; the engine forgets all names with it at the end."""
    path = f"tests-{secrets.token_hex(4)}/asterisk"
    yield path
    for image in client.api.images():  # without a question for each
        for name in image["RepoTags"] or ():
            if path in name:
                client.images.remove(name, noprune=True)


@pytest.fixture
def make_image(client: docker.DockerClient) -> Iterator[MakeImage]:
    """Makes an image with so many bytes of noise; they are removed."""
    made: list[str] = []

    def make(size: int = 9) -> str:
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            entry = tarfile.TarInfo("noise")
            entry.size = size
            tar.addfile(entry, io.BytesIO(os.urandom(size)))
        answer = client.api.import_image_from_data(archive.getvalue())
        made.append(json.loads(answer.splitlines()[-1])["status"])
        return made[-1]

    yield make
    for name in made:
        client.images.remove(name, force=True, noprune=True)
