"""Whether something grows without end, or only goes up and down; pure.

A leak shows in a trend, not in two samples: the first may be a low one and the last a high one.
The trend is Theil and Sen's: the median of the slopes between all pairs of samples, which a few
odd samples do not move (P. K. Sen, "Estimates of the regression coefficient based on Kendall's
tau", Journal of the American Statistical Association 63, 1968). Beside it, the last third of the
samples must lie above the first: what went up once and stayed there is no trend.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median

FEWEST = 6
"""Samples, below which there is no trend to speak of."""

Point = tuple[float, float]
"""A moment in seconds, and what was measured."""


@dataclass(frozen=True)
class Growth:
    """How something grew.

    Attributes:
        by: How much by its trend, over the whole span.
        stays: How much higher it is in the last third than in the first.
        seconds: The span.
    """

    by: float
    stays: float
    seconds: float

    def exceeds(self, limit: float) -> bool:
        """Says whether it grew by more than a limit, and did not only jump about."""
        return self.by > limit and self.stays > limit / 2

    @property
    def an_hour(self) -> float:
        """How much it would grow in an hour."""
        return self.by * 3600 / self.seconds


def slope(points: Sequence[Point]) -> float:
    """Returns the trend (of Theil and Sen) a second; 0 if there are no two moments."""
    slopes = [(y2 - y1) / (x2 - x1) for (x1, y1), (x2, y2) in combinations(points, 2) if x1 != x2]
    return median(slopes) if slopes else 0.0


def growth(points: Sequence[Point]) -> Growth | None:
    """Returns how something grew; None if too few samples tell.

    Args:
        points: Samples in the order of time.
    """
    if len(points) < FEWEST:
        return None
    third = len(points) // 3
    first, last = points[:third], points[-third:]
    seconds = points[-1][0] - points[0][0]
    stays = median(y for _, y in last) - median(y for _, y in first)
    return Growth(slope(points) * seconds, stays, seconds)
