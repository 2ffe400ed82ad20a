"""Waits for a condition, not for a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_fixed

_Value = TypeVar("_Value")


def wait_for(
    probe: Callable[[], _Value],
    wanted: Callable[[_Value], bool] = bool,
    *,
    seconds: float,
    otherwise: str,
) -> _Value:
    """Calls probe ten times a second until its value is wanted; returns that value.

    Raises:
        TimeoutError: with the text `otherwise`, if that takes longer than `seconds`.
    """
    retrying = Retrying(
        retry=retry_if_result(lambda value: not wanted(value)),
        stop=stop_after_delay(seconds),
        wait=wait_fixed(0.1),
    )
    try:
        return retrying(probe)
    except RetryError as error:
        last = error.last_attempt.result()
        raise TimeoutError(f"{otherwise} within {seconds:g} s; at last: {last!r}") from error
