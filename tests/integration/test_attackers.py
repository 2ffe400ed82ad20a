"""AutoBan against real attackers, while a household talks on the phone."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Any

import docker
import pytest

from factory.candidate import make_network
from factory.engine import Engine, remove_network
from fixtures.attacker import Attacker, Attempt, Plan, running_attacker
from fixtures.attacker.inside import Kind, Transport
from fixtures.softphone import Call, Phone
from tests.pbx import LABELS, Pbx, create_container

from .lab import Visit
from .talk import assert_talk, connect

pytestmark = pytest.mark.image("base")

MAXCOUNT = 10
ADDRESSES = 200
LATE = 3
"""More than MAXCOUNT guesses may be answered: those that are under way before the kernel knows."""


@pytest.fixture
def attacker(lab: Visit, client: docker.DockerClient, softphone: str) -> Iterator[Attacker]:
    """An attacker on the PBX's network, whom nobody remembers afterwards."""
    if lab.lab.target.container:
        pytest.skip("a container of somebody else's is not attacked")
    with running_attacker(client, lab.lab.network, image=softphone, labels=LABELS) as attacker:
        yield attacker
    lab.pbx.run("autoban del watch,jail,parole = all || true")


@pytest.fixture
def talk(lab: Visit) -> tuple[Phone, Phone, Call]:
    """A call that goes on all the while."""
    alice, bob = lab.start("alice", "bob")
    call, _ = connect(alice, bob)
    assert_talk(alice, bob)
    return alice, bob, call


def members(pbx: Pbx, name: str) -> list[dict[str, Any]]:
    """What is in a set."""
    return [row for row in json.loads(pbx.run("autoban --json"))["members"] if row["set"] == name]


def jailed(pbx: Pbx) -> set[str]:
    return {row["address"] for row in members(pbx, "jail")}


def answered(attempts: Sequence[Attempt]) -> int:
    return sum(attempt.code is not None for attempt in attempts)


def dropped(pbx: Pbx) -> int:
    """Packets that the kernel's own counters have seen dropped."""
    rules = json.loads(pbx.run("nft -j list counters table inet autoban"))["nftables"]
    return sum(entry["counter"]["packets"] for entry in rules if "counter" in entry)


def assert_shut_out(pbx: Pbx, attempts: Sequence[Attempt], before: int) -> None:
    """The attacker got as far as the rules allow, and then no answer at all."""
    assert MAXCOUNT <= answered(attempts) <= MAXCOUNT + LATE
    assert all(attempt.code is None for attempt in attempts[MAXCOUNT + LATE :])
    assert attempts[0].source in jailed(pbx)
    assert dropped(pbx) > before


@pytest.mark.parametrize(
    ("kind", "transport"),
    [
        ("guess", "udp"),
        ("guess", "tcp"),
        ("guess", "tls"),
        ("scan", "udp"),
        ("invite", "udp"),
    ],
)
def test_who_guesses_is_shut_out_and_the_call_goes_on(
    lab: Visit,
    attacker: Attacker,
    talk: tuple[Phone, Phone, Call],
    kind: Kind,
    transport: Transport,
) -> None:
    alice, bob, _ = talk
    before = dropped(lab.pbx)
    plan = Plan(lab.lab.server(), kind, 30, user="proof-alice", transport=transport, patience=0.3)
    assert_shut_out(lab.pbx, attacker.attack(plan), before)
    assert_talk(alice, bob)


def test_who_guesses_over_ipv6_is_shut_out(lab: Visit, attacker: Attacker) -> None:
    before = dropped(lab.pbx)
    plan = Plan(lab.pbx.address(6), "guess", 30, user="proof-alice", patience=0.3)
    attempts = attacker.attack(plan, [attacker.address(6)])
    assert MAXCOUNT <= answered(attempts) <= MAXCOUNT + LATE
    assert dropped(lab.pbx) > before


def test_svcrack_is_shut_out(
    lab: Visit, attacker: Attacker, talk: tuple[Phone, Phone, Call]
) -> None:
    alice, bob, _ = talk
    before = dropped(lab.pbx)
    said = attacker.run(
        ["svcrack", "--maximumtime=3", "-u", "proof-alice", "-r", "1000-9999", lab.lab.server()]
    )
    assert "since we last received a response - stopping" in said
    (row,) = (x for x in members(lab.pbx, "jail") if x["address"] == attacker.address())
    assert MAXCOUNT < row["count"] <= MAXCOUNT + LATE
    assert dropped(lab.pbx) > before
    assert_talk(alice, bob)


def test_svwar_is_shut_out(lab: Visit, attacker: Attacker, talk: tuple[Phone, Phone, Call]) -> None:
    """It gives up by itself after two users, since unknown ones are asked for passwords, too."""
    alice, bob, _ = talk
    scan = ["svwar", "--maximumtime=2", "--force", "-e", "1000-1999", lab.lab.server()]
    for _ in range(MAXCOUNT // 2):
        assert "401 Unauthorized" in attacker.run(scan)
    assert attacker.address() not in jailed(lab.pbx)
    before = dropped(lab.pbx)
    assert "401 Unauthorized" not in attacker.run(scan)
    assert attacker.address() in jailed(lab.pbx)
    assert dropped(lab.pbx) > before
    assert_talk(alice, bob)


def test_a_household_is_not_locked_out_by_its_own_wrong_password(
    lab: Visit, talk: tuple[Phone, Phone, Call]
) -> None:
    """A second phone at the address of one that is registered."""
    if lab.lab.target.container:
        pytest.skip("a container of somebody else's is not attacked")
    alice, bob, _ = talk
    second = Attacker(alice.container, [alice.address()])
    plan = Plan(lab.lab.server(), "guess", 3 * MAXCOUNT, user="proof-alice")
    attempts = second.attack(plan)
    assert answered(attempts) == len(attempts)
    assert alice.address() not in jailed(lab.pbx)
    assert_talk(alice, bob)
    alice.hang_up()
    connect(bob, alice)
    assert_talk(alice, bob)


def test_a_flood_from_many_addresses_is_shut_out(
    lab: Visit, client: docker.DockerClient, softphone: str, stack: ExitStack
) -> None:
    """Two hundred addresses at a time; their network is larger than that of the lab."""
    if lab.lab.target.container:
        pytest.skip("starts a container of its own, of an image")
    name = f"flood-{secrets.token_hex(4)}"
    network = make_network(Engine(client), name, LABELS, prefix=23)
    stack.callback(remove_network, network)
    options = {"network_mode": None, "network": name, "cap_add": ["NET_ADMIN"]}
    container = create_container(client, lab.lab.target.reference, stack, **options)
    container.start()
    pbx = Pbx(container).await_health()
    attacker = stack.enter_context(
        running_attacker(client, name, image=softphone, labels=LABELS, more=ADDRESSES)
    )
    sources = [address for address in attacker.addresses[1:] if ":" not in address]
    plan = Plan(pbx.address(), "guess", 15, user="john.doe", rate=5, patience=2)
    attempts = attacker.attack(plan, sources)
    assert set(sources) <= jailed(pbx)
    for source in sources:
        own = [attempt for attempt in attempts if attempt.source == source]
        assert MAXCOUNT <= answered(own) <= MAXCOUNT + LATE, source
    assert pbx.is_well()
