"""Builds images of the catalog, and the base that they are built on."""

from __future__ import annotations

from factory.build.base import BaseRecipe, check_emulation, ensure_base, ensure_nothing
from factory.build.checkout import Checkout, source_date_epoch
from factory.build.session import Session
from factory.errors import BuildError
from factory.plan.context import build_context
from factory.plan.dockerfile import rootfs_manifest


def base_of(session: Session) -> str:
    """Return the name of a recipe's base image, made now if it was not there.

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
    """Build the images of a recipe; return the ID of each candidate, which has no tag.

    Args:
        session: The engine and the recipe.
        base: Name of the base image, from `base_of`.

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
    # The highest image first: it contains the stages of the others, which then are in the cache.
    for name in reversed([name for name in catalog.images if name in recipe.images]):
        with session.console.activity(f"build {name}"):
            try:
                candidates[name] = engine.build(
                    build_context(recipe.root, dockerfile, manifest, epoch),
                    name,
                    arguments,
                    session.console.line,
                    no_cache=recipe.no_cache and not candidates,
                    platform=recipe.foreign.platform if recipe.foreign else None,
                )
            except BuildError as error:
                raise BuildError(f"building {name} failed: {error.cause}", error.hint) from error
    return {name: candidates[name] for name in catalog.images if name in candidates}
