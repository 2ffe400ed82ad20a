"""AutoBan against real attackers, while a household talks on the phone."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any

import docker
import pytest

from factory.build.engine import Engine
from factory.build.networks import make_network, remove_network
from factory.waiting import wait_for
from fixtures.attacker import Attacker, Attempt, Forgery, Plan, running_attacker
from fixtures.attacker.inside import AttackKind, Transport
from fixtures.softphone import Account, Phone
from tests.pbx import LABELS, Pbx

from .lab import Visit
from .talk import LONGEST_GAP, assert_talk, connect, gap_since, hum

pytestmark = pytest.mark.image("base", only=True)

MAXCOUNT = 10
MAXCHALLENGES = 5
FORGED = 150
ADDRESSES = 200
GUESSES, RATE = 40, 10
"""Of an attack, so that a busy machine bans in between. bench.autoban measures the latency."""

Record = Callable[[str, object], None]


@pytest.fixture
def attacker(lab: Visit, client: docker.DockerClient, softphone: str) -> Iterator[Attacker]:
    """An attacker on the PBX's network, whom nobody remembers afterwards."""
    if lab.lab.target.container:
        pytest.skip("a container of somebody else's is not attacked")
    with running_attacker(
        client, lab.lab.network, image=softphone, labels=LABELS, apart=True
    ) as attacker:
        yield attacker
    lab.pbx.run("autoban del watch,jail,parole,slow = all || :")  # there may be nobody


@contextmanager
def unbroken(alice: Phone, bob: Phone, record_property: Record) -> Iterator[None]:
    """The two talk all the while, and must not notice anything."""
    connect(alice, bob)
    since = hum(alice, bob)
    yield
    gap = gap_since(since, alice, bob)
    record_property("longest_gap_ms", round(1000 * gap))
    assert gap <= LONGEST_GAP


@pytest.fixture
def talk(lab: Visit, record_property: Record) -> Iterator[None]:
    """A call during which the test runs; the test fails if there was a gap."""
    alice, bob = lab.start("alice", "bob")
    with unbroken(alice, bob, record_property):
        yield


def members(pbx: Pbx, name: str) -> dict[str, dict[str, Any]]:
    """What is in a set, by address."""
    shown = json.loads(pbx.run("autoban --json"))
    return {row["address"]: row for row in shown["members"] if row["set"] == name}


def attack(server: str, kind: AttackKind, transport: Transport) -> Plan:
    return Plan(
        server,
        kind,
        GUESSES,
        user="proof-alice",
        transport=transport,
        rate=RATE,
        timeout=0.3,
    )


def answered(attempts: Sequence[Attempt]) -> int:
    return sum(attempt.code is not None for attempt in attempts)


def dropped(pbx: Pbx) -> int:
    """Packets that the kernel's own counters have seen dropped."""
    rules = json.loads(pbx.run("nft -j list counters table inet autoban"))["nftables"]
    return sum(entry["counter"]["packets"] for entry in rules if "counter" in entry)


def assert_banned(pbx: Pbx, attempts: Sequence[Attempt], most: int = MAXCOUNT) -> None:
    """The attacker got as far as the rules allow, and some time later no answer any more."""
    count = answered(attempts)
    assert most <= count < len(attempts)
    assert all(attempt.code is None for attempt in attempts[count:])
    assert dropped(pbx) > 0


@pytest.fixture(autouse=True)
def nothing_dropped_before(lab: Visit) -> None:
    lab.pbx.run("nft reset counters table inet autoban")


@pytest.mark.usefixtures("talk")
@pytest.mark.parametrize(
    ("kind", "transport"),
    [
        ("guess", "udp"),
        ("guess", "tcp"),
        ("guess", "tls"),
        ("scan", "udp"),
        ("invite", "udp"),
        ("invite", "tls"),
    ],
)
def test_attacker_who_guesses_is_banned(
    lab: Visit, attacker: Attacker, kind: AttackKind, transport: Transport
) -> None:
    plan = attack(lab.lab.server(), kind, transport)
    assert_banned(lab.pbx, attacker.attack(plan))
    assert attacker.address() in members(lab.pbx, "jail")


