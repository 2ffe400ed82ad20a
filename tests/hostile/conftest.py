"""Victims for the attacks; each test has one of its own."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import docker
import pytest

from tests.hostile.victim import Victim
from tests.report.evidence import Attachments
from tests.targets import Target, targets_of

Attack = Callable[..., Victim]
IMAGES = ("full", "mini")
"""`full` has every service and command; `mini` is another start."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Runs a test of the start on both images, and one with the marker `commands` on `full`."""
    if "victims_image" in metafunc.fixturenames:
        wanted = IMAGES[:1] if metafunc.definition.get_closest_marker("image") else IMAGES
        tested = [name for name in wanted if name in targets_of(metafunc.config)]
        metafunc.parametrize("victims_image", tested, scope="session")


@pytest.fixture
def attack(
    client: docker.DockerClient,
    targets: dict[str, Target],
    victims_image: str,
    stack: ExitStack,
    tmp_path: Path,
    evidence: Attachments,
) -> Attack:
    """Starts a victim: attack(volume=…, **options of the container)."""

    def make(*, healthy: bool = True, **options: Any) -> Victim:
        reference = targets[victims_image].reference
        victim = Victim(client, reference, stack, tmp_path, **options)
        evidence.add("log", lambda folder: _keep(folder, victim))
        victim.start()
        if healthy:
            victim.await_outcome(healthy=True)
        return victim

    return make


def _keep(folder: Path, victim: Victim) -> None:
    (folder / f"{victim.container.name}.log").write_bytes(victim.container.logs())
