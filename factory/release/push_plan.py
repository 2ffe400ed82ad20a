"""Plans what a push does to each tag, given the tags of the registry. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from semver import Version

from factory.errors import PublishError
from factory.plan import tags

Change = Literal["new", "moves", "there"]


@dataclass(frozen=True)
class Held:
    """The image of a tag in the registry.

    Attributes:
        digest: Of the manifest.
        config: Digest of the image's configuration; empty for an index of several images.
    """

    digest: str
    config: str

    def is_image(self, image_id: str) -> bool:
        """Return whether it is the image with this image ID.

        Image IDs are digests of configurations or, with containerd's store, of manifests.
        """
        return bool(image_id) and image_id in (self.digest, self.config)


@dataclass(frozen=True)
class ImageToPush:
    """An image that is to be pushed.

    Attributes:
        name: In the catalog.
        id: Its image ID; empty if it is not built yet.
        default: Whether it is tagged with the bare tags, such as `latest`.
    """

    name: str
    id: str
    default: bool


@dataclass(frozen=True)
class PushStep:
    """One tag of one image: new, moved from what the registry has, or there already."""

    image: str
    id: str
    tag: str
    kind: Change


@dataclass(frozen=True)
class KeptTag:
    """A floating tag that does not move, because it belongs to a higher version."""

    image: str
    tag: str
    higher: Version


@dataclass(frozen=True)
class PushPlan:
    """All steps in their order, and the tags that do not move."""

    steps: tuple[PushStep, ...]
    left: tuple[KeptTag, ...]


def wanted_tags(
    images: Iterable[ImageToPush], version: Version | None, existing: Sequence[str]
) -> dict[str, ImageToPush]:
    """Return the tags for images, each with its image, given all tags of the registry."""
    return {
        tag: image
        for image in images
        for tag in tags.wanted_tags(image.name, version, default=image.default, existing=existing)
    }


def make_plan(
    images: Sequence[ImageToPush],
    version: Version | None,
    existing: Sequence[str],
    held: Mapping[str, Held],
) -> PushPlan:
    """Plan a push: the exact tags of all images first, their bare tags last.

    Args:
        images: The images.
        version: Their version, or None.
        existing: All tags of the registry.
        held: The images of those wanted tags that exist.

    Raises:
        PublishError: an exact tag belongs to another image already; nothing may be pushed.
    """
    wanted = wanted_tags(images, version, existing)
    steps = [PushStep(c.name, c.id, tag, _kind(c.id, held.get(tag))) for tag, c in wanted.items()]
    ids = {step.tag: step.id for step in steps if step.id}
    taken = tags.refused(
        ids,
        {
            tag: ids[tag] if held[tag].is_image(ids[tag]) else held[tag].digest
            for tag in ids.keys() & held.keys()
        },
    )
    if taken:
        raise PublishError(
            f"the registry has another image as {', '.join(taken)}, and versions do not "
            "change: nothing was pushed",
            "give it a new version",
        )
    steps.sort(key=lambda step: tags.breadth(step.tag))
    return PushPlan(tuple(steps), tuple(_left(images, version, existing, wanted)))


def _kind(image_id: str, held: Held | None) -> Change:
    if held is None:
        return "new"
    return "there" if held.is_image(image_id) else "moves"


def _left(
    images: Sequence[ImageToPush],
    version: Version | None,
    existing: Sequence[str],
    wanted: Mapping[str, ImageToPush],
) -> Iterable[KeptTag]:
    for tag, image in wanted_tags(images, version, []).items():
        if tag not in wanted:
            released = tags.released_versions(existing, image.name)
            yield KeptTag(image.name, tag, max(v for v in released if v.prerelease is None))
