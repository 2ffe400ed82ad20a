"""The table of figures, what it marks, and the pictures."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET

from bench.drawing import draw_history, draw_ramps, draw_ratios
from bench.figure import Figure
from bench.machine import Machine
from bench.ramp import RampSample
from bench.record import Record
from bench.table import regressions, table

PEERS = {"calls": "a plain Asterisk", "autoban": "fail2ban"}
RATE = Figure("calls a second", "/s", 52.31, 104.62, "higher")
COST = Figure("CPU of a call", "ms", 22.5, 15, "lower")
BAN = Figure("event to drop", "ms", 7, math.inf, "lower", goal=5)
ALONE = Figure("to a phone", "ms", 1234.5, None, "lower")
FIGURES = {"calls": (RATE, COST), "autoban": (BAN, ALONE)}


def run(**ours: float) -> Record:
    """An earlier run, with these values of ours."""
    figures = (
        Figure(RATE.name, "/s", ours["rate"], 100, "higher"),
        Figure(COST.name, "ms", ours["cost"], 15, "lower"),
    )
    return Record("2026-01-01T00:00:00Z", "", Machine("x", 2), "", 0, False, {"calls": figures})


def lines(*earlier: Record) -> list[str]:
    return table(FIGURES, PEERS, earlier).splitlines()


def test_table_has_a_line_for_each_figure() -> None:
    text = "\n".join(lines())
    assert re.search(r"^calls, beside a plain Asterisk$", text, re.MULTILINE)
    assert re.search(r"^  calls a second +52\.3 /s +105 /s +0\.50  higher$", text, re.MULTILINE)
    assert re.search(r"^  CPU of a call +22\.5 ms +15\.0 ms +1\.50  lower$", text, re.MULTILINE)
    assert re.search(r"^  event to drop +7\.00 ms +never +lower +GOAL MISSED$", text, re.MULTILINE)
    assert re.search(r"^  to a phone +1,234 ms +- +lower$", text, re.MULTILINE)


def test_table_shows_changes_and_marks_large_ones() -> None:
    def changes(*earlier: Record) -> list[str]:
        return [line.rpartition("er  ")[2].strip() for line in lines(*earlier) if "call" in line][
            1:
        ]

    assert changes(run(rate=75, cost=23)) == ["50 % worse WORSE", "2 % better"]
    assert changes(run(rate=40, cost=22.6)) == ["25 % better", "same"]
    assert changes(run(rate=75, cost=23), run(rate=40, cost=20)) == ["25 % better", "12 % worse"]


def test_regressions_are_listed() -> None:
    assert list(regressions(FIGURES, [run(rate=75, cost=23)])) == [
        "calls: calls a second: ratio 0.75 → 0.50, higher is better"
    ]
    assert list(regressions(FIGURES, [run(rate=55, cost=22)])) == []
    assert list(regressions(FIGURES, [])) == []


def test_pictures_are_svg() -> None:
    good, bad = RampSample(10, True), RampSample(12, False)
    for text in (
        draw_ratios(FIGURES),
        draw_history({"calls": [("0123456", 0.5), ("abcdef0", 0.6)]}),
        draw_ramps("calls", {"ours": [[good, bad], [good]], "plain": [[bad]]}),
    ):
        root = ET.fromstring(text)  # noqa: S314 - it is our own
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
