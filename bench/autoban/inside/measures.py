"""Measures one program; runs beside it, in its container, with nothing but Python.

usage: python3 -m bench.autoban.inside.measures SUBJECT MEASURE ARGUMENTS-AS-JSON
Prints lines of progress, and the result as JSON in the last line.
"""

import json
import random
import socket
import sys
import time
from collections.abc import Callable
from typing import Any

from bench.autoban.inside import events, knocker
from bench.autoban.inside.subjects import AutoBanSubject, Fail2ban, Seen, Subject

PROBE_PORT = 7071
_BUFFER = 16 << 20  # bytes of the kernel for packets that nobody has looked at
_QUIET = 0.04  # seconds without a packet, after which we ask whether any were sent
_CHUNK = 250  # events
_SO_RCVBUFFORCE = 33  # socket(7); the module does not know it


def latencies(
    subject: Subject, knocker_host: str, sources: list[str], deciding: int, seconds: float
) -> dict[str, Any]:
    """From the event that decides to the first packet that is dropped.

    A packet is sent every 0.2 ms, and none is looked at before all is over.

    Args:
        subject: What is measured.
        knocker_host: Where the packets come from.
        sources: Which addresses are to be banned, one after the other.
        deciding: Which event of an address has it banned.
        seconds: To end after, whether or not all addresses have had their turn.

    Returns:
        `ms`, one for each address that was banned; `gaps`, how long before that the last one was
        sent that came through, in ms; `never`, how many were not banned within 5 s.
    """
    found: list[tuple[float, float]] = []
    never = 0
    end = time.monotonic() + seconds
    with (
        socket.create_connection((knocker_host, knocker.PORT), 10) as line,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe,
    ):
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        probe.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER)
        probe.bind((line.getsockname()[0], PROBE_PORT))
        for source in sources:
            if time.monotonic() > end:
                break
            latency = _latency(subject, line, probe, source, deciding)
            if latency is None:
                never += 1
            else:
                found.append(latency)
            print(f"{len(found)} of at most {len(sources)} banned", flush=True)
    return {"ms": [ms for ms, _ in found], "gaps": [gap for _, gap in found], "never": never}


def _latency(
    subject: Subject, line: socket.socket, probe: socket.socket, source: str, deciding: int
) -> tuple[float, float] | None:
    host, port = probe.getsockname()
    order = {"source": source, "host": host, "port": port}
    earlier, last = subject.render([source] * (deciding - 1)), subject.render([source])
    line.sendall(json.dumps(order).encode() + b"\n")
    probe.settimeout(5)
    arrived = 1 + knocker.PACKET.unpack(probe.recv(64))[0]
    subject.send(earlier)
    time.sleep(0.02)
    begun = time.monotonic_ns()
    subject.send(last)
    try:
        while time.monotonic_ns() < begun + 5e9:
            time.sleep(_QUIET)
            before, arrived = arrived, _count(probe, arrived)
            if before != arrived:
                continue
            sent = _order(line, {"sent": arrived})
            if sent is not None and _count(probe, arrived) == arrived:
                if sent < begun:
                    raise RuntimeError(f"{source} was banned before its last guess")
                gap = sent - (_order(line, {"sent": arrived - 1}) or 0)
                return (sent - begun) / 1e6, gap / 1e6
        return None
    finally:
        _order(line, {})
        _count(probe, None)


def _order(line: socket.socket, order: dict[str, int]) -> int | None:
    """Tells the knocker something; return its answer."""
    line.sendall(json.dumps(order).encode() + b"\n")
    answer: int | None = json.loads(line.recv(64))
    return answer


def _count(probe: socket.socket, expected: int | None) -> int:
    """Take what has arrived; return the number of the next packet.

    Raises:
        RuntimeError: one is missing in between, so that the bench itself has lost it.
    """
    probe.setblocking(False)
    following = expected or 0
    while True:
        try:
            (number,) = knocker.PACKET.unpack(probe.recv(64))
        except BlockingIOError:
            return following
        if expected is not None and number != following:
            raise RuntimeError(f"packet {following} was lost, and {number} came")
        following = number + 1


