"""What a server takes while nobody calls."""

from __future__ import annotations

from bench.bench import Bench, BenchSetting
from bench.figure import BenchResult, Figure
from bench.side import running_sides, watch_rest

SECONDS, QUICK_SECONDS = 60, 20
"""Several of the image's health checks, which are part of it, are within either."""
REMARK = (
    "Ours has its services (AutoBan, WebSMS, log, certificates), asks its phones every minute "
    "whether they are there, and is asked for its health every ten seconds; the peer is Asterisk "
    "and nothing else."
)


def run(setting: BenchSetting) -> BenchResult:
    """Watches ours and the peer at the same time, each with a hundred accounts.

    Raises:
        FactoryError, SippError, TimeoutError: something does not start.
    """
    with running_sides(setting) as sides:
        with setting.console.activity("watch both do nothing"):
            watch_rest(sides, QUICK_SECONDS if setting.quick else SECONDS)
        share = {name: 100 * side.idle for name, side in sides.each()}
        held = {name: side.memory() for name, side in sides.each()}
    return BenchResult(
        (
            Figure("idle memory", "MB", held["ours"], held["plain"], "lower"),
            Figure("idle CPU", "% core", share["ours"], share["plain"], "lower"),
        ),
        remarks=(REMARK,),
    )


IDLE = Bench(
    "idle", "memory and processor time of a server at rest", "a plain Debian Asterisk", run
)
