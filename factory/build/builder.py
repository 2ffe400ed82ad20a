"""Builds images and what they stand on."""

from __future__ import annotations

import datetime
import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from factory.build.base import check_emulation, ensure_base, ensure_nothing
from factory.build.engine import Engine
from factory.console import Console
from factory.errors import BuildError, FactoryError
from factory.plan.catalog import Catalog
from factory.plan.context import build_context
from factory.plan.dockerfile import render, rootfs_manifest
from factory.plan.machine import Machine
from factory.plan.models import Distribution
from factory.plan.snapshot import Snapshot

_HINTS = (
    (r"no space left on device", "make room, for instance with `docker system prune`"),
    (
        r"Temporary failure resolving|Could not (resolve|connect)|Failed to fetch|temporary error",
        "check that the package mirror is reachable from containers (--mirror names another)",
    ),
    (
        r"Release file .* (expired|is not valid yet)",
        "the package mirror is stale or this machine's clock is wrong; --mirror names another",
    ),
    (
        r"Unable to locate package (\S+)|has no installation candidate|\(no such package\)",
        "correct the package's name in its component.yaml, or choose another suite",
    ),
    (
        r"Unable to find a source package|Can not find version '.*' of package",
        "corrections are compiled from Debian's source, which the mirror has to have, too",
    ),
    (
        r"hunks? FAILED",
        "a component's patch does not fit this Asterisk: look whether it is still needed",
    ),
)


@dataclass(frozen=True)
class Source:
    """Where the files come from, for the labels of the images."""

    revision: str
    url: str
    epoch: int
    """When that was: seconds since 1970."""
    git_tags: tuple[str, ...]

    @classmethod
    def of(cls, root: Path) -> Source:
        """Asks git about a checkout; empty values where it is none."""
        revision = _git(root, "rev-parse", "HEAD")
        if revision and _git(root, "status", "--porcelain"):
            revision += "-dirty"
        seconds = _given_epoch(os.environ)
        if seconds is None:
            seconds = int(_git(root, "log", "-1", "--format=%ct") or 0)
        return cls(
            revision=revision,
            url=_without_credentials(_git(root, "config", "--get", "remote.origin.url")),
            epoch=seconds,
            git_tags=tuple(_git(root, "tag", "--points-at", "HEAD").split()),
        )

    @property
    def created(self) -> str:
        """That moment as the images' labels say it (RFC 3339)."""
        moment = datetime.datetime.fromtimestamp(self.epoch, datetime.UTC)
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")

    def arguments(self, base: str, epoch: int, version: str) -> dict[str, str]:
        """Returns the values of the Dockerfile's arguments.

        Args:
            base: Reference of the base image.
            epoch: The latest time that a file in an image may show.
            version: Of the images; empty if there is none.
        """
        return {
            "BASE": base,
            "SOURCE_DATE_EPOCH": str(epoch),
            "CREATED": self.created,
            "REVISION": self.revision,
            "SOURCE": self.url,
            "VERSION": version,
        }


