"""Images for machines of another kind than the engine's own. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Machine:
    """A kind of machine that is not the engine's own: its programs are emulated.

    Attributes:
        name: In the catalog, and in Debian's archive, e.g. `arm64`.
        platform: As Docker names it, e.g. `linux/arm64`.
    """

    name: str
    platform: str

    @property
    def architecture(self) -> str:
        """What an image's configuration says of it (OCI Image Specification: Go's name)."""
        return self.platform.split("/")[1]

    def repository(self, repository: str) -> str:
        """Return the repository of its images: `NAME-arm64`.

        A tag of an engine is of one image, so what is made for another kind of machine never takes
        the place of what this one runs. Releases keep images apart in the same way, and join them
        under the tags that people pull.
        """
        suffix = f"-{self.name}"
        return repository if repository.endswith(suffix) else repository + suffix

    def folder(self, image: str) -> str:
        """Return the name of the folder with the evidence of an image."""
        return f"{image}-{self.name}"
