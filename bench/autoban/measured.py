"""AutoBan against the distribution's fail2ban, on the same events in one run."""

from __future__ import annotations

from bench.autoban.lab import running_lab
from bench.autoban.picture import draw
from bench.autoban.report import figures
from bench.autoban.rounds import FULL, QUICK, measure
from bench.bench import Bench, BenchSetting
from bench.figure import BenchResult


def run(setting: BenchSetting) -> BenchResult:
    """Measures both.

    Raises:
        FactoryError, TimeoutError: something could not be measured.
    """
    with running_lab(setting) as lab:
        results = measure(lab, QUICK if setting.quick else FULL, setting.console)
    ours, theirs = results
    return BenchResult(
        figures(ours, theirs),
        {"autoban": draw(results)},
        (f"The peer is {theirs.name}, the better of its two ways to follow a log.",),
    )


AUTOBAN = Bench(
    "autoban", "from a guessed password to dropped packets", "the distribution's fail2ban", run
)
