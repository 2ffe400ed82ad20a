"""What to build, and how."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from semver import Version

from factory.errors import UsageError
from factory.plan.catalog import Catalog
from factory.plan.dockerfile import render
from factory.plan.foreign_platform import ForeignPlatform
from factory.plan.models import Distribution
from factory.plan.snapshot import Snapshot


@dataclass(frozen=True)
class Recipe:
    """What to build, and how.

    Attributes:
        root: The checkout.
        distribution: Key of the catalog's distributions.
        images: Images wanted; their parents are built, too.
        version: For tags and labels; None if there is none.
        repository: Of the tags; empty where none are given.
        mirror: Package mirror; empty for that of the base.
        snapshot: The archive at a past moment, in place of a mirror; None for today's.
        no_cache: Whether to ignore the results of earlier builds.
        foreign: The platform of the images, if it is not the engine's own.
        offline: Whether to build from what the engine has, and download nothing.
    """

    root: Path
    distribution: str
    images: Sequence[str]
    version: Version | None = None
    repository: str = ""
    mirror: str = ""
    snapshot: Snapshot | None = None
    no_cache: bool = False
    foreign: ForeignPlatform | None = None
    offline: bool = False

    def dockerfile(self, catalog: Catalog) -> str:
        """Return the Dockerfile.

        Raises:
            UsageError: the distribution has no template.
        """
        parts = (self._template(catalog), self.root / "stages" / "images.j2")
        template = "".join(part.read_text(encoding="utf-8") for part in parts)
        return render(
            catalog,
            self.distribution,
            self.images,
            template,
            mirror=self.mirror,
            snapshot=self.snapshot,
        )

    def known_distribution(self, catalog: Catalog) -> Distribution:
        """Return the distribution.

        Raises:
            UsageError: it is unknown, or has no template.
        """
        self._template(catalog)
        return catalog.distributions[self.distribution]

    def at(self, catalog: Catalog, moment: str | None) -> Recipe:
        """Return the same recipe with the packages of a moment; None means today's.

        Raises:
            UsageError: it is not a moment, or the distribution has no snapshots.
        """
        if moment is None:
            return self
        distribution = self.known_distribution(catalog)
        return replace(self, snapshot=Snapshot.of(distribution, moment))

    def _template(self, catalog: Catalog) -> Path:
        path = self.root / "stages" / f"Dockerfile.{self.distribution}.j2"
        if self.distribution not in catalog.distributions or not path.is_file():
            raise UsageError(
                f"unknown distribution '{self.distribution}'",
                f"known distributions: {', '.join(sorted(catalog.distributions))}",
            )
        return path
