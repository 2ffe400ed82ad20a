"""All images and components as one value, with queries on them. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from factory.errors import UsageError
from factory.plan.models import Architecture, Budget, ComponentFile, Distribution, Image


@dataclass(frozen=True)
class Component:
    """A component: the contents of its component.yaml and the files in its folder."""

    name: str
    settings: ComponentFile
    files: tuple[str, ...]
    """Paths below the component's folder, sorted."""

    @property
    def services(self) -> tuple[str, ...]:
        """Names of its supervised services."""
        parts = (Path(file).parts for file in self.files)
        return tuple(p[1] for p in parts if len(p) == 3 and (p[0], p[2]) == ("service", "run"))

    def correction(self, name: str) -> str | None:
        """Return the source file of a correction, below the component's folder; None if missing."""
        paths = (f"patches/{name}.patch", f"patches/{name}.c")
        return next((path for path in paths if path in self.files), None)


@dataclass(frozen=True)
class Catalog:
    """All images and components, checked against each other."""

    repository: str
    default: str
    images: dict[str, Image]
    components: dict[str, Component]
    architectures: dict[str, Architecture]
    distributions: dict[str, Distribution]

    @property
    def default_distribution(self) -> str:
        """The distribution that is built by default: the first."""
        return next(iter(self.distributions))

    @property
    def usual_images(self) -> tuple[str, ...]:
        """The images that `all` stands for: those that are not optional."""
        return tuple(name for name, image in self.images.items() if not image.optional)

    def repository_of(self, distribution: str) -> str:
        """Return the repository of a distribution's images.

        Only the default distribution uses the repository itself. So images of others never replace
        the ones that people pull.
        """
        if distribution == self.default_distribution:
            return self.repository
        return f"{self.repository}-{distribution}"

    def only_for(self, platform: str) -> Catalog:
        """Return the same catalog for one platform alone.

        Args:
            platform: As Docker names it, e.g. `linux/arm64`.

        Raises:
            UsageError: no images are made for this platform.
        """
        found = {name: x for name, x in self.architectures.items() if x.platform == platform}
        if not found:
            known = ", ".join(machine.platform for machine in self.architectures.values())
            raise UsageError(f"unknown platform '{platform}'", f"known platforms: {known}")
        return replace(self, architectures=found)

    def budget_of(self, image: str, distribution: str, architecture: str) -> Budget | None:
        """Return the largest size allowed; None if there is no limit.

        Args:
            image: Name of the image.
            distribution: Of its packages.
            architecture: In its configuration, e.g. `arm64`.
        """
        if not self.distributions[distribution].budgeted:
            return None
        budget = self.images[image].budget
        factor = next(
            (x.size for x in self.architectures.values() if x.architecture == architecture), 1
        )
        return Budget(
            uncompressed=budget.uncompressed * factor, compressed=budget.compressed * factor
        )

    def lineage(self, image: str) -> tuple[str, ...]:
        """Return the image and its ancestors, the lowest first."""
        names = [image]
        while (parent := self.images[names[0]].parent) is not None:
            names.insert(0, parent)
        return tuple(names)

    def components_of(self, image: str) -> tuple[Component, ...]:
        """Return all components in an image, those of its parents first."""
        return tuple(
            self.components[name]
            for ancestor in self.lineage(image)
            for name in self.images[ancestor].components
        )
