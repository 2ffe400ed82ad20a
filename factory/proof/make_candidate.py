"""Makes a candidate: a container with an empty volume, on its own network with phones."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from factory.build.containers import create_volume, remove_volume, temporary_container
from factory.build.engine import Engine
from factory.build.networks import make_network, remove_network
from factory.proof.candidate import HEALTH_CHECK_SECONDS, HOST_NAME, START_SECONDS, Candidate
from fixtures.softphone import Softphones

EMULATED = 20
"""Timeout factor for candidates whose programs are emulated."""


@contextmanager
def make_candidate(
    engine: Engine, image: str, softphone: str, labels: Mapping[str, str]
) -> Iterator[Candidate]:
    """Make a container of an image, with an empty volume; everything is removed at the end.

    Args:
        engine: Where.
        image: Name or id.
        softphone: Name or id of the softphone's image.
        labels: For all that is made.
    """
    name = f"gate-{secrets.token_hex(4)}"
    emulated = engine.image(image).architecture != engine.architecture
    timeout_factor = EMULATED if emulated else 1
    with ExitStack() as stack:
        network = make_network(engine, name, labels)
        stack.callback(remove_network, network)
        volume = create_volume(engine, labels)
        stack.callback(remove_volume, engine, volume)
        options: dict[str, Any] = {
            "name": name,
            "network": name,
            "volumes": {volume: {"bind": "/srv", "mode": "rw"}},
            "environment": {"SYSLOG_LEVEL": "6"},  # notices, too
            # The image's own health check, but run each second, so that the proof takes seconds.
            # Under emulation this would load the processors too much.
            "healthcheck": {"start_period": START_SECONDS * timeout_factor * 10**9}
            | (
                {"timeout": HEALTH_CHECK_SECONDS * timeout_factor * 10**9}
                if emulated
                else {"interval": 10**9}
            ),
        }
        if emulated:
            # With more, Asterisk tries the highest at its start, and ends there under QEMU 7.2:
            # "bit out of range 0 - FD_SETSIZE on fd_set".
            options["ulimits"] = [{"name": "nofile", "soft": 1024, "hard": 1024}]
        container = stack.enter_context(
            temporary_container(engine, image, labels, hostname=HOST_NAME, **options)
        )
        phones = Softphones(engine.client, name, labels=labels, image=softphone)
        stack.callback(phones.close)
        yield Candidate(engine, container, name, phones, timeout_factor=timeout_factor)
