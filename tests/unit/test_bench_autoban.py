"""The pure parts of bench/autoban: statistics, the table, the events, and the picture."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pbx.asterisk.ami import AmiReader
from pbx.autoban.judgement.events import Meaning, read_event

from bench.autoban.inside import events
from bench.autoban.picture import draw
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
THEIRS = replace(
    OURS,
    name="fail2ban (polling)",
    latencies=(100.0, 200.0, 300.0),
    watching=Flood(3000, 0, 1.0, 0.5),
    banning=Flood(220, 20, 1.0, 1.0),
    load=replace(LOAD, cpu=(0.8, 0.8), bans=5),
    guesses=(110,),
    outages=(),
)


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0.1, 100))
def test_a_percentile_is_a_value_that_enough_values_do_not_exceed(
    values: list[float], percent: float
) -> None:
    found = percentile(values, percent)
    assert found in values
    below = sum(value <= found for value in values)
    assert below >= len(values) * percent / 100 - 1e-6
    assert sum(value < found for value in values) < len(values) * percent / 100 + 1e-6


def test_percentiles_by_hand() -> None:
    assert percentile(range(1, 101), 99) == 99
    assert percentile([5, 1], 50) == 1
    assert percentile([5, 1], 100) == 5


def test_who_was_never_banned_counts() -> None:
    result = replace(OURS, never=4)
    assert math.isinf(median(with_never(result)))
    assert math.isinf(median([]))
    assert math.isinf(percentile([], 99))
    assert not figures(result, THEIRS)[0].is_reached


def test_the_figures_compare() -> None:
    found = {figure.name: figure for figure in figures(OURS, THEIRS)}
    latency = found["event to first dropped packet, median"]
    assert (latency.ours, latency.peer, latency.ratio) == (2, 200, 0.01)
    assert found["events, nobody banned"].ratio == 10
    assert found["bans, each eleventh event one"].ratio == 100
    assert found["steady load"].ratio == pytest.approx(0.25)
    assert found["… banned of those due"].ratio == 2
    assert found["guesses of svcrack through, at most"].ours == 12
    assert found["back after AMI's return, at most"].ratio is None
    assert all(figure.is_reached for figure in found.values())
    assert len(found) == len(figures(OURS, THEIRS))


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"latencies": (6.0, 6.0, 6.0)}, "event to first dropped packet, median"),
        ({"latencies": (1.0, 1.0, 21.0)}, "… p99"),
        ({"watching": Flood(9999, 0, 1.0, 0.1)}, "events, nobody banned"),
        ({"watching": Flood(9999, 0, 0.1, 1.0)}, "… by a second of a core"),
        ({"banning": Flood(10_989, 999, 1.0, 0.1)}, "bans, each eleventh event one"),
        ({"banning": Flood(10_989, 999, 0.1, 1.0)}, "… bans by a second of a core"),
        ({"load": replace(LOAD, cpu=(0.51, 0.51))}, "steady load"),
        ({"load": replace(LOAD, rss=(10.0, 41.0))}, "… resident, at most"),
        ({"load": replace(LOAD, seen=3999)}, "… events read"),
        ({"load": replace(LOAD, bans=9)}, "… banned of those due"),
        ({"guesses": (11, 14)}, "guesses of svcrack through, at most"),
        ({"outages": (0.1, 2.1)}, "back after AMI's return, at most"),
    ],
)
def test_what_is_missed_is_said(change: dict[str, object], what: str) -> None:
    ours = replace(OURS, **change)  # type: ignore[arg-type]
    found = figures(ours, THEIRS)
    assert [figure.name for figure in found if not figure.is_reached] == [what]


def test_a_message_is_one_that_autoban_counts() -> None:
    data = events.message("198.18.0.9")
    (message,) = AmiReader().receive(data)
    event = read_event(message)
    assert event is not None
    assert (event.meaning, str(event.address)) == (Meaning.WRONG_SECRET, "198.18.0.9")


def test_a_line_is_as_asterisk_writes_it() -> None:
    text = events.line("198.18.0.9").decode()
    assert re.fullmatch(
        r"\[\w{3} \d\d \d\d:\d\d:\d\d\] SECURITY\[\d+\] res_security_log\.c: "
        r'SecurityEvent="ChallengeResponseFailed",EventTV="[^"]+",Severity="Error",Service="PJSIP",'
        r'EventVersion="1",AccountID="john\.doe",SessionID="\d+",LocalAddress="[^"]+",'
        r'RemoteAddress="IPV4/TCP/198\.18\.0\.9/5060",Challenge="[^"]+",Response="\w+",'
        r'ExpectedResponse=""\n',
        text,
    )


def test_attackers_take_turns_or_not() -> None:
    sources = events.addresses(300, "198.19")
    assert len(set(sources)) == 300
    assert not [source for source in sources if source.endswith((".0", ".255"))]
    assert list(events.guesses(["a", "b"], 2, one_by_one=True)) == ["a", "a", "b", "b"]
    assert list(events.guesses(["a", "b"], 2, one_by_one=False)) == ["a", "b", "a", "b"]


def test_the_picture_is_drawn() -> None:
    root = ET.fromstring(draw((OURS, THEIRS)))  # noqa: S314 - it is our own
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
