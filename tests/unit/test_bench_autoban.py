"""The pure parts of bench/autoban: statistics, the table, the events, and the picture."""

from __future__ import annotations

import io
import math
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.image import imread
from pbx.asterisk.ami import AmiReader
from pbx.autoban.events import Meaning, read_event
from rich.console import Console

from bench.autoban.inside import events
from bench.autoban.picture import draw
from bench.autoban.report import as_table, rows
from bench.autoban.results import Flood, Load, Result, median, percentile, with_never

LOAD = Load((0.1, 0.3), (20.0, 30.0), 2.0, 4000, 4000, 10, 10)
OURS = Result(
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
    assert not rows(result, THEIRS)[0].reached


def test_the_rows_compare() -> None:
    found = {row.what: row for row in rows(OURS, THEIRS)}
    latency = found["event to first dropped packet, median"]
    assert (latency.ours, latency.theirs, latency.ratio) == (2, 200, 100)
    assert found["events, nobody banned"].ratio == 10
    assert found["bans, each eleventh event one"].ratio == 100
    assert found["steady load: of a core"].ratio == pytest.approx(4)
    assert found["… banned of those due"].ratio == 2
    assert found["svcrack: guesses through, at most"].ours == 12
    assert found["back after AMI's return, at most"].ratio is None
    assert all(row.reached for row in found.values())


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"latencies": (6.0, 6.0, 6.0)}, "event to first dropped packet, median"),
        ({"latencies": (1.0, 1.0, 21.0)}, "… p99"),
        ({"watching": Flood(9999, 0, 1.0, 0.1)}, "events, nobody banned"),
        ({"watching": Flood(9999, 0, 0.1, 1.0)}, "… by a second of a core"),
        ({"banning": Flood(10_989, 999, 1.0, 0.1)}, "bans, each eleventh event one"),
        ({"banning": Flood(10_989, 999, 0.1, 1.0)}, "… bans by a second of a core"),
        ({"load": replace(LOAD, cpu=(0.51, 0.51))}, "steady load: of a core"),
        ({"load": replace(LOAD, rss=(10.0, 41.0))}, "… resident, at most"),
        ({"load": replace(LOAD, seen=3999)}, "… events read"),
        ({"load": replace(LOAD, bans=9)}, "… banned of those due"),
        ({"guesses": (11, 14)}, "svcrack: guesses through, at most"),
        ({"outages": (0.1, 2.1)}, "back after AMI's return, at most"),
    ],
)
def test_what_is_missed_is_said(change: dict[str, object], what: str) -> None:
    ours = replace(OURS, **change)  # type: ignore[arg-type]
    lines = rows(ours, THEIRS)
    assert [row.what for row in lines if not row.reached] == [what]
    assert shown(ours).count("MISSED") == 1


def test_the_table_fits_a_terminal() -> None:
    text = shown(replace(OURS, latencies=(1.234, 12.34, 1234.5)))
    assert all(len(line) <= 80 for line in text.splitlines())
    assert re.search(r"12\.3 ms .* 200 ms +16\.2 x +≤ 5 ms +MISSED", text)
    assert "…" not in re.sub(
        "… (p99|by a|bans by|resident|events|banned)", "", text
    )  # nothing is cut off


def shown(ours: Result) -> str:
    file = io.StringIO()
    Console(file=file, width=80).print(as_table(rows(ours, THEIRS), ours, THEIRS))
    return file.getvalue()


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
        r'RemoteAddress="IPV4/UDP/198\.18\.0\.9/5060",Challenge="[^"]+",Response="\w+",'
        r'ExpectedResponse=""\n',
        text,
    )


def test_attackers_take_turns_or_not() -> None:
    sources = events.addresses(300, "198.19")
    assert len(set(sources)) == 300
    assert not [source for source in sources if source.endswith((".0", ".255"))]
    assert list(events.guesses(["a", "b"], 2, one_by_one=True)) == ["a", "a", "b", "b"]
    assert list(events.guesses(["a", "b"], 2, one_by_one=False)) == ["a", "b", "a", "b"]


def test_the_picture_is_drawn(tmp_path: Path) -> None:
    draw((OURS, THEIRS), tmp_path / "x.png")
    assert imread(tmp_path / "x.png").shape == (800, 1200, 4)
