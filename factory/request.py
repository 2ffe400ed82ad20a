"""Checks the command line against the catalog."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from semver import Version

from factory.build.checkout import Checkout
from factory.build.engine import Engine
from factory.errors import UsageError
from factory.plan import tags
from factory.plan.catalog import Catalog
from factory.plan.foreign_platform import ForeignPlatform
from factory.plan.load import load_catalog
from factory.plan.recipe import Recipe

_NAMES_REPOSITORY = ("tags", "plan")
"""Values of `--print` whose output has the repository, which may depend on the platform."""
_REPOSITORY = re.compile(r"([\w.-]+(:\d+)?/)?[a-z0-9]+([._/-]+[a-z0-9]+)*", re.ASCII)


@dataclass(frozen=True)
class BuildRequest:
    """The checked command line.

    Attributes:
        catalog: All images and components; for one platform alone, if it is given.
        recipe: What to build, and how.
        distributions: The given one; all if none is given.
    """

    catalog: Catalog
    recipe: Recipe
    distributions: tuple[str, ...]


def read_request(options: argparse.Namespace, root: Path) -> BuildRequest:
    """Return the checked command line.

    Args:
        options: The command line.
        root: The checkout.

    Raises:
        FactoryError: the catalog is wrong; the image, distribution or platform is unknown; or no
            engine answers, although its platform is needed.
    """
    catalog = load_catalog(root)
    images = _wanted_images(catalog, options.images or [catalog.default])
    version = _version(options.version, root)
    distribution = options.distro or catalog.default_distribution
    repository = options.repo or catalog.repository_of(distribution)
    if not _REPOSITORY.fullmatch(repository):
        raise UsageError(
            f"'{repository}' is no name of a repository",
            "use lower case letters, digits and . _ - / as in registry.example:5000/pbx/asterisk",
        )
    if options.platform:
        catalog = catalog.only_for(options.platform)
    foreign = _foreign_platform(catalog, options)
    recipe = Recipe(
        root,
        distribution,
        images,
        version,
        foreign.repository(repository) if foreign else repository,
        options.mirror,
        no_cache=options.no_cache,
        foreign=foreign,
        offline=options.offline,
    )
    return BuildRequest(
        catalog,
        recipe.at(catalog, options.snapshot),
        (options.distro,) if options.distro else tuple(catalog.distributions),
    )


def _version(given: str | None, root: Path) -> Version | None:
    try:
        if given:
            return tags.parse_version(given)
        return tags.version_of_git_tags(Checkout.of(root).git_tags)
    except tags.InvalidVersion as error:
        raise UsageError(str(error)) from error


def _wanted_images(catalog: Catalog, asked: Sequence[str]) -> list[str]:
    """Return the wanted images, in the catalog's order."""
    for image in asked:
        if image != "all" and image not in catalog.images:
            raise UsageError(f"unknown image '{image}'", f"known: {', '.join(catalog.images)}, all")
    all_of_them = catalog.usual_images if "all" in asked else ()
    return [name for name in catalog.images if name in asked or name in all_of_them]


def _foreign_platform(catalog: Catalog, options: argparse.Namespace) -> ForeignPlatform | None:
    """Return the platform of the images; None for the engine's own."""
    if not options.platform or (options.show and options.show not in _NAMES_REPOSITORY):
        return None
    if options.platform == Engine.connect().platform:
        return None
    if options.push:
        raise UsageError(
            f"images for {options.platform} are emulated here, and do not pass the full gate so: "
            "AutoBan needs a kernel's packet filter",
            "push from a machine of that platform, as the workflow `release` does",
        )
    (name,) = catalog.architectures
    return ForeignPlatform(name, options.platform)