@dataclass(frozen=True)
class Recipe:
    """What to build, and how.

    Attributes:
        root: The checkout.
        distribution: Key of the catalog's distributions.
        images: Images wanted; what they stand on is built along.
        version: For the label; empty if none.
        mirror: Package mirror; empty for that of the base.
        snapshot: The archive as it was, in the place of a mirror; None for that of today.
        no_cache: Use nothing of earlier builds.
        machine: Which kind of machine the images are for; None for the engine's own.
    """

    root: Path
    distribution: str
    images: Sequence[str]
    version: str = ""
    mirror: str = ""
    snapshot: Snapshot | None = None
    no_cache: bool = False
    machine: Machine | None = None

    def dockerfile(self, catalog: Catalog) -> str:
        """Returns the Dockerfile.

        Raises:
            FactoryError: the distribution has no template.
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
        """Returns the distribution.

        Raises:
            FactoryError: there is none of that name, or it has no template.
        """
        self._template(catalog)
        return catalog.distributions[self.distribution]

    def at(self, catalog: Catalog, moment: str | None) -> Recipe:
        """Returns the same with the packages of a moment; of today if there is none.

        Raises:
            FactoryError: it is no moment, or there are no snapshots of the distribution.
        """
        if moment is None:
            return self
        distribution = self.known_distribution(catalog)
        return replace(self, snapshot=Snapshot.of(distribution, moment))

    def _template(self, catalog: Catalog) -> Path:
        path = self.root / "stages" / f"Dockerfile.{self.distribution}.j2"
        if self.distribution not in catalog.distributions or not path.is_file():
            raise FactoryError(
                f"unknown distribution '{self.distribution}'",
                f"known distributions: {', '.join(sorted(catalog.distributions))}",
            )
        return path


def base_of(engine: Engine, catalog: Catalog, recipe: Recipe, console: Console) -> str:
    """Returns the name of the base image that a recipe stands on, made now if it was not there.

    Raises:
        FactoryError: the distribution is unknown, no base could be had, or the engine cannot run
            its programs.
    """
    distribution = recipe.known_distribution(catalog)
    kind = f" for {recipe.machine.platform}" if recipe.machine else ""
    with console.activity(f"base {recipe.distribution} {distribution.suite}{kind}"):
        base = ensure_base(
            engine,
            distribution,
            recipe.root / "stages",
            mirror=recipe.mirror,
            snapshot=recipe.snapshot,
            renew=recipe.no_cache,
            on_line=console.line,
            machine=recipe.machine,
        )
        if recipe.machine:
            check_emulation(engine, base, recipe.machine)
    return base


def build(
    engine: Engine, catalog: Catalog, recipe: Recipe, base: str, console: Console
) -> dict[str, str]:
    """Builds the images of a recipe; returns the id of each candidate, without any tag.

    Raises:
        FactoryError: with cause and hint, if a step of the build fails.
    """
    dockerfile = recipe.dockerfile(catalog)
    epoch = source_date_epoch(engine.image(base).created, recipe.snapshot)
    manifest = rootfs_manifest(catalog, recipe.distribution)
    arguments = Source.of(recipe.root).arguments(base, epoch, recipe.version)
    if recipe.machine:
        arguments["NOTHING"] = ensure_nothing(engine, recipe.machine)
    candidates: dict[str, str] = {}
    # The highest image first: its stages hold those of the others, which then come from the cache.
    for name in reversed([name for name in catalog.images if name in recipe.images]):
        context = build_context(recipe.root, dockerfile, manifest, epoch)
        printed: list[str] = []

        def on_line(line: str, printed: list[str] = printed) -> None:
            printed.append(line)
            console.line(line)

        no_cache = recipe.no_cache and not candidates
        with console.activity(f"build {name}"):
            try:
                candidates[name] = engine.build(
                    context,
                    name,
                    arguments,
                    on_line,
                    no_cache=no_cache,
                    platform=recipe.machine.platform if recipe.machine else None,
                )
            except BuildError as error:
                cause, hint = explain([*printed, error.cause])
                raise BuildError(f"building {name} failed: {cause}", hint) from error
    return {name: candidates[name] for name in catalog.images if name in candidates}


def explain(lines: Sequence[str]) -> tuple[str, str]:
    """Returns the line that most likely tells why a build failed, and what to do.

    Args:
        lines: What the build printed, and the engine's own error as the last.
    """
    for pattern, hint in _HINTS:  # the order is that of cause and consequence
        for line in reversed(lines[-60:]):
            if re.search(pattern, line):
                return line.strip(), hint
    said = [line.strip() for line in lines[:-1] if line.strip()]
    return " — ".join([*said[-1:], lines[-1]]), "the log file has every line: build/build.log"


def source_date_epoch(
    base_created: str,
    snapshot: Snapshot | None = None,
    environment: Mapping[str, str] | None = None,
) -> int:
    """Returns the latest time that a file in an image may show, in seconds since 1970.

    That is SOURCE_DATE_EPOCH where it is set (reproducible-builds.org), else the moment of the
    snapshot, else the one when the base was made: it stays the same as long as the base does.

    Args:
        base_created: Time of the base image, as the engine says it.
        snapshot: What the packages are taken from, if from one.
        environment: Instead of the process's own.
    """
    given = _given_epoch(os.environ if environment is None else environment)
    if given is not None:
        return given
    if snapshot:
        return snapshot.epoch
    return int(datetime.datetime.fromisoformat(base_created[:19] + "+00:00").timestamp())


def _given_epoch(environment: Mapping[str, str]) -> int | None:
    given = environment.get("SOURCE_DATE_EPOCH")
    if not given:
        return None
    if not (given.isascii() and given.isdecimal() and len(given) <= 11):
        raise FactoryError(
            f"SOURCE_DATE_EPOCH is '{given[:40]}'", "give whole seconds since 1970, or unset it"
        )
    return int(given)


def _without_credentials(url: str) -> str:
    return re.sub(r"^(\w+://)[^/@]*@", r"\1", url)


def _git(root: Path, *arguments: str) -> str:
    try:
        result = subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        return ""
    return result.stdout.strip() if result.returncode == 0 else ""
