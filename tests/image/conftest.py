"""Containers for the tests. A test marked for an image also runs on all that stand on it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, cast

import docker
import pytest
import testinfra
from docker.models.containers import Container

from factory.catalog import Catalog, load_catalog
from factory.engine import remove_container
from factory.waiting import wait_for

LABELS = {"asterisk-image-factory": "tests"}
START_SECONDS = 30

Start = Callable[..., "Pbx"]


class Pbx:
    """A container of one of the images."""

    def __init__(self, container: Container) -> None:
        self.container = container
        self.host: Any = testinfra.get_host(f"docker://{container.id}")

    def run(self, script: str, user: str = "root") -> str:
        """Runs a shell script in the container; returns what it printed."""
        result = self.container.exec_run(["sh", "-c", script], user=user)
        output = cast(bytes, result.output).decode()
        assert result.exit_code == 0, f"{script}: status {result.exit_code}: {output}"
        return output.strip()

    def asterisk(self, command: str) -> str:
        """Asks the Asterisk console."""
        return self.run(f"asterisk -rx '{command}'")

    def logs(self) -> str:
        """All that the container printed."""
        return self.container.logs().decode()

    def is_well(self) -> bool:
        """Whether the health check passes now."""
        return bool(self.container.exec_run(["healthcheck"]).exit_code == 0)

    def await_health(self) -> Pbx:
        """Waits until the health check passes."""

        def state() -> tuple[bool, str]:
            self.container.reload()
            assert self.container.status == "running", self.logs()
            result = self.container.exec_run(["healthcheck"])
            return result.exit_code == 0, str(result.output)

        wait_for(state, lambda s: s[0], seconds=START_SECONDS, otherwise="not healthy")
        return self

    def await_end(self, seconds: float = 20) -> int:
        """Waits until the container has ended; returns its exit status."""

        def status() -> str:
            self.container.reload()
            return self.container.status

        wait_for(status, lambda s: s == "exited", seconds=seconds, otherwise="did not end")
        return int(self.container.attrs["State"]["ExitCode"])

    def pid(self, program: str) -> str:
        """The id of the one process of a program."""
        return self.run(f"pidof {program}")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Runs a test on the image of its marker, and on every image that stands on that."""
    if "image" not in metafunc.fixturenames:
        return
    catalog = load_catalog(metafunc.config.rootpath)
    marker = metafunc.definition.get_closest_marker("image")
    lowest = marker.args[0] if marker and marker.args else next(iter(catalog.images))
    only = bool(marker and marker.kwargs.get("only"))
    names = [
        name
        for name in catalog.images
        if name == lowest or (lowest in catalog.lineage(name) and not only)
    ]
    metafunc.parametrize("image", names, scope="session")


@pytest.fixture(scope="session")
def client(catalog: Catalog) -> docker.DockerClient:
    """The engine; the images have to be there."""
    client = docker.from_env()
    for name in catalog.images:
        try:
            client.images.get(f"{catalog.repository}:{name}")
        except docker.errors.ImageNotFound:
            pytest.exit(f"there is no image {name}: run `make image IMAGE=all` first", 1)
    return client


@pytest.fixture(scope="session")
def repository(catalog: Catalog) -> str:
    return catalog.repository


@pytest.fixture(scope="session")
def resources() -> Iterator[ExitStack]:
    """What lives as long as the run."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture(scope="session")
def running(
    client: docker.DockerClient, repository: str, resources: ExitStack
) -> Callable[[str], Pbx]:
    """One container for each image, started when first asked for; for tests that only look."""
    known: dict[str, Pbx] = {}

    def get(image: str) -> Pbx:
        if image not in known:
            container = _create(client, f"{repository}:{image}", resources)
            container.start()
            known[image] = Pbx(container).await_health()
        return known[image]

    return get


@pytest.fixture
def pbx(image: str, running: Callable[[str], Pbx]) -> Pbx:
    """A healthy container of the image; leave it as it is."""
    return running(image)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """What lives as long as the test; the last made goes first."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def volume(client: docker.DockerClient, stack: ExitStack) -> str:
    """An empty named volume."""
    volume = client.volumes.create(labels=LABELS)
    stack.callback(volume.remove, force=True)
    return str(volume.name)


@pytest.fixture
def start(client: docker.DockerClient, repository: str, image: str, stack: ExitStack) -> Start:
    """Starts a container of one's own: start(environment={…}); removed after the test."""

    def start(command: list[str] | None = None, *, wait: bool = True, **options: Any) -> Pbx:
        container = _create(client, f"{repository}:{image}", stack, command=command, **options)
        container.start()
        return Pbx(container).await_health() if wait else Pbx(container)

    return start


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder of the host to mount."""
    folder = tmp_path / "srv"
    folder.mkdir()
    return folder


def _create(
    client: docker.DockerClient, reference: str, stack: ExitStack, **options: Any
) -> Container:
    container = client.containers.create(
        reference,
        name=f"test-{secrets.token_hex(4)}",
        labels=LABELS,
        # Asked by hand where a test wants to know, so that nothing else runs in between.
        **{"healthcheck": {"test": ["NONE"]}, "network_mode": "none", **options},
    )
    stack.callback(remove_container, container)
    return container
