"""Waits for a condition, not for a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from tenacity import RetryCallState, RetryError, Retrying, retry_if_result, stop_after_delay

PAUSE = 0.1
_Value = TypeVar("_Value")


def wait_for(
    probe: Callable[[], _Value],
    wanted: Callable[[_Value], bool] = bool,
    *,
    seconds: float,
    otherwise: str,
) -> _Value:
    """Calls probe until its value is wanted; returns that value.

    In between it waits a tenth of a second, or twice as long as the last call took: asking must not
    hold up what is waited for, as a program that is run in a container ten times a second does.

    Raises:
        TimeoutError: with the text `otherwise`, if that takes longer than `seconds`.
    """
    began = 0.0

    def ask() -> _Value:
        nonlocal began
        began = time.monotonic()
        return probe()

    def pause(_: RetryCallState) -> float:
        return max(PAUSE, 2 * (time.monotonic() - began))

    retrying = Retrying(
        retry=retry_if_result(lambda value: not wanted(value)),
        stop=stop_after_delay(seconds),
        wait=pause,
    )
    try:
        return retrying(ask)
    except RetryError as error:
        last = error.last_attempt.result()
        raise TimeoutError(f"{otherwise} within {seconds:g} s; at last: {last!r}") from error
