"""When a base image was renewed, what it is, and whether it is too old."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from factory.build.engine import Engine, ImageInfo
from factory.plan.models import Distribution

MAX_AGE = datetime.timedelta(days=7)
"""Of a base, and of the package lists that are fetched with it."""

_DAY = "%Y%m%d"


@dataclass(frozen=True)
class KnownBase:
    """A base image that the engine has.

    Attributes:
        id: Its image ID.
        created: Its time, in the engine's form.
        renewed: Day on which it was last pulled or bootstrapped.
        identity: Reference and digest: of the image that was pulled, or of the layer that was
            bootstrapped.
    """

    id: str
    created: str
    renewed: datetime.date
    identity: str

    def too_old(self, today: datetime.date) -> bool:
        """Return whether it is older than a week, or from the future, as after a wrong clock."""
        return not datetime.timedelta() <= today - self.renewed <= MAX_AGE


def read_base(info: ImageInfo, repository: str, tag: str, distribution: Distribution) -> KnownBase:
    """Return what the engine's data say of a base image.

    Args:
        info: The engine's data.
        repository: Of all bases.
        tag: Its tag there.
        distribution: Which it is a base of.
    """
    names = (name.removeprefix(f"{repository}:") for name in info.tags)
    created = datetime.date.fromisoformat(info.created[:10])
    return KnownBase(
        id=info.id,
        created=info.created,
        renewed=max(_days(names, tag), default=created),
        identity=_identity(info, distribution),
    )


def mark_renewed(
    engine: Engine, image: str, repository: str, tag: str, today: datetime.date
) -> None:
    """Give an image one more tag that ends in the day, in place of tags with earlier days."""
    dated = f"{tag}-{today.strftime(_DAY)}"
    engine.tag(image, repository, dated)
    for other in engine.tags_of(repository):
        if other != dated and any(_days([other], tag)):
            engine.untag(repository, other)


def _days(names: Iterable[str], tag: str) -> list[datetime.date]:
    days = []
    for name in names:
        start, _, day = name.rpartition("-")
        if start == tag and len(day) == len("20261130") and day.isdecimal():
            days.append(datetime.datetime.strptime(day, _DAY).replace(tzinfo=datetime.UTC).date())
    return days


def _identity(info: ImageInfo, distribution: Distribution) -> str:
    repository = distribution.base.rpartition(":")[0]
    for reference in info.digests:
        name, _, digest = reference.partition("@")
        if f"/{name}".endswith(f"/{repository}"):
            return f"{distribution.base}@{digest}"
    return f"mmdebstrap:{distribution.suite}@{info.layers[0] if info.layers else info.id}"
