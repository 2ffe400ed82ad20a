"""What was measured, and statistics of it. No I/O."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

MAXCOUNT = 10
"""Attempts that AutoBan allows by default."""


@dataclass(frozen=True)
class Flood:
    """As many events as it takes, all at once.

    Attributes:
        events: How many.
        bans: That came of them.
        seconds: Until all was done.
        cpu: Seconds of a core.
    """

    events: int
    bans: int
    seconds: float
    cpu: float

    @property
    def events_per_second(self) -> float:
        """By the clock on the wall."""
        return self.events / self.seconds

    @property
    def events_per_cpu_second(self) -> float:
        """With a core of its own."""
        return self.events / self.cpu if self.cpu else math.inf

    @property
    def bans_per_cpu_second(self) -> float:
        """With a core of its own."""
        return self.bans / self.cpu if self.cpu else math.inf

    @property
    def bans_per_second(self) -> float:
        """By the clock on the wall."""
        return self.bans / self.seconds


@dataclass(frozen=True)
class SteadyLoad:
    """A steady stream of events for a time.

    Attributes:
        cpu: Share of a core, second by second.
        rss: MB resident, second by second.
        elapsed: Seconds.
        sent: Events.
        seen: Events that were read by the end.
        due: Addresses that had given reason for a ban by the end.
        bans: Addresses that were banned by then.
    """

    cpu: tuple[float, ...]
    rss: tuple[float, ...]
    elapsed: float
    sent: int
    seen: int
    due: int
    bans: int


@dataclass(frozen=True)
class SideResult:
    """All that was measured of one program.

    Attributes:
        name: Of the program, and how it was set up.
        latencies: Milliseconds from the deciding event to the first dropped packet.
        gaps: How exactly each of them is known, in ms: the time between the packet that was the
            last to come through and the first that was dropped.
        never: How many addresses were not banned within five seconds.
        watching: A flood that bans nobody.
        banning: A flood of which each eleventh event bans.
        load: Thousands of attackers.
        guesses: Wrong passwords of svcrack that Asterisk answered, in each run.
        outages: Seconds from AMI's return to work.
    """

    name: str
    latencies: tuple[float, ...]
    gaps: tuple[float, ...]
    never: int
    watching: Flood
    banning: Flood
    load: SteadyLoad
    guesses: tuple[int, ...]
    outages: tuple[float, ...] = field(default=())


def median(values: Sequence[float]) -> float:
    """Return the one in the middle; infinity if there is none."""
    return statistics.median(values) if values else math.inf


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest value that so many percent of the values do not exceed (nearest rank).

    Args:
        values: In any order; if there are none, the answer is infinity.
        percent: Above 0, at most 100.
    """
    if not values:
        return math.inf
    return sorted(values)[math.ceil(len(values) * percent / 100) - 1]


def with_never(result: SideResult) -> tuple[float, ...]:
    """Return the latencies, and infinity for each address that was not banned."""
    return result.latencies + (math.inf,) * result.never
