"""How a PBX was at a moment, and what many such samples tell; pure.

Each limit says how much may be gained over the span that is judged, whatever its length: the longer
a soak, the smaller the leak that it finds. What grows with all that was ever done, such as the
provider's numbers of texts that WebSMS remembers for 30 days, is judged by message.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from tests.soak.growth import Growth, Point, growth

SPAN = 60.0
"""Seconds, below which a trend may be one of the load: a call begins, then another."""
LIMITS = {"memory": 4096.0, "descriptors": 32.0, "threads": 16.0}
"""What a process may gain: KiB; what a few calls take at a time of the others."""
LARGER = {("asterisk", "memory"): 12288.0}
"""Asterisk has fifty threads, and the C library gives each memory to allocate from. These fill up
more and more slowly: 3.6 MiB in five minutes of load, 1.6 MiB in the five minutes after them."""
PASSING = ("-wal", "-shm", "-journal")
"""Ends of names of files that a database has while it is in use …"""
PASSING_BYTES = 8 * 1024 * 1024
"""… and how large each may become: SQLite begins its log anew at 4 MiB if nobody reads it then."""
BYTES_EACH = 1024
"""What a message may leave below /srv: its number, by which a repetition is known."""
BYTES_AT_ALL = 256 * 1024
"""What files may grow by once, such as a database by a page for each table."""


_PEERS = re.compile(r"tcp6? \w+:13C[45] (?!0100007F:)\w+:\w+ established")
"""Connections of phones and attackers; 13C4 is port 5060. Who is jailed on one cannot end it any
more, as the kernel drops that, too: it stays until Asterisk tires of it."""


@dataclass(frozen=True)
class ProcessSample:
    """The process of a service.

    Attributes:
        pid: Its id.
        age: Seconds for which it has run.
        memory: Resident set size in KiB.
        descriptors: How many are open.
        threads: How many it has.
    """

    pid: int
    age: float
    memory: int
    descriptors: int
    threads: int


@dataclass(frozen=True)
class Sample:
    """How a PBX was.

    Attributes:
        time: When, in seconds since 1970.
        processes: By service.
        names: How many processes there are, by name: those of services, and all others.
        zombies: Process ids.
        files: Below /srv, with their sizes.
        sets: How many members AutoBan's sets have in the kernel.
        held: What each descriptor of a service's process is.
    """

    time: float
    processes: dict[str, ProcessSample]
    names: dict[str, int]
    zombies: tuple[int, ...]
    files: dict[str, int]
    sets: dict[str, int]
    held: dict[str, list[str]] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Bytes below /srv, without what a database has while it is in use."""
        return sum(size for name, size in self.files.items() if not name.endswith(PASSING))


def parse(line: str) -> Sample:
    """Returns what the probe printed."""
    said: dict[str, Any] = json.loads(line)
    processes = {
        name: ProcessSample(
            int(holds["pid"]),
            said["uptime"] - holds["started"],
            int(holds["memory"]),
            int(holds["descriptors"]),
            int(holds["threads"]),
        )
        for name, holds in said["services"].items()
    }
    return Sample(
        said["time"],
        processes,
        said["names"],
        tuple(said["zombies"]),
        said["files"],
        said["sets"],
        {name: holds["held"] for name, holds in said["services"].items()},
    )


def lives(
    samples: Sequence[Sample], warm: float
) -> dict[tuple[str, int], list[tuple[float, ProcessSample]]]:
    """Returns for each process of a service its samples from an age in seconds on."""
    found: dict[tuple[str, int], list[tuple[float, ProcessSample]]] = {}
    for sample in samples:
        for service, process in sample.processes.items():
            if process.age >= warm:
                found.setdefault((service, process.pid), []).append((sample.time, process))
    return found


def trends(samples: Sequence[Sample], warm: float) -> Iterator[tuple[str, str, Growth]]:
    """Gives service, measure and growth for each process that lived long enough to tell.

    Args:
        samples: In the order of time.
        warm: Seconds after which a process has loaded and allocated what it needs.
    """
    for (service, _), life in lives(samples, warm).items():
        for measure in LIMITS:
            points: list[Point] = [(time, getattr(process, measure)) for time, process in life]
            found = growth(points)
            if found is not None and found.seconds >= SPAN:
                yield service, measure, found


def limit(service: str, measure: str) -> float:
    """Returns by how much a process may grow while it is watched."""
    return LARGER.get((service, measure), LIMITS[measure])


def leaks(samples: Sequence[Sample], warm: float) -> list[str]:
    """Returns a line for each process that grew by more than it may, and for each zombie."""
    lines = [
        f"{service} gained {found.by:.0f} {_unit(measure)} in {found.seconds:.0f} s "
        f"({found.an_hour:.0f} an hour); it may gain {limit(service, measure):.0f}"
        for service, measure, found in trends(samples, warm)
        if found.exceeds(limit(service, measure))
    ]
    stay = {pid for one, other in pairwise(samples) for pid in one.zombies if pid in other.zombies}
    return lines + [f"process {pid} ended, and nobody waited for it" for pid in sorted(stay)]


def left(before: Sample, after: Sample, messages: int) -> list[str]:
    """Returns a line for each thing that was not given back, once all is at rest again.

    Args:
        before: At rest, before the load, after everything had been done once.
        after: At rest again.
        messages: How many there were in between.
    """
    lines = []
    for service in before.processes:
        if service not in after.processes:
            lines.append(f"{service} does not run")
            continue
        held, held_before = _own(after.held[service]), _own(before.held[service])
        if len(held) > len(held_before):
            more = ", ".join((Counter(held) - Counter(held_before)).elements())
            lines.append(
                f"{service} has {len(held)} descriptors, before {len(held_before)}: {more}"
            )
    lines += [f"process {pid} ended, and nobody waited for it" for pid in after.zombies]
    lines += [
        f"{count} processes {name} run, before {before.names.get(name, 0)}"
        for name, count in after.names.items()
        if count > before.names.get(name, 0)
    ]
    new = sorted(set(after.files) - set(before.files))
    lines += [f"{name} is left" for name in new if not name.endswith(PASSING)]
    lines += [
        f"{name} has {size} bytes"
        for name, size in after.files.items()
        if name.endswith(PASSING) and size > PASSING_BYTES
    ]
    grown = after.size - before.size
    if grown > BYTES_AT_ALL + messages * BYTES_EACH:
        lines.append(f"/srv grew by {grown} bytes with {messages} messages")
    return lines + [
        f"AutoBan's set {name} has {size} members, before {before.sets.get(name, 0)}"
        for name, size in after.sets.items()
        if size > before.sets.get(name, 0)
    ]


def _own(held: Sequence[str]) -> list[str]:
    """Returns descriptors without connections of phones and attackers."""
    return [name for name in held if not _PEERS.fullmatch(name)]


def _unit(measure: str) -> str:
    return "KiB of memory" if measure == "memory" else measure
