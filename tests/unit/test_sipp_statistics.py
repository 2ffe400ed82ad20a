"""SIPp's own statistics."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.sipp import Period, read_periods

# As SIPp 3.8.0 writes them, without the columns that nobody asks for.
TEXT = """\
StartTime;LastResetTime;CurrentTime;ElapsedTime(P);TargetRate;OutgoingCall(P);OutgoingCall(C);\
CurrentCall;SuccessfulCall(P);FailedCall(P);Retransmissions(P);ResponseTime1(P);\
ResponseTime1(C);ResponseTimeRepartition1;ResponseTimeRepartition1_<10(P);\
ResponseTimeRepartition1_<20(P);ResponseTimeRepartition1_<200(P);\
ResponseTimeRepartition1_>=200(P);ResponseTimeRepartition1_<10(C);
2026-11-23\t13:57:22.438376\t1795442242.438376;2026-11-23\t13:57:22.438376\t1795442242.438376;\
2026-11-23\t13:57:22.448376\t1795442242.448376;00:00:00;10;0;0;0;0;0;0;00:00:00:000000;\
00:00:00:000000;;0;0;0;0;0;
2026-11-23\t13:57:22.438376\t1795442242.438376;2026-11-23\t13:57:22.448376\t1795442242.448376;\
2026-11-23\t13:57:23.448376\t1795442243.448376;00:00:01;10;50;50;2;47;1;3;00:01:02:087000;\
00:00:00:009000;;35;10;4;1;99;
"""


def test_periods_are_read() -> None:
    first, second = read_periods(TEXT)
    assert first.seconds == pytest.approx(0.01)
    assert (first.started, first.rate, first.responses) == (0, 0, 0)
    assert second == Period(
        seconds=second.seconds,
        started=50,
        succeeded=47,
        failed=1,
        current=2,
        retransmitted=3,
        mean=62.087,
        slower={10: 15, 20: 5, 200: 1},
        responses=50,
    )
    assert second.seconds == pytest.approx(1)
    assert second.rate == pytest.approx(50)


@given(st.integers(0, len(TEXT)))
def test_a_line_that_is_being_written_waits(cut: int) -> None:
    found = read_periods(TEXT[:cut])
    assert found == read_periods(TEXT)[: len(found)]
    assert len(found) == max(TEXT[:cut].count("\n") - 1, 0)


def test_nothing_is_nothing() -> None:
    assert read_periods("") == ()
