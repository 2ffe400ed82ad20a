"""Gives proven images their tags."""

from __future__ import annotations

from collections.abc import Sequence

from semver import Version

from factory import tags
from factory.catalog import Catalog
from factory.engine import Engine

UNPROVEN = "{image}-unproven"
"""The one tag of an image that did not go through the gate."""


def wanted_tags(
    catalog: Catalog, image: str, version: Version | None, existing: Sequence[str]
) -> tuple[str, ...]:
    """Returns the tags an image takes, given the names of those that exist."""
    return tags.image_tags(
        image,
        version,
        default=image == catalog.default,
        released=tags.released_versions(existing, image),
    )


def tag_proven(
    engine: Engine,
    catalog: Catalog,
    repository: str,
    image: str,
    image_id: str,
    version: Version | None,
) -> tuple[str, ...]:
    """Moves the tags of a proven image to it in the engine; returns them."""
    names = wanted_tags(catalog, image, version, list(engine.tags_of(repository)))
    for name in names:
        engine.tag(image_id, repository, name)
    engine.untag(repository, UNPROVEN.format(image=image))
    return names


def tag_unproven(engine: Engine, repository: str, image: str, image_id: str) -> tuple[str, ...]:
    """Names an image that was built without the gate; its real tags stay where they are."""
    name = UNPROVEN.format(image=image)
    engine.tag(image_id, repository, name)
    return (name,)
