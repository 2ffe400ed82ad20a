"""SIPp against an image: what the benches load servers with does what it says."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

import docker
import pytest

from bench.accounts import users
from bench.side import Side
from factory.build.engine import Engine
from factory.build.networks import make_network, remove_network
from factory.waiting import wait_for
from fixtures.sipp import Sipp, SippError, running_sipp
from tests.pbx import LABELS, create_container
from tests.targets import Target

pytestmark = pytest.mark.image("base", only=True)
FEW = 4
HEARD = 50
"""Packets; a second of sound."""


@pytest.fixture
def pbx(
    client: docker.DockerClient, engine: Engine, image: str, targets: dict[str, Target]
) -> Iterator[tuple[Side, str]]:
    """A server with some users, and its network."""
    with ExitStack() as stack:
        network = f"test-{secrets.token_hex(4)}"
        stack.callback(remove_network, make_network(engine, network, LABELS))
        container = create_container(
            client, targets[image].reference, stack, network_mode=None, network=network
        )
        container.start()
        side = Side(engine, container, network, users()[: 2 * FEW])
        side.await_boot()
        side.add_users()
        side.await_accounts()
        yield side, network


@pytest.fixture
def sipp(client: docker.DockerClient, pbx: tuple[Side, str], sipp_image: str) -> Iterator[Sipp]:
    with running_sipp(client, pbx[1], image=sipp_image, labels=LABELS) as sipp:
        yield sipp


def test_calls_are_made_and_heard(pbx: tuple[Side, str], sipp: Sipp) -> None:
    side, _ = pbx
    answering = sipp.answer({side.address: side.phones}, 60)
    side.settle()

    calls = sipp.calls(side.address, side.pairs, f"-r 20 -m {FEW} -timeout 20", media=False)
    assert calls.wait(20) == 0, calls.said()
    assert sum(period.succeeded for period in calls.periods()) == FEW
    assert sum(period.responses for period in calls.periods()) == FEW

    sipp.count_media()
    talks = sipp.calls(side.address, side.pairs, f"-r 20 -l {FEW} -d 60000 -timeout 90", media=True)
    wait_for(
        lambda: [stream.came for stream in sipp.media().values()],
        lambda came: len(came) == FEW and min(came) > HEARD,
        seconds=20,
        otherwise="not all calls are heard",
    )
    assert f"{FEW} active calls" in side.console("core show channels count")
    talks.hang_up()
    side.settle()
    assert not answering.is_over()


def test_a_wrong_password_is_a_failure(pbx: tuple[Side, str], sipp: Sipp) -> None:
    side, _ = pbx
    right, wrong = side.callers[0], replace(side.callers[1], password="a-wrong-one")  # noqa: S106
    run = sipp.registrations(side.address, [right, wrong], "-r 10 -m 2 -timeout 10")
    assert run.wait(20) == 1
    periods = run.periods()
    assert sum(period.succeeded for period in periods) == 1
    assert sum(period.failed for period in periods) == 1
    with pytest.raises(SippError, match="could register"):
        sipp.answer({side.address: [wrong]}, 10)
