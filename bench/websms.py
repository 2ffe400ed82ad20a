"""How fast texts are taken over HTTP, each of them durably, and how soon they are on a phone.

The peer is a server of the same library that reads the same forms, checks nothing and keeps
nothing: what is between the two is what WebSMS does with a text. The phones that the load is for
are not there, so that taking is measured, and not delivering; that is done by itself afterwards, to
one phone that is registered.
usage: .venv/bin/python -m bench.websms [IMAGE [PICTURE]]
"""

from __future__ import annotations

import argparse
import asyncio
import re
import secrets
import socket
import statistics
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import docker

from factory.candidate import make_network
from factory.engine import Engine, remove_network
from factory.waiting import wait_for
from fixtures.softphone import Account, Softphones
from tests.pbx import Pbx, create_container

LABELS = {"asterisk-image-factory": "bench"}
CONNECTIONS = (1, 10, 50)
MESSAGES = 4000
TO_PHONE = 100
USER, NUMBER = "jane.doe", "+12025550183"  # of the sample
BARE_PORT = 8099
BARE = f"""
import asyncio
from aiohttp import web

async def answer(request):
    await request.post()
    return web.Response()

async def main():
    server = web.Server(answer, access_log=None)
    await asyncio.get_running_loop().create_server(server, port={BARE_PORT})
    await asyncio.Event().wait()

asyncio.run(main())
"""
CONF = "[websmsd]\n[astqueue]\nchannel_context = dp_entry_answer\ncontext = dp_entry_text_in\n"


@dataclass(frozen=True)
class Server:
    """A web server in the container.

    Attributes:
        port: Where it listens.
        pid: Its process.
    """

    port: int
    pid: int


@dataclass(frozen=True)
class Load:
    """What was measured with some connections.

    Attributes:
        connections: At a time, each with one request after the other.
        seconds: Of each request, sorted.
        elapsed: Seconds for all.
        cpu: Seconds of processor time that the service took.
        resident: Memory of the service afterwards, in MB.
    """

    connections: int
    seconds: Sequence[float]
    elapsed: float
    cpu: float
    resident: float

    @property
    def rate(self) -> float:
        """Messages a second."""
        return len(self.seconds) / self.elapsed

    def __str__(self) -> str:
        return (
            f"{self.rate:10.0f} {self.quantile(0.5):7.1f} {self.quantile(0.99):7.1f} "
            f"{1000 * self.cpu / len(self.seconds):10.2f} {self.resident:5.1f}"
        )

    def quantile(self, share: float) -> float:
        """Milliseconds within which a share of the requests was answered."""
        return 1000 * self.seconds[min(int(len(self.seconds) * share), len(self.seconds) - 1)]


def main(image: str, picture: Path) -> None:
    """Measures, prints a table, and draws it."""
    client = docker.from_env()
    with ExitStack() as stack:
        name = f"bench-{secrets.token_hex(4)}"
        stack.callback(remove_network, make_network(Engine(client), name, LABELS))
        container = create_container(client, image, stack, network_mode=None, network=name)
        container.start()
        pbx = Pbx(container).await_boot()
        pbx.run(f"printf '{CONF}' > /etc/asterisk/websms.conf; sv restart websms")
        wait_for(pbx.is_well, seconds=15, otherwise="not healthy")
        ours = Server(80, int(_find(r"websms: \(pid (\d+)\)", pbx.run("sv status websms"))))
        bare = start_bare(pbx)
        print(f"{'connections':>11} {'messages/s':>10} {'p50 ms':>7} {'p99 ms':>7}", end=" ")
        print(f"{'CPU s/1000':>10} {'MB':>5}   {MESSAGES} messages each")
        loads = []
        for connections in CONNECTIONS:
            load, peer = (measure(pbx, server, connections) for server in (ours, bare))
            loads.append(load)
            print(f"{connections:11} {load}")
            print(f"{'bare':>11} {peer}")
            print(
                f"{'ratio':>11} {load.rate / peer.rate:10.2f} "
                f"{load.quantile(0.5) / peer.quantile(0.5):7.1f} "
                f"{load.quantile(0.99) / peer.quantile(0.99):7.1f} {load.cpu / peer.cpu:10.2f}",
                flush=True,
            )
        # The load stays in the queue; what follows is to be alone.
        pbx.run("sv down websms; rm /var/spool/websms/*; sv up websms")
        wait_for(pbx.is_well, seconds=15, otherwise="not healthy")
        phones = stack.enter_context(
            Softphones(client, name, labels=LABELS, image="asterisk-softphone:latest")
        )
        delays = to_phone(pbx, phones)
        middle, last = 1000 * statistics.median(delays), 1000 * delays[int(0.99 * len(delays))]
        print(f"from 2xx to the SIP MESSAGE at a phone: p50 {middle:.0f} ms, p99 {last:.0f} ms")
    draw(loads, delays, picture)


