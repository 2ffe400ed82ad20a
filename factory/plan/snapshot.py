"""The archive of a distribution as it was at one moment: the same packages whenever one builds."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from factory.errors import UsageError
from factory.plan.models import Distribution

_FORM = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True)
class Snapshot:
    """An archive that does not change any more.

    Attributes:
        moment: When the distribution's archive was like this.
        url: Where it is.
    """

    moment: datetime.datetime
    url: str

    @classmethod
    def of(cls, distribution: Distribution, moment: str) -> Snapshot:
        """Read a moment as snapshot.debian.org writes them, e.g. `20261120T000000Z`.

        Raises:
            UsageError: it is none, or of this distribution no snapshots are known.
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
        fixed: It is a snapshot: that its lists are out of date is what one wants.
    """
    return f"deb {'[check-valid-until=no] ' if fixed else ''}{mirror} {suite} main"
