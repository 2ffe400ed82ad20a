"""The surroundings in which documents are executed."""

from __future__ import annotations

from contextlib import ExitStack

import docker
import pytest

from factory.plan.catalog import Catalog
from tests.docs.workspace import Surroundings, surroundings
from tests.targets import Target


@pytest.fixture(scope="session")
def around(
    image: str,
    client: docker.DockerClient,
    catalog: Catalog,
    targets: dict[str, Target],
    softphone: str,
    resources: ExitStack,
    tmp_path_factory: pytest.TempPathFactory,
) -> Surroundings:
    """What is there for all documents. The bare name of the images means the one that is tested."""
    images = {f"{catalog.repository}:{name}": target.reference for name, target in targets.items()}
    images[catalog.repository] = targets[image].reference
    folder = tmp_path_factory.mktemp("documents")
    return surroundings(client, images, softphone, folder, resources)
