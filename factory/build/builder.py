"""Builds images of the catalog, and the base that they are built on."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, replace

from factory.build.base import (
    BaseRecipe,
    base_data,
    check_emulation,
    ensure_base,
    ensure_nothing,
    known_base,
)
from factory.build.checkout import Checkout, build_arguments, source_date_epoch
from factory.build.containers import read_file
from factory.build.engine import BuildOptions
from factory.build.session import Session
from factory.errors import BaseError, BuildError
from factory.plan import labels
from factory.plan.archive_date import archive_date
from factory.plan.context import build_context
from factory.plan.dockerfile import PACKAGES_STAGE, RELEASE_FILE, rootfs_manifest


def fresh_base_of(session: Session) -> str:
    """Return the name of the base image as `base_of`, renewed if it is older than a week.

    Its package lists are renewed with it. A snapshot never changes, so its base is never too old.
    Offline, a base of any age is used.

    Raises:
        FactoryError: as `base_of`; the hint says how to build from what is there.
    """
    recipe = session.recipe
    known = known_base(session.engine, _base_recipe(session))
    today = datetime.datetime.now(datetime.UTC).date()
    if known is None or recipe.snapshot or not known.too_old(today):
        return base_of(session)
    age = f"base and package lists are of {known.renewed}"
    if recipe.offline:
        session.console.note(f"{age}, and are not renewed: --offline")
        return base_of(session)
    session.console.note(f"{age}: renewing them")
    try:
        return base_of(session, renew=True)
    except BaseError as error:
        hint = f"{error.hint}; --offline builds from what is there"
        raise BaseError(error.cause, hint.removeprefix("; ")) from error


def base_of(session: Session, *, renew: bool = False) -> str:
    """Return the name of a recipe's base image, made now if it was not there.

    Args:
        session: What is to be built, and where.
        renew: Make it again even if it is there.

    Raises:
        FactoryError: the distribution is unknown, no base could be had, or the engine cannot run
            its programs.
    """
    engine, recipe, console = session.engine, session.recipe, session.console
    wanted = _base_recipe(session)
    if recipe.offline and known_base(engine, wanted) is None:
        raise BaseError(
            f"the engine has no base of {recipe.distribution} {wanted.distribution.suite}",
            "build once without --offline",
        )
    kind = f" for {recipe.foreign.platform}" if recipe.foreign else ""
    with console.activity(f"base {recipe.distribution} {wanted.distribution.suite}{kind}"):
        base = ensure_base(engine, wanted, console.line, renew=renew or recipe.no_cache)
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
    steps = _Steps.of(session, base)
    # The highest image first: it contains the stages of the others, which then are in the cache.
    names = [name for name in reversed(session.catalog.images) if name in session.recipe.images]
    if session.recipe.no_cache:
        steps.build(names[0], no_cache=True)
    steps = steps.with_archive_date()
    candidates = {name: steps.build(name) for name in names}
    return dict(reversed(candidates.items()))


@dataclass(frozen=True)
class _Steps:
    """What all builds of a recipe have in common."""

    session: Session
    dockerfile: str
    epoch: int
    arguments: Mapping[str, str]
    labels: Mapping[str, str]

    @classmethod
    def of(cls, session: Session, base: str) -> _Steps:
        engine, recipe = session.engine, session.recipe
        known = base_data(engine, _base_recipe(session), base)
        epoch = source_date_epoch(known.created, recipe.snapshot)
        renewed = recipe.snapshot.moment if recipe.snapshot else known.renewed
        arguments = build_arguments(known.id, epoch) | {"RENEWED": f"{renewed:%Y%m%d}"}
        if recipe.foreign:
            arguments["NOTHING"] = ensure_nothing(engine, recipe.foreign)
        checkout = Checkout.of(recipe.root)
        return cls(
            session,
            recipe.dockerfile(session.catalog),
            epoch,
            arguments,
            checkout.labels(recipe.version) | {labels.BASE: known.identity},
        )

    def with_archive_date(self) -> _Steps:
        """Return the same with a label that says how old the packages are, if that is known."""
        distribution = self.session.recipe.known_distribution(self.session.catalog)
        if distribution.assembly is None:
            return self  # Alpine's package lists have no date
        packages = replace(self, labels={}).build(PACKAGES_STAGE)
        releases = read_file(self.session.engine, packages, RELEASE_FILE)
        date = archive_date(releases, distribution.suite)
        if date is None:
            return self
        return replace(self, labels={**self.labels, labels.PACKAGES: f"{date:%Y-%m-%dT%H:%M:%SZ}"})

    def build(self, target: str, *, no_cache: bool = False) -> str:
        """Build a stage; return its image ID.

        Raises:
            BuildError: a step failed.
        """
        session, recipe = self.session, self.session.recipe
        manifest = rootfs_manifest(session.catalog, recipe.distribution)
        platform = recipe.foreign.platform if recipe.foreign else None
        with session.console.activity(f"build {target}"):
            try:
                return session.engine.build(
                    build_context(recipe.root, self.dockerfile, manifest, self.epoch),
                    target,
                    self.arguments,
                    session.console.line,
                    no_cache=no_cache,
                    options=BuildOptions(platform, self.labels, recipe.offline),
                )
            except BuildError as error:
                hint = "build once without --offline" if recipe.offline else error.hint
                raise BuildError(f"building {target} failed: {error.cause}", hint) from error


def _base_recipe(session: Session) -> BaseRecipe:
    recipe = session.recipe
    return BaseRecipe(
        recipe.known_distribution(session.catalog),
        recipe.root / "stages",
        mirror=recipe.mirror,
        snapshot=recipe.snapshot,
        foreign=recipe.foreign,
    )
