#!/usr/bin/env python3
"""Builds, proves and tags the images: `python build.py --tag full`."""

from __future__ import annotations

import argparse
import json
import re
import signal
import sys
from pathlib import Path
from typing import Any

from semver import Version

from factory import pipeline
from factory.build.builder import Recipe, Source
from factory.build.engine import Engine
from factory.console import Console
from factory.errors import FactoryError
from factory.plan import picture, tags
from factory.plan.bake import bake_file
from factory.plan.catalog import Catalog
from factory.plan.dockerfile import rootfs_manifest
from factory.plan.load import load_catalog
from factory.plan.machine import Machine
from factory.plan.matrix import ci_matrix
from factory.release import publish

ROOT = Path(__file__).resolve().parent
NO_ENGINE = ("dockerfile", "matrix", "bake", "picture")
"""What `--print` shows without regard to the engine."""
OPTIONS = {"no_gate": "no-gate", "show": "print"}
REPOSITORY = re.compile(r"([\w.-]+(:\d+)?/)?[a-z0-9]+([._/-]+[a-z0-9]+)*", re.ASCII)


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(
        description="Build the Asterisk images, prove that they work, and only then tag them.",
        epilog="Exit status: 0 done, 1 failed (one line says why), 2 wrong use, 130 interrupted.",
    )
    add = parser.add_argument
    add(
        "--tag",
        action="append",
        metavar="IMAGE",
        dest="images",
        help="image to build: mini, base, full, xtra, debug, or all, which leaves debug out; "
        "repeatable (default: full)",
    )
    add("--version", metavar="X.Y.Z", help="version for the tags (default: from git's tags)")
    add("--repo", metavar="NAME", help="repository of the images (default: mlan/asterisk)")
    add("--distro", metavar="NAME", help="distribution: debian (default) or alpine")
    add(
        "--platform",
        metavar="OS/ARCH",
        help="kind of machine that the images are for, as linux/arm64 (default: the engine's own); "
        "those of another kind are emulated, and get a repository of their own: NAME-arm64",
    )
    archives = parser.add_mutually_exclusive_group()
    archives.add_argument(
        "--mirror",
        default="",
        metavar="URL",
        help="package mirror (default: that of the base, or of this machine)",
    )
    archives.add_argument(
        "--snapshot",
        metavar="MOMENT",
        help="build from the distribution's archive as it was then, e.g. 20261120T000000Z: the "
        "same commit and moment give the same layers",
    )
    add(
        "--push",
        action="store_true",
        help="push the tags to the registry of --repo, after the full gate; with --dry-run, show "
        "what would happen to each",
    )
    add("--dry-run", action="store_true", help="show plan, tags and Dockerfile; touch nothing")
    add(
        "--no-cache", action="store_true", help="use nothing of earlier builds, fetch packages anew"
    )
    gates = parser.add_mutually_exclusive_group()
    gates.add_argument(
        "--gate",
        choices=("quick", "full"),
        help="proof before tagging: calls and a text in seconds, or all suites (default: quick; "
        "with --push: full, and nothing less)",
    )
    gates.add_argument(
        "--no-gate", action="store_true", help="do not prove; the tag is then IMAGE-unproven only"
    )
    add("--softphone", action="store_true", help="build the softphone's image and nothing else")
    gates.add_argument(
        "--prove", metavar="REF", help="prove any image, by name or id; build and tag nothing"
    )
    add(
        "--diff",
        nargs=2,
        metavar=("OLD", "NEW"),
        help="say which packages and sizes differ between two images of the engine, or between "
        "folders with evidence as build/full; and do nothing else",
    )
    add(
        "--print",
        choices=("dockerfile", "tags", "plan", "matrix", "bake", "picture"),
        dest="show",
        help="print that and do nothing else; matrix: for CI, of all distributions unless one is "
        "named; bake: a file for `docker buildx bake`",
    )
    loudness = parser.add_mutually_exclusive_group()
    loudness.add_argument("-v", "--verbose", action="store_true", help="show every line")
    loudness.add_argument("-q", "--quiet", action="store_true", help="show results and errors only")
    options = parser.parse_args(arguments)
    if options.platform and options.softphone:
        parser.error("--platform not allowed with --softphone, which is for the engine's machine")
    if options.push:
        for other in ("no_gate", "prove", "softphone", "show", "diff"):
            if getattr(options, other):
                parser.error(f"--push not allowed with --{OPTIONS.get(other, other)}")
        if options.gate == "quick":
            parser.error("--push wants the full gate, not --gate quick")
    return options


def show(
    what: str, catalog: Catalog, recipe: Recipe, repository: str, version: Version | None
) -> str:
    """Returns what `--print` and `--dry-run` show."""
    if what == "dockerfile":
        return recipe.dockerfile(catalog)
    if what == "picture":
        return picture.draw_images(catalog)
    if what == "bake":
        return json.dumps(bake(catalog, recipe, repository), indent=1)
    lines = []
    for image in recipe.images:
        names = publish.wanted_tags(catalog, image, version, [])
        references = [f"{repository}:{name}" for name in names]
        if what == "tags":
            lines += references
        else:
            components = ", ".join(c.name for c in catalog.components_of(image))
            lines += [f"{image}: {components}", f"  tags: {' '.join(references)}"]
    return "\n".join(lines)


