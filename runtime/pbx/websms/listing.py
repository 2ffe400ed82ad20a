"""The table of pending messages; pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from pbx.core.times import format_time

EMPTY = "no pending messages"
_HEAD = ("", "to", "from", "characters", "pending for", "expires in", "attempts", "reason")


def format_queue(reply: Mapping[str, Any], now: float) -> str:
    """Return a table of the pending messages of both directions, without their text.

    Args:
        reply: Of the service, to the order `queue`.
        now: Seconds since 1970.
    """
    rows = [_row("in", message, now) for message in reply["messages"]]
    rows += [_row("out", message, now) for message in reply["outgoing"]]
    if not rows:
        return EMPTY
    more = reply["waiting"] + reply["leaving"] - len(rows)
    return "\n".join([*_align([_HEAD, *rows]), *([f"and {more} more"] if more else [])])


def _row(direction: str, message: Mapping[str, Any], now: float) -> Sequence[str]:
    return (
        direction,
        message["recipient"],
        message["sender"],
        str(message["length"]),
        format_time(now - message["came"]),
        format_time(message["expires"] - now),
        str(message["attempts"]),
        message["reason"],
    )


def _align(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
