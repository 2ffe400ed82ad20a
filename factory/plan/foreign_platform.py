"""Images for a platform that is not the engine's own. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ForeignPlatform:
    """A platform that is not the engine's own, so its programs are emulated.

    Attributes:
        name: In the catalog, and in Debian's archive, e.g. `arm64`.
        platform: As Docker names it, e.g. `linux/arm64`.
    """

    name: str
    platform: str

    @property
    def architecture(self) -> str:
        """Its name in an image's configuration (OCI Image Specification: Go's GOARCH)."""
        return self.platform.split("/")[1]

    def repository(self, repository: str) -> str:
        """Return the repository of its images: `NAME-arm64`.

        An engine's tag names one image. So images for other platforms have a repository of their
        own, and never replace the ones that this machine runs. Releases separate platforms in the
        same way, and join them under the tags that people pull.
        """
        suffix = f"-{self.name}"
        return repository if repository.endswith(suffix) else repository + suffix

    def folder(self, image: str) -> str:
        """Return the name of the folder with the evidence of an image."""
        return f"{image}-{self.name}"
