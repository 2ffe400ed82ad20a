"""Images that the documents build upon ours can be built, and run."""

from __future__ import annotations

import secrets
from contextlib import ExitStack
from pathlib import Path

import docker
import pytest

from factory.waiting import wait_for
from tests.docs.rules import blocks_of, place
from tests.docs.snippets import Snippet
from tests.pbx import LABELS, Pbx, create_container
from tests.targets import Target

pytestmark = pytest.mark.image("xtra", only=True)

SERVICE = "my-service"


@pytest.mark.parametrize("block", blocks_of("dockerfile"), ids=place)
def test_an_image_of_ones_own_is_built(
    image: str,
    block: Snippet,
    client: docker.DockerClient,
    targets: dict[str, Target],
    stack: ExitStack,
    tmp_path: Path,
) -> None:
    """The service that it adds runs in it."""
    first, rest = block.text.split("\n", 1)
    assert first.removeprefix("FROM ").startswith("mlan/asterisk:")
    (tmp_path / "Dockerfile").write_text(f"FROM {targets[image].reference}\n{rest}")
    service = tmp_path / SERVICE
    service.mkdir()
    (service / "run").write_text("#!/bin/sh\nexec sleep infinity\n")
    (service / "run").chmod(0o755)
    tag = f"docs-{secrets.token_hex(4)}"
    client.images.build(path=str(tmp_path), tag=tag, labels=LABELS, rm=True)
    stack.callback(client.images.remove, tag, force=True)
    container = create_container(client, tag, stack)
    container.start()
    pbx = Pbx(container).await_health()
    wait_for(
        lambda: pbx.run(f"sv status {SERVICE}"),
        lambda status: status.startswith("run:"),
        seconds=5,
        otherwise="the service does not run",
    )
