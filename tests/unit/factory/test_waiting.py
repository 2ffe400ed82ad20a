"""Waiting ends with the value that was wanted, or says what there was instead."""

import time
from collections.abc import Iterator

import pytest

from factory.waiting import wait_for


def test_wait_asks_until_the_value_is_true() -> None:
    values: Iterator[int] = iter((0, 0, 7, 8))
    assert wait_for(lambda: next(values), seconds=5, otherwise="stays zero") == 7


def test_wait_timeout_names_the_last_value() -> None:
    start = time.monotonic()
    with pytest.raises(TimeoutError) as caught:
        wait_for(list, seconds=0.2, otherwise="no tags")
    assert str(caught.value) == "no tags within 0.2 s; at last: []"
    assert time.monotonic() - start < 1


def test_wait_without_time_asks_once() -> None:
    assert wait_for(lambda: True, seconds=0, otherwise="never") is True
    with pytest.raises(TimeoutError, match="never within 0 s"):
        wait_for(lambda: False, seconds=0, otherwise="never")


def test_wait_ends_with_an_error_of_the_probe() -> None:
    calls: list[int] = []

    def probe() -> bool:
        calls.append(1)
        raise ValueError("the container is gone")

    with pytest.raises(ValueError, match="the container is gone"):
        wait_for(probe, seconds=5, otherwise="never")
    assert len(calls) == 1
