"""The date of a distribution's archive, as its package lists have it. Pure."""

from __future__ import annotations

import datetime
import re
from email.utils import parsedate_to_datetime


def archive_date(releases: str, suite: str) -> datetime.datetime | None:
    """Return when an archive was last changed; None if that is unknown.

    Args:
        releases: The lines `Codename:` and `Date:` of the archive's Release files. Of other
            suites, such as that for security updates, they are ignored.
        suite: Codename, e.g. `forky`.

    Source: wiki.debian.org, "DebianRepository/Format": a Release file's fields.
    """
    fields = re.findall(r"^(Codename|Date):[ \t]*(.*?)[ \t]*$", releases, re.MULTILINE)
    codename, dates = "", []
    for name, value in fields:
        if name == "Codename":
            codename = value
        elif codename == suite:
            dates += _read(value)
    return max(dates, default=None)


def _read(text: str) -> list[datetime.datetime]:
    """Return the date, in a list without it if it is none. Release files have UTC."""
    try:
        return [parsedate_to_datetime(text).replace(tzinfo=datetime.UTC)]
    except ValueError:
        return []
