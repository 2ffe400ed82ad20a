"""A load that grows second by second, and how far it was borne. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from fixtures.sipp import MediaCount, Period

STREAK = 2
"""So many bad samples in a row are the end; one may be another program's doing."""
FAILED = 0.01
RETRANSMITTED = 0.01
SLOW_MS = 200
SLOW = 0.05
"""Shares of what was begun that may fail, or be sent again; of answers that may take so long."""
PACKETS_A_SECOND = 50
CAME_BACK = 0.98
HEARD = 0.9
SENT = 0.9
"""Of what a call is to send, it has to; of all packets, and of each call's, so many came back."""
LEFT_OVER = 0.5


@dataclass(frozen=True)
class RampSample:
    """What was seen in about a second.

    Attributes:
        level: Of the load: registrations or calls a second, or calls at a time.
        is_good: Whether it was borne.
    """

    level: float
    is_good: bool


@dataclass(frozen=True)
class Ramp:
    """How a load grows.

    Attributes:
        first: Where it begins.
        step: What is added each second.
        seconds: How long that goes on.
    """

    first: float
    step: float
    seconds: int

    def steeper(self) -> Ramp:
        """Return one that gets twice as far."""
        return replace(self, first=2 * self.first, step=2 * self.step)

    def flatter(self) -> Ramp:
        """Return one that gets half as far."""
        return replace(self, first=self.first / 2, step=self.step / 2)


def is_broken(samples: Sequence[RampSample]) -> bool:
    """Says whether the load has become too much, so that it makes no sense to go on."""
    return _end(samples) is not None


def last_good(samples: Sequence[RampSample]) -> float:
    """Return the highest level that was borne before the end, or at all; 0 if none was."""
    end = _end(samples)
    return max((s.level for s in samples[:end] if s.is_good), default=0.0)


def _end(samples: Sequence[RampSample]) -> int | None:
    for number in range(len(samples) - STREAK + 1):
        if not any(sample.is_good for sample in samples[number : number + STREAK]):
            return number
    return None


def judge_periods(periods: Sequence[Period]) -> list[RampSample]:
    """Judges each second of registrations or calls; what is left over at the ends is no second."""
    return [_judge_period(period) for period in periods if period.seconds > LEFT_OVER]


def _judge_period(period: Period) -> RampSample:
    # By failures, repeats and the time to answer; the level is what was begun a second.
    slow = period.slower[SLOW_MS]
    is_good = (
        period.failed <= FAILED * period.started
        and period.retransmitted <= RETRANSMITTED * period.started
        and slow <= SLOW * period.responses
        and period.responses > 0
    )
    return RampSample(period.rate, is_good)


def judge_streams(
    before: dict[int, MediaCount], after: dict[int, MediaCount], seconds: float, failed: int
) -> RampSample:
    """Judges what happened to calls with media between two looks at them.

    Each call has to send what it is to send, and to hear nearly all of it come back.

    Args:
        before: Packets of each call so far, at the first look.
        after: The same at the second.
        seconds: Between the two.
        failed: Calls that failed meanwhile.

    Returns:
        Its level is the number of calls that were there at both looks.
    """
    parts = [
        MediaCount(now.sent - before[key].sent, now.came - before[key].came)
        for key, now in after.items()
        if key in before and now.sent > before[key].sent
    ]
    sent, came = sum(part.sent for part in parts), sum(part.came for part in parts)
    heard = sum(part.came >= HEARD * part.sent for part in parts)
    is_good = (
        bool(parts)
        and not failed
        and sent >= SENT * PACKETS_A_SECOND * seconds * len(parts)
        and came >= CAME_BACK * sent
        and heard >= (1 - FAILED) * len(parts)
    )
    return RampSample(len(parts), is_good)
