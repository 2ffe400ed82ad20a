"""Removes what tests leave behind whose process was killed. A plugin of pytest.

Each test removes what it made. A process of pytest-xdist that is killed, or that has no time left
when the run is interrupted, cannot; so the process that remains looks for what is marked as of this
run.
"""

from __future__ import annotations

import secrets
from typing import Any

import docker
import pytest

from factory.build.containers import remove_container
from factory.build.networks import remove_network
from factory.proof import gate
from tests.pbx import LABELS

RUN = "asterisk-image-factory.run"


def pytest_configure(config: pytest.Config) -> None:
    """Marks all that tests make from now on as of this run."""
    run = getattr(config, "workerinput", {}).get(RUN) or secrets.token_hex(8)
    LABELS[RUN] = gate.LABELS[RUN] = run


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tells a process of pytest-xdist to which run it belongs."""
    node.workerinput[RUN] = LABELS[RUN]


def pytest_unconfigure(config: pytest.Config) -> None:
    """Removes what is left of this run, when all its other processes have ended."""
    if hasattr(config, "workerinput"):
        return
    try:
        client = docker.from_env()
    except docker.errors.DockerException:
        return  # no engine, so nothing was made
    ours: dict[str, str | list[str] | bool] = {"label": f"{RUN}={LABELS[RUN]}"}
    for container in client.containers.list(all=True, filters=ours, ignore_removed=True):
        remove_container(container)
    for network in client.networks.list(filters=ours):
        remove_network(network)
    for volume in client.volumes.list(filters=ours):
        volume.remove(force=True)
