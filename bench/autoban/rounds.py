"""Measures ours and the peer, one after the other in each round."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from bench.autoban.lab import BanLab, Pbx
from bench.autoban.results import MAXCOUNT, Flood, SideResult, SteadyLoad, median
from factory.console import Console

DECIDING = MAXCOUNT + 1
"""Which event of an address has it banned; see fail2ban/jail.local."""
BACKENDS = ("polling", "pyinotify")
RATE = 2000
"""Events a second of the steady load."""


@dataclass(frozen=True)
class Size:
    """How much is measured.

    Attributes:
        ours, theirs: Addresses to ban for latencies, for AutoBan and for each backend of fail2ban.
        seconds: For latencies at most, each time.
        attackers: Of the steady load.
        load_seconds: Of the steady load.
        outages: Seconds that AMI is away, each time.
        cracks: Runs of svcrack.
        floods: Attackers in floods: ours watched, ours banned, theirs watched, theirs banned.
    """

    ours: int
    theirs: int
    seconds: float
    attackers: int
    load_seconds: int
    outages: tuple[float, ...]
    cracks: int
    floods: tuple[int, int, int, int]


FULL = Size(150, 35, 25, 5000, 60, (0.5, 2, 5), 3, (5000, 5000, 4000, 250))
QUICK = Size(40, 6, 5, 500, 6, (0.5, 2), 1, (2000, 1000, 500, 40))

Measure = Callable[..., Any]


def measure(lab: BanLab, size: Size, console: Console) -> tuple[SideResult, SideResult]:
    """Return what was measured of AutoBan, and of fail2ban with its better backend."""

    def steps(pbx: Pbx, backend: str) -> Measure:
        def run(what: str, title: str, **arguments: object) -> Any:
            with console.activity(f"{pbx.name}: {title}"):
                pbx.restart(backend)
                return pbx.measure(what, console.line, **arguments)

        return run

    ours = steps(lab.autoban, "")
    latencies = _latencies(lab, ours, size.ours, size.seconds)
    peers = {backend: steps(lab.fail2ban, backend) for backend in BACKENDS}
    tried = {
        backend: _latencies(lab, run, size.theirs, size.seconds) for backend, run in peers.items()
    }
    better = min(tried, key=lambda backend: median(tried[backend]["ms"]))
    theirs = peers[better]
    first = "198.19" if lab.knocker_host.startswith("198.18.") else "198.18"
    watched, banned, their_watched, their_banned = size.floods
    outages = ours("outages", "AMI goes and comes back", seconds=size.outages)
    flood = partial(_flood, first=first)
    results = []
    rounds = (
        ("AutoBan", ours, latencies, watched, banned, outages),
        (f"fail2ban ({better})", theirs, tried[better], their_watched, their_banned, ()),
    )
    floods = {
        name: (flood(run, attackers=many, bans=False), flood(run, attackers=some, bans=True))
        for name, run, _, many, some, _ in rounds
    }
    loads = {name: _load(run, size, first) for name, run, *_ in rounds}
    cracks = {
        name: _crack(lab, pbx, better, size, console)
        for (name, *_), pbx in zip(rounds, (lab.autoban, lab.fail2ban), strict=True)
    }
    for name, _, found, _, _, back in rounds:
        results.append(
            SideResult(
                name,
                tuple(found["ms"]),
                tuple(found["gaps"]),
                found["never"],
                *floods[name],
                loads[name],
                cracks[name],
                tuple(back),
            )
        )
    return results[0], results[1]


def _latencies(lab: BanLab, run: Measure, number: int, seconds: float) -> Any:
    return run(
        "latencies",
        "from event to drop",
        knocker_host=lab.knocker_host,
        sources=lab.sources[:number],
        deciding=DECIDING,
        seconds=seconds,
    )


def _flood(run: Measure, *, first: str, attackers: int, bans: bool) -> Flood:
    # One event fewer than it takes to be banned, if nobody is to be.
    each = DECIDING if bans else DECIDING - 1
    title = "a flood that bans" if bans else "a flood that bans nobody"
    number = attackers * bans
    found = run(
        "flood", title, attackers=attackers, each=each, first=first, bans=number, one_by_one=bans
    )
    return Flood(**found)


def _load(run: Measure, size: Size, first: str) -> SteadyLoad:
    found = run(
        "load",
        f"{size.attackers} attackers, {RATE} events a second",
        attackers=size.attackers,
        rate=RATE,
        seconds=size.load_seconds,
        first=first,
        deciding=DECIDING,
    )
    samples = found.pop("samples")
    cpu, rss = (tuple(sample[key] for sample in samples) for key in ("cpu", "rss"))
    return SteadyLoad(cpu, rss, **found)


def _crack(lab: BanLab, pbx: Pbx, backend: str, size: Size, console: Console) -> tuple[int, ...]:
    with console.activity(f"{pbx.name}: svcrack against the real Asterisk"):
        pbx.work()
        found = []
        for number in range(size.cracks):
            console.line(f"{number} of {size.cracks}")
            pbx.restart(backend)
            pbx.await_watch()
            found.append(lab.crack(pbx))
        return tuple(found)