def start_bare(pbx: Pbx) -> Server:
    """Starts the peer in the same container."""
    script = 'echo $$ > /run/bare.pid; exec python3 -IBc "$0"'
    pbx.container.exec_run(["sh", "-c", script, BARE], detach=True)

    def listens() -> bool:
        try:
            socket.create_connection((pbx.address(), BARE_PORT)).close()
        except OSError:
            return False
        return True

    wait_for(listens, seconds=10, otherwise="the peer did not start")
    return Server(BARE_PORT, int(pbx.run("cat /run/bare.pid")))


def measure(pbx: Pbx, server: Server, connections: int) -> Load:
    """Posts with some connections at a time."""
    address = pbx.address()
    before, _ = usage(pbx, server.pid)
    begin = time.perf_counter()
    seconds = asyncio.run(_post_all(address, server.port, connections))
    elapsed = time.perf_counter() - begin
    after, resident = usage(pbx, server.pid)
    return Load(connections, sorted(seconds), elapsed, after - before, resident)


def usage(pbx: Pbx, pid: int) -> tuple[float, float]:
    """Returns seconds of processor time and resident MB of a process."""
    status = pbx.run(f"cat /proc/{pid}/stat /proc/{pid}/status")
    fields = status.partition(")")[2].split()
    resident = _find(r"VmRSS:\s+(\d+)", status)
    return (int(fields[11]) + int(fields[12])) / 100, int(resident) / 1024


async def _post_all(address: str, port: int, connections: int) -> list[float]:
    each = MESSAGES // connections
    found = await asyncio.gather(*(_post(address, port, n, each) for n in range(connections)))
    return [seconds for part in found for seconds in part]


async def _post(address: str, port: int, number: int, count: int) -> list[float]:
    reader, writer = await asyncio.open_connection(address, port)
    seconds = []
    for message in range(count):
        body = (
            f"To=%2B120255599{(number + message) % 10:02}&From=%2B491711234567"
            f"&Body=This+is+message+{message}+of+connection+{number},+a+text+of+usual+length."
        ).encode()
        begin = time.perf_counter()
        writer.write(
            b"POST / HTTP/1.1\r\nHost: sms.example\r\nContent-Length: %d\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\n\r\n%b" % (len(body), body)
        )
        head = await reader.readuntil(b"\r\n\r\n")
        seconds.append(time.perf_counter() - begin)
        _check(head)
    writer.close()
    return seconds


def to_phone(pbx: Pbx, phones: Softphones) -> list[float]:
    """Returns the seconds from 2xx to the SIP MESSAGE at a phone, sorted."""
    text = pbx.run("cat /etc/asterisk/pjsip_endpoint.conf").partition(f"[{USER}]")[2]
    password = _find(r"inbound_auth/password = (\S+)", text)
    phone = phones.phone("jane")
    phone.register(Account(USER, password, NUMBER), pbx.address())
    delays = []
    for _ in range(TO_PHONE):
        acknowledged = asyncio.run(_post_one(pbx.address()))
        phone.receives_message()
        came = [event["time"] for event in phone.events() if event["event"] == "message"][-1]
        delays.append(came - acknowledged)
    return sorted(delays)


async def _post_one(address: str) -> float:
    reader, writer = await asyncio.open_connection(address, 80)
    body = b"To=%2B12025550183&From=%2B491711234567&Body=A+text+of+usual+length."
    writer.write(
        b"POST / HTTP/1.1\r\nHost: sms.example\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%b"
        % (len(body), body)
    )
    head = await reader.readuntil(b"\r\n\r\n")
    acknowledged = time.time()
    _check(head)
    writer.close()
    return acknowledged


def _check(head: bytes) -> None:
    if not head.startswith(b"HTTP/1.1 200 "):
        raise RuntimeError(f"a message was not taken: {head!r}")


def _find(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    if not found:
        raise RuntimeError(f"there is no {pattern} in: {text}")
    return found[1]


def draw(loads: Sequence[Load], delays: Sequence[float], path: Path) -> None:
    """Draws how long requests took, and how long messages."""
    import matplotlib as mpl  # noqa: PLC0415 # slow to import

    mpl.use("Agg")
    from matplotlib import pyplot  # noqa: PLC0415

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(10, 4), layout="constrained")
    for load in loads:
        shares = [n / len(load.seconds) for n in range(1, len(load.seconds) + 1)]
        label = f"{load.connections}: {load.rate:.0f}/s"
        left.plot([1000 * x for x in load.seconds], shares, label=label)
    left.set(title="POST to 2xx, durable", xlabel="ms", ylabel="share", xscale="log")
    left.legend(title="connections")
    right.hist([1000 * x for x in delays], bins=30)
    right.set(title="2xx to SIP MESSAGE", xlabel="ms", ylabel="messages")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.websms")
    parser.add_argument("image", nargs="?", default="mlan/asterisk:base", metavar="IMAGE")
    parser.add_argument(
        "picture", nargs="?", type=Path, default="build/bench/websms.png", metavar="PICTURE"
    )
    chosen = parser.parse_args()
    main(chosen.image, chosen.picture)
