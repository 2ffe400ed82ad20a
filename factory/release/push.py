"""Pushes a tag of the engine to a registry."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Mapping

import requests
from docker.errors import APIError

from factory.build.engine import Engine, first_line
from factory.errors import PublishError

OnBytes = Callable[[int, int], None]
"""Called with the number of bytes sent, and their total."""


def is_insecure(engine: Engine, registry: str) -> bool:
    """Return whether the engine accepts any certificate of a registry, and plain HTTP.

    It does for `insecure-registries` in its settings, and for this machine's own addresses.
    """
    settings = engine.client.info()["RegistryConfig"]
    if registry in settings["IndexConfigs"]:
        return not settings["IndexConfigs"][registry]["Secure"]
    networks = [ipaddress.ip_network(cidr) for cidr in settings["InsecureRegistryCIDRs"] or ()]
    try:
        found = socket.getaddrinfo(registry.partition(":")[0], None, type=socket.SOCK_STREAM)
    except OSError:
        return False
    addresses = [ipaddress.ip_address(entry[4][0]) for entry in found]
    return any(address in network for address in addresses for network in networks)


def push(
    engine: Engine, repository: str, tag: str, login: Mapping[str, str], on_bytes: OnBytes
) -> str:
    """Push a tag of the engine; return the digest of its manifest.

    Args:
        engine: Has the tag.
        repository: With the registry's host.
        tag: Of the repository.
        login: For the registry, in the form of the engine's API; empty for none.
        on_bytes: Called as layers are sent.

    Raises:
        PublishError: the push failed.
    """
    name = f"{repository}:{tag}"
    layers: dict[str, tuple[int, int]] = {}
    digest = ""
    try:
        events = engine.client.api.push(
            repository, tag, stream=True, decode=True, auth_config=dict(login)
        )
        for event in events:
            if "error" in event:
                raise _broken_off(name, str(event["error"]).strip())
            detail = event.get("progressDetail") or {}
            if event.get("status") == "Pushing" and "total" in detail:
                done = min(detail.get("current", 0), detail["total"])
                layers[event["id"]] = (done, detail["total"])
                on_bytes(*map(sum, zip(*layers.values(), strict=True)))
            digest = (event.get("aux") or {}).get("Digest", digest)
    except (APIError, requests.exceptions.RequestException) as error:
        raise _broken_off(name, first_line(error)) from error
    if not digest:
        raise _broken_off(name, "the engine returns no digest")
    return digest


def _broken_off(name: str, reason: str) -> PublishError:
    return PublishError(
        f"pushing {name} broke off: {reason}",
        "repeat the command: what has arrived stays, and is not sent again",
    )
