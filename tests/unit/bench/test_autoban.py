"""The pure parts of bench/autoban: statistics, the table, the events, and the picture."""

from __future__ import annotations

import math
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from pbx.asterisk.ami import AmiReader
from pbx.autoban.judgement.events import Meaning, read_event

from bench.autoban.inside import events
from bench.autoban.report import figures
from bench.autoban.results import Flood, SideResult, SteadyLoad, median, percentile, with_never

LOAD = SteadyLoad((0.1, 0.3), (20.0, 30.0), 2.0, 4000, 4000, 10, 10)
OURS = SideResult(
    "AutoBan",
    (1.0, 2.0, 3.0),
    (0.2, 0.2, 0.2),
    0,
    Flood(30_000, 0, 1.0, 0.5),
    Flood(22_000, 2000, 1.0, 1.0),
    LOAD,
    (11, 12),
    (0.2, 0.5),
)
THEIRS = replace(OURS, name="fail2ban (polling)", latencies=(100.0, 200.0, 300.0), outages=())


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0.1, 100))
def test_percentile_is_a_value_that_enough_values_do_not_exceed(
    values: list[float], percent: float
) -> None:
    found = percentile(values, percent)
    assert found in values
    below = sum(value <= found for value in values)
    assert below >= len(values) * percent / 100 - 1e-6
    assert sum(value < found for value in values) < len(values) * percent / 100 + 1e-6


def test_latencies_count_who_was_never_banned() -> None:
    result = replace(OURS, never=4)
    assert math.isinf(median(with_never(result)))
    assert math.isinf(median([]))
    assert math.isinf(percentile([], 99))
    assert not figures(result, THEIRS)[0].is_reached


def test_message_is_one_that_autoban_counts() -> None:
    data = events.message("198.18.0.9")
    (message,) = AmiReader().receive(data)
    event = read_event(message)
    assert event is not None
    assert (event.meaning, str(event.address)) == (Meaning.WRONG_SECRET, "198.18.0.9")
