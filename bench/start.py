"""How long from start to the first answered OPTIONS, and to a healthy server."""

from __future__ import annotations

import secrets
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from bench.bench import LABELS, Bench, BenchSetting
from bench.figure import BenchResult, Figure
from bench.plain import ensure_plain
from bench.sip import answers_options
from factory.build.containers import (
    Container,
    create_container,
    create_volume,
    remove_container,
    remove_volume,
    start_container,
)
from factory.build.engine import Engine
from factory.build.networks import make_network, remove_network
from factory.waiting import wait_for

RUNS, QUICK_RUNS = 7, 3
START_SECONDS = 60
ALONE = "mkdir -p /run/asterisk; : > /run/asterisk/logfiles.conf; chown asterisk /run/asterisk; exec setpriv --reuid asterisk --regid asterisk --init-groups /usr/sbin/asterisk -f -n"  # noqa: E501
BOOTED = ("asterisk", "-rx", "core waitfullybooted")


@dataclass(frozen=True)
class _Times:
    """Seconds from the start of a container."""

    answer: float
    well: float


def run(setting: BenchSetting) -> BenchResult:
    """Start ours, Asterisk by itself in the same image, and the plain one, in turn.

    Raises:
        FactoryError, TimeoutError: something does not start.
    """
    engine = setting.engine
    plain = ensure_plain(setting)
    with ExitStack() as stack:
        name = f"bench-{secrets.token_hex(4)}"
        stack.callback(remove_network, make_network(engine, name, LABELS))
        volume = create_volume(engine, LABELS)
        stack.callback(remove_volume, engine, volume)
        volumes = {volume: {"bind": "/srv", "mode": "rw"}}

        def start(image: str, well: Sequence[str], **options: Any) -> _Times:
            return _start(engine, image, name, well, options)

        ways: dict[str, Callable[[], _Times]] = {
            "ours": lambda: start(setting.image, ["healthcheck"], volumes=volumes),
            "alone": lambda: start(
                setting.image, BOOTED, volumes=volumes, entrypoint=["sh", "-c", ALONE]
            ),
            "plain": lambda: start(plain, BOOTED),
        }
        with setting.console.activity("first start, which makes configuration and certificates"):
            ways["ours"]()
        found: dict[str, list[_Times]] = {way: [] for way in ways}
        with setting.console.activity("start again and again"):
            for number in range(QUICK_RUNS if setting.quick else RUNS):
                for way, measure in ways.items():
                    setting.console.progress(f"{number + 1}: {way}")
                    found[way].append(measure())

    def middle(way: str, figure: Callable[[_Times], float]) -> float:
        return statistics.median(map(figure, found[way]))

    def answer(times: _Times) -> float:
        return times.answer

    def well(times: _Times) -> float:
        return times.well

    return BenchResult(
        (
            Figure(
                "start to first answer",
                "s",
                middle("ours", answer),
                middle("plain", answer),
                "lower",
            ),
            Figure("start to healthy", "s", middle("ours", well), middle("plain", well), "lower"),
            Figure(
                "… beside its Asterisk by itself",
                "s",
                middle("ours", answer),
                middle("alone", answer),
                "lower",
            ),
        ),
        remarks=("The plain Asterisk has no health check; that it has booted counts as healthy.",),
    )


def _start(
    engine: Engine, image: str, network: str, well: Sequence[str], options: dict[str, Any]
) -> _Times:
    with ExitStack() as stack:
        container = create_container(engine, image, labels=LABELS, network=network, **options)
        stack.callback(remove_container, container)
        begin = time.monotonic()
        start_container(container)
        address = _address(container, network)
        wait_for(lambda: answers_options(address), seconds=START_SECONDS, otherwise="no answer")
        answered = time.monotonic()
        wait_for(
            lambda: container.exec_run(list(well)).exit_code == 0,
            seconds=START_SECONDS,
            otherwise="not healthy",
        )
        return _Times(answered - begin, time.monotonic() - begin)


def _address(container: Container, network: str) -> str:
    container.reload()
    return str(container.attrs["NetworkSettings"]["Networks"][network]["IPAddress"])


START = Bench("start", "from start to a server that answers", "a plain Debian Asterisk", run)
