"""What a bench found: a value of ours beside that of a peer. No I/O."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Better = Literal["lower", "higher"]
NOISE = 0.2
"""By how much a ratio may differ from one run to the next without anything having changed."""
MOST_NOISE = 0.5
"""The same for the most that is borne and for times of some ms, which other programs disturb."""


@dataclass(frozen=True)
class Figure:
    """One row of the table.

    Attributes:
        name: What was measured; unlike any other of the same bench.
        unit: Of both values.
        ours: Our value; infinity where what is timed never came.
        peer: The peer's in the same run; None where there is none.
        better: Which values are the good ones.
        goal: What ours is to reach; None if nothing is asked for.
        noise: By what part its ratio may get worse before it is said to be.
    """

    name: str
    unit: str
    ours: float
    peer: float | None
    better: Better
    goal: float | None = None
    noise: float = NOISE

    @property
    def ratio(self) -> float | None:
        """Ours divided by the peer's; None if nothing can be said."""
        if not self.peer or math.isinf(self.peer):
            return None
        ratio = self.ours / self.peer
        return ratio if math.isfinite(ratio) else None

    @property
    def is_reached(self) -> bool:
        """Whether ours is as good as it is to be."""
        if self.goal is None:
            return True
        return self.ours <= self.goal if self.better == "lower" else self.ours >= self.goal


@dataclass(frozen=True)
class BenchResult:
    """All that a bench found.

    Attributes:
        figures: In the order in which they are shown.
        pictures: SVG by a name that is good for a file.
        remarks: What one has to know to read the figures, a sentence each.
    """

    figures: tuple[Figure, ...]
    pictures: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()


def worsened(now: Figure, before: Figure) -> float | None:
    """Return by what part the ratio to the peer got worse since an earlier run.

    Absolute values are not compared: another day, another load on the machine.

    Returns:
        0.25 if it is a quarter worse, a negative number if it is better; None if one of the two
        has no ratio, or ours was zero.
    """
    ratio, earlier = now.ratio, before.ratio
    if not ratio or not earlier:
        return None
    return ratio / earlier - 1 if now.better == "lower" else earlier / ratio - 1


def is_regression(now: Figure, before: Figure) -> bool:
    """Says whether a ratio got worse by more than noise explains."""
    change = worsened(now, before)
    return change is not None and change > now.noise
