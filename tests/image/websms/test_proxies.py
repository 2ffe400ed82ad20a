"""Whose X-Forwarded-For is believed, on real networks of the engine."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import ExitStack
from typing import cast

import docker
import pytest

from factory.build.engine import Engine
from factory.build.networks import make_network, remove_network
from factory.waiting import wait_for
from tests.image.conftest import Start
from tests.pbx import LABELS, Pbx, create_container

from .web import QUEUE, Poster, configure, fields, form, lines

pytestmark = pytest.mark.image("base", only=True)

PROVIDER = "203.0.113.9"
ONLY = f"[websmsd]\nremt_addr = {PROVIDER}\n{QUEUE}"
POST = """
import http.client, sys
connection = http.client.HTTPConnection(sys.argv[1], 80, timeout=10)
headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Forwarded-For": sys.argv[2]}
connection.request("POST", "/", "To=%2B12025550160&From=12025550183&Body=hi", headers)
print(connection.getresponse().status)
"""
Networks = Callable[[], str]


@pytest.fixture
def networks(client: docker.DockerClient, stack: ExitStack) -> Networks:
    def make() -> str:
        name = f"proxies-{secrets.token_hex(4)}"
        stack.callback(remove_network, make_network(Engine(client), name, LABELS))
        return name

    return make


def post(sender: Pbx, address: str) -> int:
    """Posts what a machine claims to have from the provider; returns the status."""
    result = sender.container.exec_run(["python3", "-c", POST, address, PROVIDER])
    assert result.exit_code == 0, result.output
    return int(cast(bytes, result.output))


def address_in(pbx: Pbx, network: str, key: str = "IPAddress") -> str:
    pbx.container.reload()
    return str(pbx.container.attrs["NetworkSettings"]["Networks"][network][key])


def test_proxies_are_neighbours_and_no_gateways(
    client: docker.DockerClient, start: Start, networks: Networks, stack: ExitStack
) -> None:
    front, back = networks(), networks()
    pbx = start(network_mode=None, network=front, environment={"SYSLOG_LEVEL": "5"})
    configure(pbx, ONLY)
    reference = str(pbx.container.attrs["Image"])
    beside = Pbx(
        create_container(
            client, reference, stack, network_mode=None, network=front,
            entrypoint=["sleep", "infinity"],
        )
    )  # fmt: skip
    beside.container.start()
    host = Pbx(
        create_container(
            client, reference, stack, network_mode="host", entrypoint=["sleep", "infinity"]
        )
    )
    host.container.start()
    own = address_in(pbx, front)
    assert post(beside, own) == 200
    if six := address_in(pbx, front, "GlobalIPv6Address"):
        assert post(beside, six) == 200
        assert post(host, six) == 403
    assert post(host, own) == 403  # from the network's gateway, as whoever a userland proxy serves
    client.networks.get(back).connect(pbx.container)
    client.networks.get(back).connect(beside.container)
    later = address_in(pbx, back)
    wait_for(
        lambda: post(beside, later),
        lambda status: status == 200,
        seconds=15,
        otherwise="a network that came later has no neighbours",
    )
    assert post(host, later) == 403
    (line,) = lines(pbx, "by the client's address alone")
    assert "set verify" in line


def test_proxies_of_the_user_count_as_they_are(own: Pbx, poster: Poster) -> None:
    headers = [f"X-Forwarded-For: {PROVIDER}"]
    configure(own, f"{ONLY}".replace("[websmsd]\n", "[websmsd]\nprox_addr = 127.0.0.21\n"))
    request = form(fields(), "/", headers)
    assert poster.send(request, source="127.0.0.21").status == 200
    assert poster.send(request, source="127.0.0.1").status == 403


def test_proxies_on_the_hosts_network_are_on_loopback_alone(start: Start) -> None:
    """What the service would believe there, since its ports are the host's."""
    pbx = start(["sleep", "infinity"], network_mode="host", wait=False)
    look = (
        "from pbx.websms.incoming.neighbourhood import Neighbourhood as N; "
        "print(*N().trusted().networks)"
    )
    assert pbx.run(f"python3 -c '{look}'") == "127.0.0.0/8 ::1/128"
