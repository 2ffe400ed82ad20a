"""The comparison: what was measured of both, and what we want of ours. No I/O."""

from __future__ import annotations

from collections.abc import Callable

from bench.autoban.results import MAXCOUNT, SideResult, SteadyLoad, median, percentile, with_never
from bench.figure import Better, Figure


def figures(ours: SideResult, theirs: SideResult) -> tuple[Figure, ...]:
    """Return the comparison; the goals are those of the specification."""

    def row(
        what: str,
        unit: str,
        value: Callable[[SideResult], float],
        goal: float,
        better: Better = "lower",
    ) -> Figure:
        return Figure(what, unit, value(ours), value(theirs), better, goal)

    found = [
        row("event to first dropped packet, median", "ms", lambda x: median(with_never(x)), 5),
        row("… p99", "ms", lambda x: percentile(with_never(x), 99), 20),
        row("events, nobody banned", "/s", lambda x: x.watching.events_per_second, 10e3, "higher"),
        row(
            "… by a second of a core",
            "/s",
            lambda x: x.watching.events_per_cpu_second,
            10e3,
            "higher",
        ),
        row(
            "bans, each eleventh event one",
            "/s",
            lambda x: x.banning.bans_per_second,
            1e3,
            "higher",
        ),
        row(
            "… bans by a second of a core",
            "/s",
            lambda x: x.banning.bans_per_cpu_second,
            1e3,
            "higher",
        ),
        row("steady load", "% core", lambda x: _mean_cpu(x.load), 50),
        row("… resident, at most", "MB", lambda x: max(x.load.rss), 40),
        row("… events read", "%", lambda x: 100 * x.load.seen / x.load.sent, 100, "higher"),
    ]
    if ours.load.due and theirs.load.due:
        found.append(
            row(
                "… banned of those due",
                "%",
                lambda x: 100 * x.load.bans / x.load.due,
                100,
                "higher",
            )
        )
    found.append(
        row("guesses of svcrack through, at most", "", lambda x: max(x.guesses), MAXCOUNT + 3)
    )
    if ours.outages:
        back = max(ours.outages)
        found.append(Figure("back after AMI's return, at most", "s", back, None, "lower", 2))
    return tuple(found)


def _mean_cpu(load: SteadyLoad) -> float:
    return 100 * sum(load.cpu) / len(load.cpu)
