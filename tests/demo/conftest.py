"""A copy of the demo with names, ports and addresses of its own, for each test."""

from __future__ import annotations

import ipaddress
import secrets
import tempfile
from contextlib import ExitStack
from pathlib import Path

import docker
import pytest

from factory.build.builder import base_of
from factory.build.engine import Engine
from factory.build.networks import Network, make_network, remove_network
from factory.build.session import Session
from factory.console import Console
from factory.plan.catalog import Catalog
from factory.plan.recipe import Recipe
from fixtures.compose import Compose, version_1, version_2
from fixtures.softphone import Softphones
from tests.pbx import LABELS
from tests.report.evidence import Attachments
from tests.targets import Target

from .demo import Demo


@pytest.fixture
def compose_1() -> Compose:
    """Docker Compose 1."""
    found = version_1()
    if found is None:
        pytest.skip("docker-compose 1 is not here; Debian has it in bookworm, and no later")
    return found


@pytest.fixture
def compose_2(client: docker.DockerClient, catalog: Catalog, root: Path) -> Compose:
    """Docker Compose 2."""
    engine = Engine.connect()
    base = base_of(
        Session(engine, catalog, Recipe(root, "debian", []), Console(None, verbosity=-1))
    )
    return version_2(client, base, root / "build" / "compose", LABELS)


@pytest.fixture
def compose(request: pytest.FixtureRequest) -> Compose:
    """That which a test names by parametrize."""
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Compose)
    return found


@pytest.fixture
def outside(client: docker.DockerClient, stack: ExitStack) -> Network:
    """A network which the demo is not on; from there it is reached by published ports only."""
    name = f"outside-{secrets.token_hex(4)}"
    network = make_network(Engine(client), name, LABELS, internal=False)
    stack.callback(remove_network, network)
    network.reload()
    return network


@pytest.fixture
def phones(
    client: docker.DockerClient, softphone: str, outside: Network, stack: ExitStack
) -> Softphones:
    """Phones out there."""
    phones = Softphones(client, str(outside.name), labels=LABELS, image=softphone)
    stack.callback(phones.close)
    return phones


@pytest.fixture
def reference(targets: dict[str, Target], image: str) -> str:
    """The image to start."""
    return targets[image].reference


@pytest.fixture
def demo(
    client: docker.DockerClient,
    reference: str,
    compose: Compose,
    outside: Network,
    evidence: Attachments,
    stack: ExitStack,
) -> Demo:
    """The demo, on the address that this machine has on the network outside."""
    subnet = ipaddress.ip_network(outside.attrs["IPAM"]["Config"][0]["Subnet"])
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="demo-")))
    demo = Demo(client, folder / "demo", reference, compose, str(subnet[1]))

    def keep(folder: Path) -> None:
        (folder / "demo.log").write_text(demo.log())

    evidence.add("demo", keep)
    stack.callback(demo.do, "make destroy")
    return demo
