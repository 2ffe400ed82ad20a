"""How many calls with media at a time a server bears, and what each of them costs it."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from bench.bench import Bench, BenchSetting
from bench.climb import fit
from bench.drawing import draw_ramps
from bench.figure import MOST_NOISE, BenchResult, Figure
from bench.ramp import Ramp, RampSample, is_broken, judge_streams, last_good
from bench.rates import PLAIN, QUICK_ROUNDS, ROUNDS
from bench.side import REST_SECONDS, RTP_END, Side, Sides, interleaved, running_sides, watch_rest
from factory.console import Console
from factory.waiting import wait_for
from fixtures.sipp import SippError

FEW = 20
RAMP = Ramp(8, 8, 16)
REMARKS = (
    (
        "Media is G.711 in both directions, through the server on both sides, and a call counts "
        "if its sound came back."
    ),
    (
        f"rtpend of our rtp.conf is {RTP_END} for it: the 100 ports of the sample are enough for "
        "25 calls between two phones."
    ),
)
_HOLD_MS = 60_000  # longer than any ramp
_LIGHT_SECONDS, _QUICK_LIGHT_SECONDS = 6, 4


@dataclass(frozen=True)
class _Round:
    cpu: float
    samples: Sequence[RampSample]


def run(setting: BenchSetting) -> BenchResult:
    """Measures in rounds, ours and the peer in turn.

    Raises:
        FactoryError, SippError, TimeoutError: something could not be measured.
    """
    with running_sides(setting) as sides:
        ramps = {name: RAMP for name, _ in sides.each()}

        with setting.console.activity("watch both do nothing"):
            watch_rest(sides, REST_SECONDS)

        def measure(name: str, side: Side) -> _Round:
            seconds = _QUICK_LIGHT_SECONDS if setting.quick else _LIGHT_SECONDS
            with setting.console.activity(f"{name}: {FEW} calls with media"):
                cpu = _cpu_of_a_call(sides, side, seconds)
            side.settle()
            with setting.console.activity(f"{name}: more and more calls with media"):
                ramps[name], samples = fit(
                    ramps[name], partial(_grow, sides, side, setting.console), side.settle
                )
            return _Round(cpu, samples)

        found = interleaved(sides, QUICK_ROUNDS if setting.quick else ROUNDS, measure)
        sides.check_that_nobody_is_jailed()
    ours, plain = found["ours"], found["plain"]

    def both(figure: Callable[[_Round], float]) -> tuple[float, float]:
        mine, peer = (statistics.median(map(figure, rounds)) for rounds in (ours, plain))
        return mine, peer

    return BenchResult(
        (
            Figure("CPU of a call with media", "% core", *both(lambda x: 100 * x.cpu), "lower"),
            Figure(
                "calls with media at a time",
                "",
                *both(lambda x: last_good(x.samples)),
                "higher",
                noise=MOST_NOISE,
            ),
        ),
        {
            "media": draw_ramps(
                "calls with media at a time",
                {"ours": [x.samples for x in ours], "plain": [x.samples for x in plain]},
            )
        },
        REMARKS,
    )


def _cpu_of_a_call(sides: Sides, side: Side, seconds: int) -> float:
    """Return the share of a core that one of a few calls takes."""
    sipp = sides.sipp
    sipp.count_media()
    run = sipp.calls(
        side.address,
        side.pairs,
        f"-r {FEW} -l {FEW} -d {_HOLD_MS} -timeout {_HOLD_MS // 1000 + 10}",
        media=True,
    )
    wait_for(sipp.media, lambda calls: len(calls) == FEW, seconds=15, otherwise="calls lack")
    used, begun, streams = side.meter(), time.monotonic(), sipp.media()
    time.sleep(seconds)
    cpu, elapsed = used(), time.monotonic() - begun
    sample = judge_streams(streams, sipp.media(), elapsed, 0)
    run.hang_up()
    if not sample.is_good:
        raise SippError(f"of {FEW} calls with media not all were heard: {run.said()}")
    return cpu / elapsed / FEW


def _grow(sides: Sides, side: Side, console: Console, ramp: Ramp) -> list[RampSample]:
    """Add calls until they are too many."""
    sipp = sides.sipp
    sipp.count_media()
    run = sipp.calls(
        side.address,
        side.pairs,
        f"-r {ramp.step:g} -d {_HOLD_MS} -l 4000 -timeout {_HOLD_MS // 1000 + 10}",
        media=True,
    )
    samples: list[RampSample] = []
    before, looked = sipp.media(), time.monotonic()
    begun, failed = looked, 0
    while not is_broken(samples) and time.monotonic() < begun + ramp.seconds:
        time.sleep(max(0.0, looked + 1 - time.monotonic()))
        after, now = sipp.media(), time.monotonic()
        failures = sum(period.failed for period in run.periods())
        samples.append(judge_streams(before, after, now - looked, failures - failed))
        console.progress(f"{samples[-1].level:.0f} calls at a time")
        before, looked, failed = after, now, failures
    run.hang_up()
    return samples


MEDIA = Bench("media", "calls with sound at a time", PLAIN, run)
