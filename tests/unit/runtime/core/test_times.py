"""Times as people write them."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pbx.core.times import LONGEST, format_time, parse_time


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        (" 20M ", 1200),
        ("1h30", 3630),
    ],
)
def test_times_are_read(text: str, seconds: int) -> None:
    assert parse_time(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "m", "20 m", "-5", "1.5h", "5m1h", "0", "0s", "1w", "²", "9" * 5000, "4000d"]
)
def test_times_refuse_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match=r"give|too long"):
        parse_time(text)


@given(st.integers(1, LONGEST))
def test_times_written_are_read_back(seconds: int) -> None:
    assert parse_time(format_time(seconds)) == seconds


@given(*[st.integers(0, 99)] * 4)
def test_times_add_up(days: int, hours: int, minutes: int, seconds: int) -> None:
    total = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    if total:
        assert parse_time(f"{days}d{hours}h{minutes}m{seconds}s") == total


@given(st.text(max_size=20))
def test_times_of_any_text_are_read_or_refused(text: str) -> None:
    with suppress(ValueError):
        seconds = parse_time(text)
        assert 0 < seconds <= LONGEST
        assert parse_time(format_time(seconds)) == seconds


def test_times_of_no_seconds_are_written() -> None:
    assert format_time(-1) == format_time(0.2) == "0s"
