"""The table: what was measured, how that compares, and whether it is what we want. No I/O."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypedDict

from rich.box import SIMPLE
from rich.table import Table

from bench.autoban.results import MAXCOUNT, Load, Result, median, percentile, with_never


class _Better(TypedDict):
    more: bool
    unit: str


_RATE: _Better = {"more": True, "unit": "/s"}
_SHARE: _Better = {"more": True, "unit": "%"}


@dataclass(frozen=True)
class Row:
    """A line of the table.

    Attributes:
        what: Is compared.
        ours: Of AutoBan.
        theirs: Of the peer; None where it has nothing of the kind.
        goal: What ours is to reach; None if there is no such thing.
        more: Whether more is better.
        unit: Behind numbers.
    """

    what: str
    ours: float
    theirs: float | None
    goal: float | None = None
    more: bool = False
    unit: str = ""

    @property
    def reached(self) -> bool:
        """Whether ours is as good as it is to be."""
        if self.goal is None:
            return True
        return self.ours >= self.goal if self.more else self.ours <= self.goal

    @property
    def ratio(self) -> float | None:
        """How many times better ours is; None if nothing can be said."""
        if self.theirs is None:
            return None
        better, worse = (self.ours, self.theirs) if self.more else (self.theirs, self.ours)
        return better / worse if worse else math.inf


def rows(ours: Result, theirs: Result) -> list[Row]:
    """Returns the comparison; the goals are those of the specification."""

    def row(
        what: str,
        figure: Callable[[Result], float],
        goal: float,
        *,
        more: bool = False,
        unit: str = "",
    ) -> Row:
        return Row(what, figure(ours), figure(theirs), goal, more, unit)

    table = [
        row("event to first dropped packet, median", lambda x: median(with_never(x)), 5, unit="ms"),
        row("… p99", lambda x: percentile(with_never(x), 99), 20, unit="ms"),
        row("events, nobody banned", lambda x: x.watching.events_per_second, 10_000, **_RATE),
        row("… by a second of a core", lambda x: x.watching.events_per_cpu_second, 10_000, **_RATE),
        row("bans, each eleventh event one", lambda x: x.banning.bans_per_second, 1000, **_RATE),
        row("… bans by a second of a core", lambda x: x.banning.bans_per_cpu_second, 1000, **_RATE),
        row("steady load: of a core", lambda x: _mean_cpu(x.load), 50, unit="%"),
        row("… resident, at most", lambda x: max(x.load.rss), 40, unit="MB"),
        row("… events read", lambda x: 100 * x.load.seen / x.load.sent, 100, **_SHARE),
    ]
    if ours.load.due and theirs.load.due:
        table.append(
            row("… banned of those due", lambda x: 100 * x.load.bans / x.load.due, 100, **_SHARE)
        )
    table.append(row("svcrack: guesses through, at most", lambda x: max(x.guesses), MAXCOUNT + 3))
    if ours.outages:
        table.append(Row("back after AMI's return, at most", max(ours.outages), None, 2, unit="s"))
    return table


def as_table(lines: list[Row], ours: Result, theirs: Result) -> Table:
    """Returns the comparison for people."""
    table = Table(box=SIMPLE)
    table.add_column("")
    for name in (ours.name, theirs.name.replace(" (", "\n("), "better", "wanted", ""):
        table.add_column(name, justify="right", no_wrap=True)
    for row in lines:
        wanted = "" if row.goal is None else f"{'≥' if row.more else '≤'} {_text(row.goal, row)}"
        table.add_row(
            row.what,
            _text(row.ours, row),
            _text(row.theirs, row),
            "" if row.ratio is None else f"{row.ratio:,.1f} x",
            wanted,
            "" if row.goal is None else "reached" if row.reached else "MISSED",
        )
    return table


def _text(value: float | None, row: Row) -> str:
    if value is None:
        return "none"
    if math.isinf(value):
        return "never"
    digits = 0 if value >= 100 or value == int(value) else 1 if value >= 10 else 2
    return f"{value:,.{digits}f} {row.unit}".rstrip()


def _mean_cpu(load: Load) -> float:
    return 100 * sum(load.cpu) / len(load.cpu)
