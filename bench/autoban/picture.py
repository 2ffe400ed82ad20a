"""The comparison as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.autoban.results import SideResult
from bench.drawing import COLOURS, new_picture, svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw(results: tuple[SideResult, SideResult]) -> str:
    """Draws latencies, rates, and what a steady load takes, as SVG.

    Args:
        results: Ours and the peer's.
    """
    figure = new_picture(12, 8)
    (latency, rates), (cpu, rss) = figure.subplots(2, 2)
    _latencies(latency, results)
    _rates(rates, results)
    for axes, what in ((cpu, "% of a core"), (rss, "MB resident")):
        axes.set_title("steady load of thousands of attackers", fontsize="medium")
        axes.set_xlabel("seconds")
        axes.set_ylabel(what)
    for result, colour in zip(results, COLOURS, strict=True):
        seconds = range(1, len(result.load.cpu) + 1)
        cpu.plot(seconds, [100 * x for x in result.load.cpu], color=colour, label=result.name)
        rss.plot(seconds, result.load.rss, color=colour, label=result.name)
    for axes, goal in ((cpu, 50), (rss, 40)):
        axes.axhline(goal, color="grey", linestyle=":", label="wanted: below")
        axes.set_ylim(bottom=0)
        axes.legend(fontsize="small")
    return svg(figure)


def _latencies(axes: Axes, results: tuple[SideResult, SideResult]) -> None:
    for result, colour in zip(results, COLOURS, strict=True):
        values = sorted(result.latencies)
        every = len(values) + result.never
        shares = [100 * (i + 1) / every for i in range(len(values))]
        axes.step(values, shares, where="post", color=colour, label=result.name)
    axes.plot([5, 20], [50, 99], "x", color="grey", label="wanted: left of these")
    axes.set_xscale("log")
    axes.set_title("from the deciding event to the first dropped packet", fontsize="medium")
    axes.set_xlabel("ms")
    axes.set_ylabel("% of bans")
    axes.legend(fontsize="small")


def _rates(axes: Axes, results: tuple[SideResult, SideResult]) -> None:
    names = ("events/s,\nnobody banned", "bans/s", "guesses of svcrack\nthrough, at most")
    for i, (result, colour) in enumerate(zip(results, COLOURS, strict=True)):
        values = (
            result.watching.events_per_second,
            result.banning.bans_per_second,
            max(result.guesses),
        )
        places = [place + 0.4 * i for place in range(len(values))]
        bars = axes.bar(places, values, 0.38, color=colour, label=result.name)
        axes.bar_label(bars, [f"{value:,.0f}" for value in values], fontsize="small")
    axes.set_xticks([place + 0.2 for place in range(len(names))], names)
    axes.set_yscale("log")
    axes.set_title("rates (more is better) and guesses (fewer are)", fontsize="medium")
    axes.legend(fontsize="small")
