"""How long from start to the first answered OPTIONS, against Asterisk started by itself.

The peer is the same Asterisk with the same configuration, in the same image, without entrypoint.
usage: .venv/bin/python -m bench.start [IMAGE …]
"""

from __future__ import annotations

import argparse
import secrets
import statistics
import time
from contextlib import ExitStack

from bench import sip
from factory.candidate import make_network
from factory.engine import Container, Engine, remove_container, remove_network
from factory.waiting import wait_for

RUNS = 7
LABELS = {"asterisk-image-factory": "bench"}
ALONE = "mkdir -p /run/asterisk; : > /run/asterisk/logfiles.conf; chown asterisk /run/asterisk; exec setpriv --reuid asterisk --regid asterisk --init-groups asterisk -f -n"  # noqa: E501


def seconds_to_answer(
    engine: Engine, image: str, network: str, volume: str, **options: object
) -> float:
    """Starts a container and returns the seconds until it answers."""
    with ExitStack() as stack:
        container = engine.create_container(
            image,
            labels=LABELS,
            network=network,
            volumes={volume: {"bind": "/srv", "mode": "rw"}},
            **options,
        )
        stack.callback(remove_container, container)
        begin = time.monotonic()
        container.start()
        address = _address(container, network)
        wait_for(lambda: _answers(address), seconds=30, otherwise="no answer")
        return time.monotonic() - begin


def main(images: list[str]) -> None:
    """Prints a table with a line for each image."""
    engine = Engine.connect()
    print(f"{'image':24} {'ours s':>8} {'alone s':>8} {'ratio':>6}   medians of {RUNS}")
    for image in images:
        with ExitStack() as stack:
            name = f"bench-{secrets.token_hex(4)}"
            stack.callback(remove_network, make_network(engine, name, LABELS))
            volume = engine.create_volume(LABELS)
            stack.callback(engine.remove_volume, volume)
            seconds_to_answer(engine, image, name, volume)  # fills the volume
            ours, alone = [], []
            for _ in range(RUNS):
                ours.append(seconds_to_answer(engine, image, name, volume))
                alone.append(
                    seconds_to_answer(engine, image, name, volume, entrypoint=["sh", "-c", ALONE])
                )
            mine, peer = statistics.median(ours), statistics.median(alone)
            print(f"{image:24} {mine:8.2f} {peer:8.2f} {mine / peer:6.2f}", flush=True)


def _answers(address: str) -> bool:
    try:
        return bool(sip.options(address, 5060, "udp", timeout=0.05))
    except OSError:
        return False


def _address(container: Container, network: str) -> str:
    container.reload()
    return str(container.attrs["NetworkSettings"]["Networks"][network]["IPAddress"])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.start")
    known = [f"mlan/asterisk:{name}" for name in ("mini", "base", "full", "xtra")]
    parser.add_argument("images", nargs="*", default=known, metavar="IMAGE")
    main(parser.parse_args().images)
