"""Containers for the tests. A test marked for an image also runs on all that stand on it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import docker
import pytest

from tests.pbx import LABELS, Pbx, create_container
from tests.report.evidence import Attachments
from tests.targets import Target

Start = Callable[..., Pbx]


@pytest.fixture(scope="session")
def running(
    client: docker.DockerClient, targets: dict[str, Target], resources: ExitStack
) -> Callable[[str], Pbx]:
    """One container for each image, started when first asked for; for tests that only look."""
    known: dict[str, Pbx] = {}

    def get(image: str) -> Pbx:
        if image not in known:
            container = create_container(client, targets[image].reference, resources)
            container.start()
            known[image] = Pbx(container).await_health()
        return known[image]

    return get


@pytest.fixture
def pbx(image: str, running: Callable[[str], Pbx], evidence: Attachments) -> Pbx:
    """A healthy container of the image; leave it as it is."""
    pbx = running(image)
    _keep_log(evidence, pbx)
    return pbx


@pytest.fixture
def volume(client: docker.DockerClient, stack: ExitStack) -> str:
    """An empty named volume."""
    volume = client.volumes.create(labels=LABELS)
    stack.callback(volume.remove, force=True)
    return str(volume.name)


@pytest.fixture
def start(
    client: docker.DockerClient,
    targets: dict[str, Target],
    image: str,
    stack: ExitStack,
    evidence: Attachments,
) -> Start:
    """Starts a container of one's own: start(environment={…}); removed after the test."""

    def start(command: list[str] | None = None, *, wait: bool = True, **options: Any) -> Pbx:
        container = create_container(
            client, targets[image].reference, stack, command=command, **options
        )
        pbx = Pbx(container)
        _keep_log(evidence, pbx)
        container.start()
        return pbx.await_health() if wait else pbx

    return start


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder of the host to mount."""
    folder = tmp_path / "srv"
    folder.mkdir()
    return folder


def _keep_log(evidence: Attachments, pbx: Pbx) -> None:
    def keep(folder: Path) -> None:
        (folder / f"{pbx.container.name}.log").write_text(pbx.logs())

    evidence.add(f"log of {pbx.container.name}", keep)
