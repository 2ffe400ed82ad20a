"""The sets, as a table for people."""

from collections.abc import Sequence

from pbx.autoban.control.register import Row
from pbx.core.times import format_time

_HEADINGS = ("SET", "ADDRESS", "TIME LEFT", "COUNT", "NOTE")
_RIGHT = (2, 3)


def format_rows(rows: Sequence[Row]) -> str:
    """Return a line for each member of a set, below headings."""
    cells = [_HEADINGS]
    cells += [
        (
            row.set,
            row.address,
            "" if row.left is None else format_time(row.left),
            "" if row.count is None else str(row.count),
            row.note,
        )
        for row in rows
    ]
    widths = [max(len(line[column]) for line in cells) for column in range(len(_HEADINGS))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column in _RIGHT else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in cells
    )
