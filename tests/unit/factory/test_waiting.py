"""Waiting ends with the value that was wanted, or says what there was instead."""

import time
from collections.abc import Iterator

import pytest

from factory.waiting import wait_for


def test_value_that_is_there_is_returned_at_once() -> None:
    start = time.monotonic()
    assert wait_for(lambda: "well", seconds=5, otherwise="never well") == "well"
    assert time.monotonic() - start < 1


def test_probe_is_asked_until_its_value_is_true() -> None:
    values: Iterator[int] = iter((0, 0, 7, 8))
    assert wait_for(lambda: next(values), seconds=5, otherwise="stays zero") == 7


def test_wanted_says_which_value_ends_the_wait() -> None:
    values: Iterator[int] = iter((3, 2, 0, 1))
    found = wait_for(lambda: next(values), lambda value: value == 0, seconds=5, otherwise="no zero")
    assert found == 0


def test_too_long_is_a_timeout_that_tells_the_last_value() -> None:
    start = time.monotonic()
    with pytest.raises(TimeoutError) as caught:
        wait_for(list, seconds=0.2, otherwise="no tags")
    assert str(caught.value) == "no tags within 0.2 s; at last: []"
    assert time.monotonic() - start < 1


def test_no_time_at_all_is_enough_for_one_look() -> None:
    assert wait_for(lambda: True, seconds=0, otherwise="never") is True
    with pytest.raises(TimeoutError, match="never within 0 s"):
        wait_for(lambda: False, seconds=0, otherwise="never")


def test_error_of_the_probe_ends_the_wait() -> None:
    calls: list[int] = []

    def probe() -> bool:
        calls.append(1)
        raise ValueError("the container is gone")

    with pytest.raises(ValueError, match="the container is gone"):
        wait_for(probe, seconds=5, otherwise="never")
    assert len(calls) == 1
