"""The archive of a distribution at a past moment: always the same packages."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from factory.errors import UsageError
from factory.plan.models import Distribution

_FORM = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True)
class Snapshot:
    """An archive that does not change.

    Attributes:
        moment: The time of the archive.
        url: Its address.
    """

    moment: datetime.datetime
    url: str

    @classmethod
    def of(cls, distribution: Distribution, moment: str) -> Snapshot:
        """Read a moment as snapshot.debian.org writes them, e.g. `20261120T000000Z`.

        Raises:
            UsageError: it is not a moment, or this distribution has no snapshots.
        """
        if not distribution.snapshots:
            raise UsageError(
                "there are no snapshots of this distribution",
                "build without --snapshot, or add `snapshots` to it in stages/images.yaml",
            )
        try:
            read = datetime.datetime.strptime(moment, _FORM).replace(tzinfo=datetime.UTC)
        except ValueError:
            raise UsageError(
                f"'{moment[:40]}' is no moment of a snapshot", "write it like 20261120T000000Z"
            ) from None
        url = distribution.snapshots.format(moment=read.strftime(_FORM))
        return cls(read, url)

    @property
    def epoch(self) -> int:
        """That moment in seconds since 1970."""
        return int(self.moment.timestamp())


def sources_line(mirror: str, suite: str, *, fixed: bool) -> str:
    """Return an archive as a line of sources.list(5).

    Args:
        mirror: Its URL.
        suite: Codename.
        fixed: Whether it is a snapshot, whose package lists may be out of date.
    """
    return f"deb {'[check-valid-until=no] ' if fixed else ''}{mirror} {suite} main"
