"""The queue as a table."""

import time
from collections.abc import Iterable

from pbx.voicemail.state import MailState


def format_queue(states: Iterable[MailState], now: float) -> str:
    """Return a line for each mail: when it came, for whom, when it is tried next, and why.

    Args:
        states: The oldest first.
        now: In seconds since 1970.
    """
    rows = [("CAME", "FOR", "TRIED", "NEXT", "REASON")]
    rows += [
        (
            time.strftime("%Y-%m-%d %H:%M", time.localtime(state.came)),
            ", ".join(state.recipients),
            str(state.attempts),
            "--retry" if state.refused else _in_minutes(state.due - now),
            state.reason,
        )
        for state in states
    ]
    if len(rows) == 1:
        return "no pending mails"
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join("  ".join([*map(str.ljust, row[:4], widths), row[4]]).rstrip() for row in rows)


def _in_minutes(seconds: float) -> str:
    return "now" if seconds <= 0 else f"in {round(seconds / 60) or 1} min"
