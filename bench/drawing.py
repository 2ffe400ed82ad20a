"""Pictures of what was measured, as SVG."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from bench.figure import Figure
from bench.ramp import RampSample

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture

COLOURS = ("#1b7837", "#b35806")


def new_picture(width: float, height: float) -> Picture:
    """Return an empty picture of so many inches."""
    from matplotlib.figure import Figure as Picture  # noqa: PLC0415 # slow to import

    return Picture(figsize=(width, height), layout="constrained")


def svg(picture: Picture) -> str:
    """Return a picture as SVG, the same each time."""
    import matplotlib as mpl  # noqa: PLC0415 # slow to import

    buffer = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": "bench"}):
        picture.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()


def draw_ramps(title: str, rounds: Mapping[str, Sequence[Sequence[RampSample]]]) -> str:
    """Draws loads that grew: filled dots were borne, empty ones were too much.

    Args:
        title: What grew.
        rounds: Of each side by its name, round by round, second by second.
    """
    picture = new_picture(8, 4)
    axes = picture.subplots()
    for (name, ramps), colour in zip(rounds.items(), COLOURS, strict=True):
        for number, samples in enumerate(ramps):
            seconds = range(1, len(samples) + 1)
            levels = [sample.level for sample in samples]
            axes.plot(seconds, levels, color=colour, alpha=0.4, label=None if number else name)
            faces = [colour if sample.is_good else "white" for sample in samples]
            axes.scatter(seconds, levels, s=18, color=faces, edgecolors=colour, zorder=3)
    axes.set_title(f"{title}: filled is borne, empty is too much", fontsize="medium")
    axes.set_xlabel("seconds")
    axes.set_ylim(bottom=0)
    axes.legend()
    return svg(picture)


def draw_ratios(figures: Mapping[str, Sequence[Figure]]) -> str:
    """Draws how many times better or worse than its peer each figure is.

    Args:
        figures: Of each bench by its name.
    """
    rows = [
        (f"{bench}: {figure.name}", 1 / ratio if figure.better == "lower" else ratio)
        for bench, found in figures.items()
        for figure in found
        if (ratio := figure.ratio)
    ]
    picture = new_picture(10, 1.2 + 0.28 * len(rows))
    axes = picture.subplots()
    names, values = [name for name, _ in rows], [value for _, value in rows]
    colours = [COLOURS[value < 1] for value in values]
    bars = axes.barh(names, [value - 1 for value in values], left=1, color=colours)
    axes.bar_label(bars, [f"{value:.2f}" for value in values], fontsize="small", padding=3)
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set_xscale("log")
    axes.margins(x=0.15)
    axes.invert_yaxis()
    axes.set_title("how many times better than the peer (1 is the same)", fontsize="medium")
    return svg(picture)


def draw_history(series: Mapping[str, Sequence[tuple[str, float]]]) -> str:
    """Draws how ratios changed from run to run.

    Args:
        series: Of each figure by its name: label and ratio to the peer of each run, in their order.
    """
    picture = new_picture(10, 1 + 1.3 * max(len(series), 1))
    if not series:
        return svg(picture)
    columns = picture.subplots(len(series), 1, squeeze=False)[:, 0]
    for axes, (name, points) in zip(columns, series.items(), strict=True):
        places = range(len(points))
        axes.plot(places, [ratio for _, ratio in points], "o-", color=COLOURS[0], markersize=4)
        axes.set_title(name, fontsize="small", loc="left")
        axes.set_xticks(places, [label for label, _ in points], fontsize="xx-small")
        axes.set_ylim(bottom=0)
    return svg(picture)
