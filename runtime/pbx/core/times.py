"""Times as people write them: `90`, `20m`, `1d2h3m4s`."""

import re

_UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_TIME = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s?)?", re.ASCII)
LONGEST = 10 * 365 * 86400
"""Seconds. Longer times overflow in the kernel."""


def parse_time(text: str) -> int:
    """Return the seconds that a text such as `1d2h3m4s` or `90` stands for.

    Raises:
        ValueError: it is no time, or none that can be waited for.
    """
    found = _TIME.fullmatch(text.strip().lower())
    if not found or not any(found.groups()):
        raise ValueError("give seconds, or a time such as 1d2h3m4s")
    if any(len(number or "") > 12 for number in found.groups()):
        raise ValueError("that is too long")
    seconds = sum(
        int(number or 0) * unit
        for number, unit in zip(found.groups(), _UNITS.values(), strict=True)
    )
    if not 0 < seconds <= LONGEST:
        raise ValueError("give at least a second" if seconds == 0 else "that is too long")
    return seconds


def format_time(seconds: float) -> str:
    """Return a time in the form that parse_time reads, rounded to seconds; `0s` for none."""
    rest = max(0, round(seconds))
    parts = []
    for unit, size in _UNITS.items():
        number, rest = divmod(rest, size)
        if number:
            parts.append(f"{number}{unit}")
    return "".join(parts) or "0s"
