"""Nothing stays behind, also if the process of a test is killed."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import docker
import pytest

from tests.leftovers import RUN
from tests.pbx import LABELS, create_container
from tests.targets import Target

pytestmark = pytest.mark.image("mini", once=True)

SUITE = """
import os, secrets, docker
from pathlib import Path
from tests.pbx import LABELS

def test_is_killed():
    client, name = docker.from_env(), f"test-{secrets.token_hex(4)}"
    client.volumes.create(name, labels=LABELS)
    client.networks.create(name, labels=LABELS)
    container = client.containers.create(
        os.environ["REFERENCE"], name=name, network=name, labels=LABELS
    )
    container.start()
    Path("run").write_text(LABELS["asterisk-image-factory.run"])
    os._exit(3)
"""


def test_a_killed_process_leaves_nothing_behind(
    client: docker.DockerClient,
    image: str,
    targets: dict[str, Target],
    stack: ExitStack,
    root: Path,
    tmp_path: Path,
) -> None:
    reference = targets[image].reference
    of_another_run = create_container(client, reference, stack)
    (tmp_path / "test_suite.py").write_text(SUITE)
    (tmp_path / "pytest.ini").touch()
    outcome = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.leftovers", "-n", "1"],
        cwd=tmp_path,
        env={k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
        | {"PYTHONPATH": str(root), "REFERENCE": reference},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "crashed while running" in outcome.stdout, outcome.stderr
    run = (tmp_path / "run").read_text()
    assert run != LABELS[RUN]
    made: dict[str, str | list[str] | bool] = {"label": f"{RUN}={run}"}
    assert client.containers.list(all=True, filters=made) == []
    assert client.networks.list(filters=made) == []
    assert client.volumes.list(filters=made) == []
    of_another_run.reload()
