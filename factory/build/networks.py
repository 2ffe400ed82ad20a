"""Networks for containers, with unused subnets."""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Mapping
from contextlib import suppress

import docker
from docker.errors import APIError, NotFound
from docker.models.networks import Network

from factory.build.engine import Engine, first_line
from factory.errors import EngineError

__all__ = ["Network"]


def make_network(
    engine: Engine,
    name: str,
    labels: Mapping[str, str],
    *,
    internal: bool = True,
    prefix: int = 28,
) -> Network:
    """Make a network with unused subnets; an internal one has no way to other networks.

    They are in the range for benchmarks (RFC 2544), and unique local ones (RFC 4193).
    """
    for _ in range(20):
        try:
            return _create(engine, name, draw_subnets(prefix), labels, internal=internal)
        except EngineError as error:
            if "overlap" not in error.cause:
                raise
    raise EngineError("found no free network in 198.18.0.0/15")


def draw_subnets(prefix: int = 28) -> list[str]:
    """Return a random subnet of IPv4, with that prefix length, and one of IPv6."""
    size = 1 << (32 - prefix)
    ipv4 = ipaddress.ip_address("198.18.0.0") + secrets.randbelow((1 << 17) // size) * size
    return [f"{ipv4}/{prefix}", f"fd{secrets.token_hex(1)}:{secrets.token_hex(2)}::/64"]


def remove_network(network: Network) -> None:
    """Remove a network, if it is there."""
    with suppress(NotFound):
        network.remove()


def _create(
    engine: Engine,
    name: str,
    subnets: list[str],
    labels: Mapping[str, str],
    *,
    internal: bool,
) -> Network:
    """Make a network with these subnets.

    Raises:
        EngineError: the engine refuses, for example because a subnet is in use.
    """
    pools = [docker.types.IPAMPool(subnet=subnet) for subnet in subnets]
    try:
        return engine.client.networks.create(
            name,
            driver="bridge",
            internal=internal,
            enable_ipv6=any(":" in subnet for subnet in subnets),
            ipam=docker.types.IPAMConfig(pool_configs=pools),
            labels=dict(labels),
        )
    except APIError as error:
        raise EngineError(f"cannot create network {name}: {first_line(error)}") from error
