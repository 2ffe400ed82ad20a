"""Waits for a condition, with tenacity."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn, TypeVar

from tenacity import RetryCallState, Retrying, retry_if_not_result, stop_after_delay

PAUSE = 0.1
_Value = TypeVar("_Value")


def wait_for(
    probe: Callable[[], _Value],
    wanted: Callable[[_Value], bool] = bool,
    *,
    seconds: float,
    otherwise: str,
) -> _Value:
    """Call probe until its value is wanted; return that value.

    Raises:
        TimeoutError: with the text `otherwise`, if that takes longer than `seconds`.
    """

    def give_up(state: RetryCallState) -> NoReturn:
        last = state.outcome.result() if state.outcome else None
        raise TimeoutError(f"{otherwise} within {seconds:g} s; at last: {last!r}")

    retrying = Retrying(
        retry=retry_if_not_result(wanted),
        stop=stop_after_delay(seconds),
        wait=_pause,
        retry_error_callback=give_up,
    )
    return retrying(probe)


def _pause(state: RetryCallState) -> float:
    """Return a tenth of a second, or twice the average time of a call.

    The calls must not slow down what is waited for. A program that is run in a container ten times
    a second does that.
    """
    asking = (state.seconds_since_start or 0) - state.idle_for
    return max(PAUSE, 2 * asking / state.attempt_number)