def flood(
    subject: Subject, attackers: int, each: int, first: str, bans: int, one_by_one: bool
) -> dict[str, float]:
    """As many events as it takes, all at once.

    Args:
        subject: What is measured.
        attackers: How many addresses.
        each: Events of each.
        first: Beginning of their addresses.
        bans: How many are to be banned in the end.
        one_by_one: See events.guesses.

    Returns:
        events, bans, seconds, and cpu seconds.
    """
    sources = list(events.guesses(events.addresses(attackers, first), each, one_by_one=one_by_one))
    chunks = [subject.render(sources[i : i + _CHUNK]) for i in range(0, len(sources), _CHUNK)]
    before = subject.usage()
    begun = time.monotonic()
    for chunk in chunks:
        subject.send(chunk)
    while (seen := subject.seen()).events < len(sources) or seen.bans < bans:
        if time.monotonic() > begun + 90:
            raise TimeoutError(f"{seen} of {len(sources)} events and {bans} bans in 90 s")
        print(f"{seen.events} of {len(sources)} events, {seen.bans} bans", flush=True)
        time.sleep(0.1)
    seconds = time.monotonic() - begun
    cpu = subject.usage().cpu - before.cpu
    return {"events": len(sources), "bans": seen.bans, "seconds": seconds, "cpu": cpu}


def load(
    subject: Subject, attackers: int, rate: int, seconds: int, first: str, deciding: int
) -> dict[str, Any]:
    """Return a steady stream of events from many, for a time.

    Returns:
        `samples`: after each second cpu (of a core) and rss (MB); `sent`, `seen`, `due` (bans that
        follow from what was sent) and `bans`.
    """
    sources = events.addresses(attackers, first)
    choose = random.Random(5)  # noqa: S311 # the same for both
    guesses = dict.fromkeys(sources, 0)
    samples = []
    base = subject.seen()
    usage = subject.usage()
    begun = since = time.monotonic()
    for tick in range(seconds * 100):
        chosen = [choose.choice(sources) for _ in range(rate // 100)]
        for source in chosen:
            guesses[source] += 1
        subject.send(subject.render(chosen))
        time.sleep(max(0.0, begun + (tick + 1) / 100 - time.monotonic()))
        if tick % 100 == 99:
            now, time_now = subject.usage(), time.monotonic()
            samples.append({"cpu": (now.cpu - usage.cpu) / (time_now - since), "rss": now.rss})
            usage, since = now, time_now
            print(f"second {len(samples)} of {seconds}", flush=True)
    elapsed = time.monotonic() - begun
    end = _finished(subject, base, sum(guesses.values()))
    return {
        "samples": samples,
        "elapsed": elapsed,
        "sent": sum(guesses.values()),
        "seen": end.events - base.events,
        "due": sum(number >= deciding for number in guesses.values()),
        "bans": end.bans - base.bans,
    }


def _finished(subject: Subject, base: Seen, sent: int) -> Seen:
    """Grants a second for the last events; return what was seen until then."""
    deadline = time.monotonic() + 1
    while (seen := subject.seen()).events - base.events < sent and time.monotonic() < deadline:
        time.sleep(0.1)
    return seen


def outages(subject: Subject, seconds: list[float]) -> list[float]:
    """End Asterisk's side of the connection for a time.

    Args:
        subject: AutoBan.
        seconds: For how long, each time.

    Returns:
        Seconds from the return of Asterisk until it is asked for events again.
    """
    if not isinstance(subject, AutoBanSubject):
        raise TypeError("a file has no outages")
    taken = []
    for outage in seconds:
        print(f"AMI is away for {outage:g} s", flush=True)
        subject.close()
        time.sleep(outage)
        begun = time.monotonic()
        subject.open()
        taken.append(time.monotonic() - begun)
    return taken


MEASURES: dict[str, Callable[..., Any]] = {
    measure.__name__: measure for measure in (latencies, flood, load, outages)
}
SUBJECTS: dict[str, Callable[[], Subject]] = {"AutoBan": AutoBanSubject, "fail2ban": Fail2ban}

if __name__ == "__main__":
    who, what, arguments = sys.argv[1:]
    print(json.dumps(MEASURES[what](SUBJECTS[who](), **json.loads(arguments))))
