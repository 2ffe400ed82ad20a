"""How a soak goes: when what begins, and when it ends; pure."""

from __future__ import annotations

from dataclasses import dataclass

KILLS = 0.45
"""Share of the time in which services are killed. In the rest all else goes on, and processes live
long enough to tell whether they grow."""
KILL_EVERY = (8.0, 12.0)
"""Fewest and most seconds from one kill to the next. If Asterisk, one of several, were killed five
times within a minute, the container would have to give up."""
SAMPLES = 120


@dataclass(frozen=True)
class Course:
    """How a soak goes.

    Attributes:
        seconds: How long the load is.
        seed: Of all that is random.
    """

    seconds: float
    seed: int

    @property
    def kills_until(self) -> float:
        """Seconds from the beginning of the load."""
        return self.seconds * KILLS

    @property
    def warm(self) -> float:
        """Seconds after which a process has loaded and allocated what it needs."""
        return max(90.0, self.seconds / 10)

    @property
    def sample_every(self) -> float:
        """Seconds from one sample to the next."""
        return max(5.0, self.seconds / SAMPLES)
