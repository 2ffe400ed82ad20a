"""How many registrations and calls a second a server bears, and what each of them costs it."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from bench.bench import Bench, BenchSetting
from bench.climb import Steady, climb, fit, steady
from bench.drawing import draw_ramps
from bench.figure import MOST_NOISE, BenchResult, Figure
from bench.ramp import Ramp, RampSample, last_good
from bench.side import REST_SECONDS, Side, interleaved, running_sides, watch_rest
from fixtures.sipp import Run, Sipp

ROUNDS, QUICK_ROUNDS = 3, 1
STEADY_SECONDS, QUICK_STEADY_SECONDS = 8, 5
REMARK = (
    "SIPp shares the machine's processors with the server, so the most a second is less than a "
    "server has by itself; the processor time of each is the steadier figure."
)


@dataclass(frozen=True)
class Exchange:
    """What is done at a rate.

    Attributes:
        one: What it is called, such as `call`.
        ramp: How it grows at first.
        light: A rate that any machine bears.
        start: Starts SIPp against a side, with options.
    """

    one: str
    ramp: Ramp
    light: int
    start: Callable[[Sipp, Side, str], Run]


REGISTRATION = Exchange(
    "registration",
    Ramp(50, 25, 16),
    50,
    lambda sipp, side, options: sipp.registrations(side.address, side.callers, options),
)
CALL = Exchange(
    "call",
    Ramp(10, 5, 16),
    10,
    lambda sipp, side, options: sipp.calls(side.address, side.pairs, options, media=False),
)


@dataclass(frozen=True)
class _Round:
    steady: Steady
    samples: Sequence[RampSample]


def run(kind: Exchange, setting: BenchSetting) -> BenchResult:
    """Measures in rounds, ours and the peer in turn.

    Raises:
        FactoryError, SippError, TimeoutError: something could not be measured.
    """
    with running_sides(setting) as sides:
        ramps = {name: kind.ramp for name, _ in sides.each()}

        with setting.console.activity("watch both do nothing"):
            watch_rest(sides, REST_SECONDS)

        def measure(name: str, side: Side) -> _Round:
            start = partial(kind.start, sides.sipp, side)
            seconds = QUICK_STEADY_SECONDS if setting.quick else STEADY_SECONDS
            with setting.console.activity(f"{name}: {kind.light} {kind.one}s a second"):
                light = steady(side, kind.light, seconds, start)
            with setting.console.activity(f"{name}: more and more {kind.one}s"):
                ramps[name], samples = fit(
                    ramps[name],
                    lambda ramp: climb(ramp, start, setting.console),
                    side.settle,
                )
            return _Round(light, samples)

        rounds = QUICK_ROUNDS if setting.quick else ROUNDS
        found = interleaved(sides, rounds, measure)
        sides.check_that_nobody_is_jailed()
    return _outcome(kind, found["ours"], found["plain"])


def _outcome(kind: Exchange, ours: Sequence[_Round], plain: Sequence[_Round]) -> BenchResult:
    def both(figure: Callable[[_Round], float]) -> tuple[float, float]:
        mine, peer = (statistics.median(map(figure, rounds)) for rounds in (ours, plain))
        return mine, peer

    one = kind.one
    return BenchResult(
        (
            Figure(f"CPU of a {one}", "ms", *both(lambda x: x.steady.cpu), "lower"),
            Figure(
                f"time to answer, {kind.light} {one}s/s",
                "ms",
                *both(lambda x: x.steady.answer),
                "lower",
                noise=MOST_NOISE,
            ),
            Figure(
                f"{one}s a second",
                "/s",
                *both(lambda x: last_good(x.samples)),
                "higher",
                noise=MOST_NOISE,
            ),
        ),
        {
            f"{one}s": draw_ramps(
                f"{one}s a second",
                {"ours": [x.samples for x in ours], "plain": [x.samples for x in plain]},
            )
        },
        (REMARK,),
    )


PLAIN = "a plain Debian Asterisk with three lines of dialplan"
REGISTRATIONS = Bench(
    "registrations", "phones that register with a password", PLAIN, partial(run, REGISTRATION)
)
CALLS = Bench("calls", "calls from one phone to another, without media", PLAIN, partial(run, CALL))
