"""How fast texts are taken over HTTP, each of them durably, and how soon they are on a phone.

The peer is a server of the same library that reads the same forms, checks nothing and keeps
nothing: what is between the two is what WebSMS does with a text. The phones that the load is for
are not there, so that taking is measured, and not delivering; that is done by itself afterwards, to
one phone that is registered.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import socket
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from bench.bench import LABELS, ROOT, Bench, BenchSetting
from bench.drawing import new_picture, svg
from bench.figure import BenchResult, Figure
from factory.build.networks import make_network, remove_network
from factory.build.softphone import ensure_softphone
from factory.waiting import wait_for
from fixtures.softphone import Account, Softphones
from tests.pbx import Pbx, create_container

CONNECTIONS = (1, 10, 50)
MESSAGES, QUICK_MESSAGES = 4000, 1000
GOALS = (1500, 60, 0.5)
"""Texts a second, milliseconds of the slowest in a hundred, milliseconds of processor time."""
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
class MeasuredServer:
    """A web server in the container.

    Attributes:
        port: Where it listens.
        pid: Its process.
    """

    port: int
    pid: int


@dataclass(frozen=True)
class LoadTime:
    """What was measured with some connections.

    Attributes:
        connections: At a time, each with one request after the other.
        seconds: Of each request, sorted.
        elapsed: Seconds for all.
        cpu: Seconds of processor time that the service took.
    """

    connections: int
    seconds: Sequence[float]
    elapsed: float
    cpu: float

    @property
    def rate(self) -> float:
        """Messages a second."""
        return len(self.seconds) / self.elapsed

    @property
    def cpu_ms(self) -> float:
        """Milliseconds of processor time for a message."""
        return 1000 * self.cpu / len(self.seconds)

    def quantile(self, share: float) -> float:
        """Milliseconds within which a share of the requests was answered."""
        return 1000 * self.seconds[min(int(len(self.seconds) * share), len(self.seconds) - 1)]


def run(setting: BenchSetting) -> BenchResult:
    """Measures ours and the peer in turn, with more and more connections.

    Raises:
        FactoryError, RuntimeError, TimeoutError: something could not be measured.
    """
    engine, console = setting.engine, setting.console
    client = engine.client
    with console.activity("build the phone"):
        softphone = ensure_softphone(engine, ROOT, setting.base, mirror="", on_line=console.line)
    messages = QUICK_MESSAGES if setting.quick else MESSAGES
    with ExitStack() as stack, ExitStack() as steps:
        steps.enter_context(console.activity("start"))
        name = f"bench-{secrets.token_hex(4)}"
        stack.callback(remove_network, make_network(engine, name, LABELS))
        container = create_container(client, setting.image, stack, network_mode=None, network=name)
        container.start()
        pbx = Pbx(container).await_boot()
        pbx.run(f"printf '{CONF}' > /etc/asterisk/websms.conf; sv restart websms")
        wait_for(pbx.is_healthy, seconds=15, otherwise="not healthy")
        ours = MeasuredServer(80, int(_find(r"websms: \(pid (\d+)\)", pbx.run("sv status websms"))))
        bare = start_bare(pbx)
        steps.close()
        loads = []
        for connections in CONNECTIONS:
            with console.activity(f"texts, connections at a time: {connections}"):
                load, peer = (
                    measure(pbx, server, connections, messages) for server in (ours, bare)
                )
            loads.append((load, peer))
        with console.activity("texts to a phone"):
            # The load stays in the queue; what follows is to be alone.
            pbx.run("sv down websms; rm /var/spool/websms/*; sv up websms")
            wait_for(pbx.is_healthy, seconds=15, otherwise="not healthy")
            phones = stack.enter_context(Softphones(client, name, labels=LABELS, image=softphone))
            delays = to_phone(pbx, phones)
    return BenchResult(
        (*_figures(loads), *_delay_figures(delays)),
        {"websms": draw([load for load, _ in loads], delays)},
        ("The peer checks nothing and keeps nothing; each of our texts is on disk before 2xx.",),
    )


def _figures(loads: Sequence[tuple[LoadTime, LoadTime]]) -> Iterator[Figure]:
    for load, peer in loads:
        of = f"{load.connections} connections" if load.connections > 1 else "1 connection"
        # The goals of the specification are for the most.
        rate, slowest, cpu = GOALS if load.connections == max(CONNECTIONS) else (None, None, None)
        yield Figure(f"texts, {of}", "/s", load.rate, peer.rate, "higher", rate)
        yield Figure(
            f"… p99, {of}", "ms", load.quantile(0.99), peer.quantile(0.99), "lower", slowest
        )
        yield Figure(f"… CPU of one, {of}", "ms", load.cpu_ms, peer.cpu_ms, "lower", cpu)


def _delay_figures(delays: Sequence[float]) -> Iterator[Figure]:
    middle, last = statistics.median(delays), delays[int(0.99 * len(delays))]
    yield Figure("2xx to SIP MESSAGE at a phone, median", "ms", 1000 * middle, None, "lower")
    yield Figure("… p99", "ms", 1000 * last, None, "lower")


def start_bare(pbx: Pbx) -> MeasuredServer:
    """Start the peer in the same container."""
    script = 'echo $$ > /run/bare.pid; exec python3 -IBc "$0"'
    pbx.container.exec_run(["sh", "-c", script, BARE], detach=True)

    def listens() -> bool:
        try:
            socket.create_connection((pbx.address(), BARE_PORT)).close()
        except OSError:
            return False
        return True

    wait_for(listens, seconds=10, otherwise="the peer did not start")
    return MeasuredServer(BARE_PORT, int(pbx.run("cat /run/bare.pid")))


def measure(pbx: Pbx, server: MeasuredServer, connections: int, messages: int) -> LoadTime:
    """Post with some connections at a time."""
    address = pbx.address()
    before = cpu(pbx, server.pid)
    begin = time.perf_counter()
    seconds = asyncio.run(_post_all(address, server.port, connections, messages))
    elapsed = time.perf_counter() - begin
    return LoadTime(connections, sorted(seconds), elapsed, cpu(pbx, server.pid) - before)


def cpu(pbx: Pbx, pid: int) -> float:
    """Return seconds of processor time of a process."""
    fields = pbx.run(f"cat /proc/{pid}/stat").partition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


async def _post_all(address: str, port: int, connections: int, messages: int) -> list[float]:
    each = messages // connections
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
    """Return the seconds from 2xx to the SIP MESSAGE at a phone, sorted."""
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


def draw(loads: Sequence[LoadTime], delays: Sequence[float]) -> str:
    """Draws how long requests took, and how long messages, as SVG."""
    figure = new_picture(10, 4)
    left, right = figure.subplots(1, 2)
    for load in loads:
        shares = [n / len(load.seconds) for n in range(1, len(load.seconds) + 1)]
        label = f"{load.connections}: {load.rate:.0f}/s"
        left.plot([1000 * x for x in load.seconds], shares, label=label)
    left.set(title="POST to 2xx, durable", xlabel="ms", ylabel="share", xscale="log")
    left.legend(title="connections")
    right.hist([1000 * x for x in delays], bins=30)
    right.set(title="2xx to SIP MESSAGE", xlabel="ms", ylabel="messages")
    return svg(figure)


WEBSMS = Bench(
    "websms",
    "texts that come over HTTP, until they are on disk and on a phone",
    "a server of the same library that keeps nothing",
    run,
)
