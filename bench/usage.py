"""What a container takes of the machine, as the kernel counts it for its control group."""

from __future__ import annotations

from typing import Any, cast

from factory.build.containers import Container
from factory.build.engine import Engine


def cpu_seconds(engine: Engine, container: Container) -> float:
    """Return the processor time that all processes of a container have taken so far."""
    return int(_stats(engine, container)["cpu_stats"]["cpu_usage"]["total_usage"]) / 1e9


def memory(engine: Engine, container: Container) -> float:
    """Return the MB of memory that the processes of a container hold for themselves.

    That is anonymous memory: programs and libraries, which the kernel can read again, are left out.
    """
    found = _stats(engine, container)["memory_stats"]["stats"]
    # The name in version 2 of control groups, and in version 1.
    return int(found["anon"] if "anon" in found else found["total_rss"]) / 1e6


def _stats(engine: Engine, container: Container) -> dict[str, Any]:
    stats = engine.client.api.stats(str(container.id), stream=False, one_shot=True)
    return cast(dict[str, Any], stats)
