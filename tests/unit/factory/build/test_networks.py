"""The networks that are made for containers."""

import ipaddress
import secrets
from types import SimpleNamespace
from typing import Any, cast

import docker
import pytest
from docker.errors import APIError

from factory.build.engine import Engine
from factory.build.networks import draw_subnets, make_network
from factory.errors import EngineError

BENCHMARKS = ipaddress.IPv4Network("198.18.0.0/15")
UNIQUE_LOCAL = ipaddress.IPv6Network("fd00::/8")


def test_subnets_are_valid_and_from_reserved_ranges() -> None:
    drawn = [draw_subnets() for _ in range(300)]
    for text4, text6 in drawn:
        ipv4, ipv6 = ipaddress.IPv4Network(text4), ipaddress.IPv6Network(text6)
        assert ipv4.subnet_of(BENCHMARKS)
        assert ipv6.subnet_of(UNIQUE_LOCAL)
        assert (ipv4.prefixlen, ipv6.prefixlen) == (28, 64)
    assert len({text4 for text4, _ in drawn}) > 250
    assert len({text6 for _, text6 in drawn}) > 250


@pytest.mark.parametrize(("digit", "last"), [("0", False), ("f", True)])
def test_subnets_at_the_limits_are_in_range(
    monkeypatch: pytest.MonkeyPatch, digit: str, last: bool
) -> None:
    monkeypatch.setattr(secrets, "randbelow", lambda limit: limit - 1 if last else 0)
    monkeypatch.setattr(secrets, "token_hex", lambda size: 2 * size * digit)
    text4, text6 = draw_subnets()
    assert text4 == ("198.19.255.240/28" if last else "198.18.0.0/28")
    assert ipaddress.IPv6Network(text6).subnet_of(UNIQUE_LOCAL)


class FakeNetworks:
    """Docker's networks, which refuse the first ones for a reason."""

    def __init__(self, refusals: int, reason: str) -> None:
        self.asked: list[list[str]] = []
        self._refusals = refusals
        self._reason = reason

    def create(self, name: str, *, ipam: Any, labels: Any, internal: bool, **_: object) -> str:
        assert (name, labels, internal) == ("gate-1", {"a": "b"}, True)
        self.asked.append([pool["Subnet"] for pool in ipam["Config"]])
        if len(self.asked) <= self._refusals:
            raise APIError(self._reason)
        return "the network"


def made(networks: FakeNetworks) -> object:
    engine = Engine(cast(docker.DockerClient, SimpleNamespace(networks=networks)))
    return make_network(engine, "gate-1", {"a": "b"})


def test_network_gets_another_subnet_where_one_is_taken() -> None:
    networks = FakeNetworks(2, "Pool overlaps with other one on this address space")
    assert made(networks) == "the network"
    assert len({tuple(subnets) for subnets in networks.asked}) == 3


def test_network_gives_up_after_some_subnets() -> None:
    with pytest.raises(EngineError, match="found no free network"):
        made(FakeNetworks(10**6, "invalid pool request: Pool overlaps"))


def test_network_that_is_refused_for_another_reason_fails_at_once() -> None:
    networks = FakeNetworks(1, "permission denied")
    with pytest.raises(EngineError, match="permission denied"):
        made(networks)
    assert len(networks.asked) == 1
