"""Builds images of the catalog, and the base that they are built on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import BinaryIO

from factory.build.base import BaseRecipe, check_emulation, ensure_base, ensure_nothing
from factory.build.checkout import Checkout, source_date_epoch
from factory.build.failure import explain
from factory.build.session import Session
from factory.errors import BuildError
from factory.plan.context import build_context
from factory.plan.dockerfile import rootfs_manifest


def base_of(session: Session) -> str:
    """Return the name of the base image that a recipe is built on, made now if it is not there.

    Raises:
        FactoryError: the distribution is unknown, no base could be had, or the engine cannot run
            its programs.
    """
    engine, recipe, console = session.engine, session.recipe, session.console
    distribution = recipe.known_distribution(session.catalog)
    wanted = BaseRecipe(
        distribution,
        recipe.root / "stages",
        mirror=recipe.mirror,
        snapshot=recipe.snapshot,
        foreign=recipe.foreign,
    )
    kind = f" for {recipe.foreign.platform}" if recipe.foreign else ""
    with console.activity(f"base {recipe.distribution} {distribution.suite}{kind}"):
        base = ensure_base(engine, wanted, console.line, renew=recipe.no_cache)
        if recipe.foreign:
            check_emulation(engine, base, recipe.foreign)
    return base


def build(session: Session, base: str) -> dict[str, str]:
    """Build the images of a recipe; return the id of each candidate, without any tag.

    Args:
        session: What to build, and where.
        base: Name of the base image, as `base_of` returns it.

    Raises:
        FactoryError: with cause and hint, if a step of the build fails.
    """
    engine, catalog, recipe = session.engine, session.catalog, session.recipe
    dockerfile = recipe.dockerfile(catalog)
    epoch = source_date_epoch(engine.image(base).created, recipe.snapshot)
    manifest = rootfs_manifest(catalog, recipe.distribution)
    arguments = Checkout.of(recipe.root).arguments(base, epoch, recipe.version)
    if recipe.foreign:
        arguments["NOTHING"] = ensure_nothing(engine, recipe.foreign)
    candidates: dict[str, str] = {}
    # The highest image first: its stages hold those of the others, which then come from the cache.
    for name in reversed([name for name in catalog.images if name in recipe.images]):
        context = build_context(recipe.root, dockerfile, manifest, epoch)
        no_cache = recipe.no_cache and not candidates
        candidates[name] = _build_one(session, name, context, arguments, no_cache=no_cache)
    return {name: candidates[name] for name in catalog.images if name in candidates}


def _build_one(
    session: Session,
    name: str,
    context: BinaryIO,
    arguments: Mapping[str, str],
    *,
    no_cache: bool,
) -> str:
    console, foreign = session.console, session.recipe.foreign
    printed: list[str] = []

    def on_line(line: str) -> None:
        printed.append(line)
        console.line(line)

    with console.activity(f"build {name}"):
        try:
            return session.engine.build(
                context,
                name,
                arguments,
                on_line,
                no_cache=no_cache,
                platform=foreign.platform if foreign else None,
            )
        except BuildError as error:
            cause, hint = explain([*printed, error.cause])
            raise BuildError(f"building {name} failed: {cause}", hint) from error