@pytest.mark.usefixtures("talk")
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_attacker_who_guesses_over_ipv6_is_banned(
    lab: Visit, attacker: Attacker, transport: Transport
) -> None:
    server, own = lab.pbx.address(6), attacker.address(6)
    plan = attack(server, "guess", transport)
    assert_banned(lab.pbx, attacker.attack(plan, [own]))
    assert own in members(lab.pbx, "jail")


@pytest.fixture
def wary(lab: Visit) -> Iterator[None]:
    """AutoBan counts challenges that nobody answers."""
    conf = "/etc/asterisk/autoban.conf"
    restart = "sv restart autoban && until autoban > /dev/null 2>&1; do :; done"
    before = lab.pbx.run(f"cat {conf}")
    lab.pbx.run(f"sed -i 's/^maxchallenges.*/maxchallenges = {MAXCHALLENGES}/' {conf}; {restart}")
    yield
    lab.pbx.run(f"cat > {conf} << 'END OF FILE'\n{before}\nEND OF FILE\n{restart}")


@pytest.mark.usefixtures("talk", "wary")
@pytest.mark.parametrize("transport", ["tcp", "tls"])
def test_attacker_who_only_asks_for_challenges_is_banned_if_configured(
    lab: Visit, attacker: Attacker, transport: Transport
) -> None:
    plan = attack(lab.lab.server(), "challenge", transport)
    assert_banned(lab.pbx, attacker.attack(plan), MAXCHALLENGES + MAXCOUNT)
    assert attacker.address() in members(lab.pbx, "jail")


@pytest.mark.usefixtures("talk", "wary")
def test_who_only_asks_for_challenges_over_udp_is_slowed_if_that_is_wanted(
    lab: Visit, attacker: Attacker
) -> None:
    plan = Plan(lab.lab.server(), "challenge", 30, user="proof-alice", timeout=0.3)
    attacker.attack(plan)
    assert attacker.address() in members(lab.pbx, "slow")
    assert members(lab.pbx, "jail") == {}


@pytest.mark.usefixtures("wary")
def test_phones_answer_their_challenges_however_many_there_are(lab: Visit) -> None:
    alice, bob = lab.start("alice", "bob")
    for number in range(2 * MAXCHALLENGES):
        alice.message(bob, f"hello {number}")
        assert bob.receives_message().body == f"hello {number}"
    connect(alice, bob)
    assert members(lab.pbx, "watch") == {}


@pytest.mark.usefixtures("talk")
def test_svcrack_is_banned(lab: Visit, attacker: Attacker) -> None:
    said = attacker.run(
        ["svcrack", "--maximumtime=3", "-u", "proof-alice", "-r", "1000-9999", lab.lab.server()]
    )
    assert "since we last received a response - stopping" in said
    assert members(lab.pbx, "jail")[attacker.address()]["count"] > MAXCOUNT
    assert dropped(lab.pbx) > 0


