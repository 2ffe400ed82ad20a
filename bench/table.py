"""Figures as text for a terminal. No I/O."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from bench.figure import Figure, is_regression, worsened
from bench.record import Record, last_before

_NAME = 42
_VALUE = 14
_HEAD = f"{'':{_NAME}} {'ours':>{_VALUE}} {'peer':>{_VALUE}} {'ratio':>7}  better  {'since last'}"
SAME = 0.02
"""Less than that is not told as a change."""


def table(
    figures: Mapping[str, Sequence[Figure]], peers: Mapping[str, str], earlier: Sequence[Record]
) -> str:
    """Return a table with a line for each figure.

    Args:
        figures: Of each bench by its name.
        peers: What each bench compares with, by its name.
        earlier: Runs to compare with, the oldest first.
    """
    lines = [_HEAD]
    for bench, found in figures.items():
        lines += ["", f"{bench}, beside {peers[bench]}"]
        lines += [_line(figure, last_before(earlier, bench, figure.name)) for figure in found]
    return "\n".join(lines)


def regressions(
    figures: Mapping[str, Sequence[Figure]], earlier: Sequence[Record]
) -> Iterator[str]:
    """Yield a line for each figure that got worse by more than noise explains."""
    for bench, found in figures.items():
        for figure in found:
            before = last_before(earlier, bench, figure.name)
            if before is not None and is_regression(figure, before):
                yield (
                    f"{bench}: {figure.name}: ratio {before.ratio:.2f} → {figure.ratio:.2f}, "
                    f"{figure.better} is better"
                )


def missed(figures: Mapping[str, Sequence[Figure]]) -> Iterator[str]:
    """Yield a line for each figure that has a goal and did not reach it."""
    for bench, found in figures.items():
        for figure in found:
            if not figure.is_reached:
                sign = "≤" if figure.better == "lower" else "≥"
                wanted = _value(figure.goal, figure.unit)
                yield f"{bench}: {figure.name}: {_value(figure.ours, figure.unit)}, {sign} {wanted}"


def _line(figure: Figure, before: Figure | None) -> str:
    ratio = "" if figure.ratio is None else f"{figure.ratio:.{2 if figure.ratio >= 0.1 else 3}f}"
    return (
        f"  {figure.name:{_NAME - 2}} {_value(figure.ours, figure.unit):>{_VALUE}} "
        f"{_value(figure.peer, figure.unit):>{_VALUE}} {ratio:>7}  {figure.better:6}  "
        f"{_change(figure, before)}"
    ).rstrip()


def _change(figure: Figure, before: Figure | None) -> str:
    missing = "" if figure.is_reached else " GOAL MISSED"
    if before is None or (change := worsened(figure, before)) is None:
        return f"{'' if before is None else '-'}{missing}".strip()
    if abs(change) < SAME:
        return f"same{missing}"
    word = "worse" if change > 0 else "better"
    percent = 100 * (change if change > 0 else 1 / (1 + change) - 1)
    mark = " WORSE" if is_regression(figure, before) else ""
    return f"{percent:.0f} % {word}{mark}{missing}"


def _value(value: float | None, unit: str) -> str:
    if value is None:
        return "-"
    if math.isinf(value):
        return "never"
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f} {unit}".rstrip()
