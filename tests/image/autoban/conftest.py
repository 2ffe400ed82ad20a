"""A PBX whose packet filter AutoBan may change, and attackers beside it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import docker
import pytest

from factory.build.engine import Engine
from factory.build.networks import make_network, remove_network
from fixtures.attacker import Attacker, running_attacker
from tests.image.conftest import Start
from tests.pbx import LABELS, Pbx

from .steps import at_work


@pytest.fixture
def network(client: docker.DockerClient, stack: ExitStack) -> str:
    name = f"test-{secrets.token_hex(4)}"
    stack.callback(remove_network, make_network(Engine(client), name, LABELS))
    return name


@pytest.fixture
def options(network: str) -> dict[str, Any]:
    """For a container on the network that may change its packet filter."""
    return {
        "network": network,
        "network_mode": None,
        "cap_add": ["NET_ADMIN"],
        "environment": {"SYSLOG_LEVEL": "7"},
    }


@pytest.fixture
def newcomer(
    client: docker.DockerClient, softphone: str, network: str, stack: ExitStack
) -> Callable[[], Attacker]:
    """Brings one more attacker, with another address."""

    def bring() -> Attacker:
        new = running_attacker(client, network, image=softphone, labels=LABELS)
        return stack.enter_context(new)

    return bring


@pytest.fixture
def attacker(newcomer: Callable[[], Attacker]) -> Attacker:
    return newcomer()


@pytest.fixture
def own(start: Start, options: dict[str, Any]) -> Iterator[Pbx]:
    """A PBX that drops; at the end nothing may have gone wrong unnoticed."""
    pbx = at_work(start(**options))
    yield pbx
    assert "Traceback" not in pbx.logs()