@pytest.mark.usefixtures("talk")
def test_svwar_is_slowed(lab: Visit, attacker: Attacker) -> None:
    """It answers no challenge, so that anybody may have sent what comes in its name.

    It gives up by itself after some users, since unknown ones are asked for passwords, too.
    """
    scan = ["svwar", "--maximumtime=2", "--force", "-e", "1000-1999", lab.lab.server()]
    assert "401 Unauthorized" in attacker.run(scan)
    for _ in range(MAXCOUNT // 2):  # of two users or more each
        if attacker.address() in members(lab.pbx, "slow"):
            break
        attacker.run(scan)
    assert attacker.address() in members(lab.pbx, "slow")
    assert members(lab.pbx, "jail") == {}


@contextmanager
def forging(attacker: Attacker, forgery: Forgery) -> Iterator[None]:
    """Somebody sends packets in another's name all the while."""
    with ThreadPoolExecutor() as pool:
        done = pool.submit(attacker.forge, forgery)
        yield
        done.result()


@pytest.mark.parametrize("invents", [False, True])
def test_a_forger_does_not_disturb_a_phone_that_is_registered(
    lab: Visit, attacker: Attacker, *, invents: bool
) -> None:
    """Not even while the packets come: those of the phone's own port are let through."""
    alice, bob = lab.start("alice", "bob")
    source = alice.address()
    attacker.forge(Forgery(lab.lab.server(), source, FORGED, invents=invents))
    wait_for(
        lambda: members(lab.pbx, "slow"),
        lambda slow: source in slow,
        seconds=10,
        otherwise="the address is not slow",
    )
    with forging(attacker, Forgery(lab.lab.server(), source, 2000, invents=invents)):
        connect(alice, bob)
        alice.hang_up()
        alice.unregister()
        alice.register(lab.lab.account("alice"), lab.lab.server())
        connect(bob, alice)
    assert members(lab.pbx, "jail") == {}
    assert dropped(lab.pbx) > 0


def test_a_forger_does_not_disturb_a_trunk(lab: Visit, attacker: Attacker) -> None:
    (alice,) = lab.start("alice")
    source = lab.trunk.address()
    for invents in (False, True):
        attacker.forge(Forgery(lab.lab.server(), source, FORGED, invents=invents))
    assert source not in {**members(lab.pbx, "slow"), **members(lab.pbx, "jail")}
    alice.call("+442079460123")
    lab.trunk.answer()
    assert_talk(alice, lab.trunk)
    alice.hang_up()
    lab.trunk.call(alice)
    alice.answer()


def test_a_household_is_not_locked_out_by_its_own_wrong_password(
    lab: Visit, record_property: Record
) -> None:
    """A second phone at the address of one that is registered."""
    if lab.lab.target.container:
        pytest.skip("a container of somebody else's is not attacked")
    alice, bob = lab.start("alice", "bob")
    second = Attacker(alice.container, [alice.address()])
    plan = Plan(lab.lab.server(), "guess", 3 * MAXCOUNT, user="proof-alice")
    with unbroken(alice, bob, record_property):
        assert answered(second.attack(plan)) == 3 * MAXCOUNT
        assert members(lab.pbx, "jail") == {}
    alice.hang_up()
    connect(bob, alice)


def test_flood_from_many_addresses_is_banned(
    lab: Visit,
    client: docker.DockerClient,
    softphone: str,
    stack: ExitStack,
    record_property: Record,
) -> None:
    """Two hundred addresses at a time, on a network by themselves: it has to be a larger one."""
    if lab.lab.target.container:
        pytest.skip("starts a container of its own, of an image")
    name = f"flood-{secrets.token_hex(4)}"
    network = make_network(Engine(client), name, LABELS, prefix=23)
    stack.callback(remove_network, network)
    pbx = lab.another_pbx("encrypted", cap_add=["NET_ADMIN"])
    alice, bob = lab.phones.phone("alice"), lab.phones.phone("bob")
    for phone, number in ((alice, "+12025550141"), (bob, "+12025550142")):
        phone.register(Account(phone.name, f"of-{phone.name}", number), pbx.address())
    network.connect(pbx.container)
    attacker = stack.enter_context(
        running_attacker(client, name, image=softphone, labels=LABELS, more=ADDRESSES)
    )
    sources = [address for address in attacker.addresses[1:] if ":" not in address]
    plan = Plan(_address(pbx, name), "guess", 25, user="alice", rate=5, timeout=2)
    with unbroken(alice, bob, record_property):
        attempts = attacker.attack(plan, sources)
    assert set(sources) <= members(pbx, "jail").keys()
    for source in sources:
        guesses = [attempt for attempt in attempts if attempt.source == source]
        assert_banned(pbx, guesses)
    assert pbx.is_healthy()


def _address(pbx: Pbx, network: str) -> str:
    pbx.container.reload()
    return str(pbx.container.attrs["NetworkSettings"]["Networks"][network]["IPAddress"])
