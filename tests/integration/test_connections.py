"""Floods of connections that say nothing: everybody else registers, calls, writes, and is heard."""

from __future__ import annotations

from contextlib import ExitStack

import docker
import pytest
from docker.types import Ulimit

from fixtures.attacker import Attacker, running_attacker
from fixtures.softphone import Account, Phone
from fixtures.softphone.account import Transport
from tests.pbx import LABELS, Pbx

from .lab import Visit
from .talk import assert_talk, connect

pytestmark = pytest.mark.image("base", only=True)

CONNECTIONS = 1100
LOG_BYTES = 20_000
"""Of log that a flood and all that a phone does meanwhile may make: 250 for each connection if each
had a line."""
ASK = """
import http.client, sys
connection = http.client.HTTPConnection(sys.argv[1], 80, timeout=20)
connection.request("GET", "/")
print(connection.getresponse().status)
"""


@pytest.mark.parametrize("hard", [1024, 20_000])
@pytest.mark.parametrize(
    ("port", "transport"), [(5060, "tcp"), (5061, "tls"), (80, "udp")], ids=["sip", "sips", "http"]
)
def test_connections_that_say_nothing_stop_nobody(
    lab: Visit,
    client: docker.DockerClient,
    softphone: str,
    stack: ExitStack,
    hard: int,
    port: int,
    transport: Transport,
) -> None:
    if lab.lab.target.container:
        pytest.skip("starts a container of its own, of an image")
    pbx = lab.another_pbx("encrypted", ulimits=[Ulimit(name="nofile", soft=1024, hard=hard)])
    pbx.await_health()
    attacker = stack.enter_context(
        running_attacker(client, lab.lab.network, image=softphone, labels=LABELS, apart=True)
    )
    alice, bob = lab.phones.phone("alice"), lab.phones.phone("bob")
    _register(alice, pbx, "+12025550141", transport)
    before = len(pbx.logs())
    with attacker.silent_connections(pbx.address(), port, CONNECTIONS):
        _register(bob, pbx, "+12025550142", transport)
        _assert_service(pbx, alice, bob)
    assert len(pbx.logs()) - before < LOG_BYTES
    carol = lab.phones.phone("carol")
    _register(carol, pbx, "+12025550143", transport)
    _assert_service(pbx, alice, carol)


def _register(phone: Phone, pbx: Pbx, number: str, transport: Transport) -> None:
    account = Account(phone.name, f"of-{phone.name}", number)
    phone.register(account, pbx.address(), transport=transport)


def _assert_service(pbx: Pbx, alice: Phone, bob: Phone) -> None:
    """Calls, messages, the console, WebSMS and health."""
    connect(alice, bob)
    assert_talk(alice, bob)
    alice.hang_up()
    bob.message(alice, "hello")
    assert alice.receives_message().body == "hello"
    assert pbx.is_healthy()
    assert Attacker(bob.container, []).run(["python3", "-c", ASK, pbx.address()]).strip() == "401"
