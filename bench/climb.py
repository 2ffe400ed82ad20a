"""Drives a growing load and a steady one against a server."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.ramp import Ramp, RampSample, is_broken, judge_periods
from bench.side import Side
from factory.console import Console
from factory.waiting import wait_for
from fixtures.sipp import Run, SippError

TRIES = 5
FEWEST = 4
"""Good seconds, so that the last one says something."""
_MOST = 4000
"""Calls at a time that SIPp may have under way."""


@dataclass(frozen=True)
class Steady:
    """What a load took that is borne easily.

    Attributes:
        cpu: Milliseconds of processor time for each.
        answer: Milliseconds to the answer, in the mean.
    """

    cpu: float
    answer: float


def climb(ramp: Ramp, start: Callable[[str], Run], console: Console) -> tuple[RampSample, ...]:
    """Lets a load of calls or registrations grow until it is too much.

    Args:
        ramp: How it grows.
        start: Starts SIPp with options.
        console: For progress.

    Returns:
        What was seen, second by second.
    """
    end = ramp.first + ramp.step * ramp.seconds
    run = start(
        f"-r {ramp.first:g} -rate_increase {ramp.step:g} -rate_interval 1s -rate_max {end:g} "
        f"-d 0 -l {_MOST} -timeout {ramp.seconds + 10}"
    )
    samples: list[RampSample] = []

    def is_done() -> bool:
        samples[:] = judge_periods(run.periods())
        if samples:
            console.progress(f"{samples[-1].level:.0f} a second")
        return is_broken(samples) or run.is_over()

    wait_for(is_done, seconds=ramp.seconds + 30, otherwise="the load did not end")
    if not run.is_over():
        run.hang_up()
    return tuple(samples)


def fit(
    ramp: Ramp, grow: Callable[[Ramp], Sequence[RampSample]], settle: Callable[[], None]
) -> tuple[Ramp, Sequence[RampSample]]:
    """Lets a load grow, at a pace that finds the limit neither at once nor never.

    Args:
        ramp: What to begin with.
        grow: Lets it grow, and returns what was seen.
        settle: Waits for rest before another try.

    Returns:
        The pace that was right, and what was seen with it. If a limit could not be found in TRIES,
        what was seen in the last.
    """
    samples = grow(ramp)
    for _ in range(TRIES - 1):
        if not is_broken(samples):
            ramp = ramp.steeper()
        elif sum(sample.is_good for sample in samples) < FEWEST:
            ramp = ramp.flatter()
        else:
            break
        settle()
        samples = grow(ramp)
    return ramp, samples


def steady(side: Side, rate: int, seconds: int, start: Callable[[str], Run]) -> Steady:
    """Load a server lightly for some seconds; return what that took beyond its rest.

    Raises:
        SippError: something failed, though the load was light.
    """
    used = side.meter()
    run = start(f"-r {rate} -m {rate * seconds} -d 0 -l {_MOST} -timeout {seconds + 20}")
    if status := run.wait(seconds + 30):
        raise SippError(f"a light load of {rate} a second failed, status {status}: {run.said()}")
    cpu = used()
    periods = run.periods()
    responses = sum(period.responses for period in periods)
    answer = sum(period.mean * period.responses for period in periods) / responses
    return Steady(1000 * cpu / (rate * seconds), 1000 * answer)
