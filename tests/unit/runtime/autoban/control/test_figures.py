"""Figures for people and for monitoring."""

from __future__ import annotations

from pbx.autoban.control.figures import Figures, as_json, as_lines, as_prometheus
from pbx.autoban.kernel.reading import Dropped

FIGURES = Figures(
    {"InvalidPassword": 3},
    {"jail": 2},
    5,
    {"jailed": Dropped(7, 420)},
    connected=True,
    dropping=False,
    phones=1,
    trunks=2,
    rebuilt=0,
    uptime=12.5,
)


def test_figures_for_prometheus() -> None:
    text = as_prometheus(FIGURES)
    lines = text.splitlines()
    assert text.endswith("\n")
    for expected in (
        "# TYPE autoban_events_total counter",
        'autoban_events_total{kind="InvalidPassword"} 3',
        'autoban_dropped_bytes_total{reason="jailed"} 420',
        "autoban_connected 1",
        "autoban_uptime_seconds 12.5",
    ):
        assert expected in lines


def test_figures_that_are_large_are_exact() -> None:
    figures = Figures({}, {}, 123456789, {}, True, True, 0, 0, 0, 1234567.5)
    assert "autoban_jailed_total 123456789\n" in as_prometheus(figures)
    assert "autoban_uptime_seconds 1234567.5\n" in as_prometheus(figures)


def test_figures_for_people_and_programs() -> None:
    assert "dropped, jailed         7 packets, 420 bytes" in as_lines(FIGURES)
    assert as_json(FIGURES)["dropped"] == {"jailed": {"packets": 7, "bytes": 420}}