def bake(catalog: Catalog, recipe: Recipe, repository: str) -> dict[str, Any]:
    """Returns the bake file of a recipe, for the sources as they are in the checkout now."""
    source = Source.of(recipe.root)
    base = recipe.known_distribution(catalog).base
    return bake_file(
        catalog,
        recipe.images,
        dockerfile=recipe.dockerfile(catalog),
        manifest=rootfs_manifest(catalog, recipe.distribution),
        arguments=source.arguments(base, source.epoch, recipe.version),
        repository=repository,
    )


def wanted_images(catalog: Catalog, asked: list[str]) -> list[str]:
    """Returns the images that are asked for, in the catalog's order.

    Raises:
        FactoryError: there is none of that name.
    """
    for image in asked:
        if image != "all" and image not in catalog.images:
            raise FactoryError(
                f"unknown image '{image}'", f"known: {', '.join(catalog.images)}, all"
            )
    all_of_them = catalog.usual_images if "all" in asked else ()
    return [name for name in catalog.images if name in asked or name in all_of_them]


def foreign_machine(catalog: Catalog, options: argparse.Namespace) -> Machine | None:
    """Returns the kind of machine that images are asked for; None for the engine's own kind.

    Args:
        catalog: Of that kind alone, if one is named.
        options: The command line.

    Raises:
        FactoryError: no engine answers; or images that are emulated were to be pushed.
    """
    if not options.platform or options.show in NO_ENGINE:
        return None
    if options.platform == Engine.connect().platform:
        return None
    if options.push:
        raise FactoryError(
            f"images for {options.platform} are emulated here, and do not pass the full gate so: "
            "AutoBan needs a kernel's packet filter",
            "push from a machine of that kind, as the workflow `release` does",
        )
    (name,) = catalog.architectures
    return Machine(name, options.platform)


def run(options: argparse.Namespace, console: Console) -> None:
    """Does what the command line asks.

    Raises:
        FactoryError: with the cause and a hint.
    """
    catalog = load_catalog(ROOT)
    images = wanted_images(catalog, options.images or [catalog.default])
    try:
        version = (
            tags.parse_version(options.version)
            if options.version
            else tags.version_of_git_tags(Source.of(ROOT).git_tags)
        )
    except tags.InvalidVersion as error:
        raise FactoryError(str(error)) from error
    distribution = options.distro or catalog.default_distribution
    repository = options.repo or catalog.repository_of(distribution)
    if not REPOSITORY.fullmatch(repository):
        raise FactoryError(
            f"'{repository}' is no name of a repository",
            "use lower case letters, digits and . _ - / as in registry.example:5000/pbx/asterisk",
        )
    if options.platform:
        catalog = catalog.only_for(options.platform)
    machine = foreign_machine(catalog, options)
    if machine:
        repository = machine.repository(repository)
    recipe = Recipe(
        ROOT,
        distribution,
        images,
        str(version or ""),
        options.mirror,
        no_cache=options.no_cache,
        machine=machine,
    )
    recipe = recipe.at(catalog, options.snapshot)
    if options.show == "matrix":
        distributions = [options.distro] if options.distro else list(catalog.distributions)
        recipe.known_distribution(catalog)
        console.result(json.dumps(ci_matrix(catalog, images, distributions)))
        return
    if options.show or options.dry_run:
        for what in [options.show] if options.show else ["plan", "dockerfile"]:
            console.result(show(what, catalog, recipe, repository, version).rstrip("\n"))
        if options.push:
            told = pipeline.plan_push(
                Engine.connect(), catalog, recipe, repository=repository, version=version
            )
            console.result(told)
        return
    if options.diff:
        old, new = options.diff
        told = pipeline.compare_images(Engine.connect(), catalog, options.distro, old, new, console)
        console.result(told)
        return
    if options.softphone:
        pipeline.make_softphone(Engine.connect(), catalog, recipe, console)
        return
    if options.prove:
        pipeline.prove_image(Engine.connect(), catalog, recipe, options.prove, console)
        return
    if options.push:
        pipeline.push_images(
            Engine.connect(),
            catalog,
            recipe,
            repository=repository,
            version=version,
            console=console,
        )
        return
    pipeline.make_images(
        Engine.connect(),
        catalog,
        recipe,
        repository=repository,
        version=version,
        gate_kind="none" if options.no_gate else options.gate or "quick",
        console=console,
    )


def main() -> int:
    """Runs the command line; returns the exit status."""
    options = parse_arguments()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    log = None if options.show or options.dry_run else ROOT / "build" / "build.log"
    with Console(log, verbosity=options.verbose - options.quiet) as console:
        try:
            run(options, console)
        except FactoryError as error:
            console.error(error.cause, error.hint)
            return 1
        except Exception as error:
            console.unexpected(error)
            return 1
        except KeyboardInterrupt:
            console.error("interrupted", "")
            return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
