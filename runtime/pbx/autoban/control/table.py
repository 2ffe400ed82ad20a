"""The sets as a table for people."""

from collections.abc import Sequence

from pbx.autoban.control.member import Member
from pbx.core.times import format_time

_HEADINGS = ("SET", "ADDRESS", "TIME LEFT", "COUNT", "NOTE")
_RIGHT = (2, 3)


def format_members(members: Sequence[Member]) -> str:
    """Return headings, and a line for each member."""
    cells = [_HEADINGS]
    cells += [
        (
            one.set,
            one.address,
            "" if one.left is None else format_time(one.left),
            "" if one.count is None else str(one.count),
            one.note,
        )
        for one in members
    ]
    widths = [max(len(line[column]) for line in cells) for column in range(len(_HEADINGS))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column in _RIGHT else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in cells
    )
