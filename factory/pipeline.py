"""The way of an image: built, measured, proven, and only then tagged."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from rich.table import Table
from semver import Version

from factory import builder, evidence, gate, publish
from factory.catalog import Catalog
from factory.console import Console
from factory.engine import Engine
from factory.errors import ProofError


def make_images(
    engine: Engine,
    catalog: Catalog,
    recipe: builder.Recipe,
    *,
    repository: str,
    version: Version | None,
    gated: bool,
    console: Console,
) -> None:
    """Makes the images of a recipe, and says what came of it.

    Raises:
        FactoryError: an image failed to build, is over its budget, or was refused by the gate.
            Images that were proven before it in this run have their tags; it and those after
            it have not, and none of their tags moved.
    """
    dockerfile = recipe.dockerfile(catalog)
    done: list[evidence.Manifest] = []
    for image, image_id in builder.build(engine, catalog, recipe, console).items():
        folder = evidence.Folder(recipe.root / "build" / image)
        expected = gate.Expectation.of(catalog, image) if gated else None
        known = folder.read()
        if known is None or known.id != image_id or not _passed(known, expected):
            known = _examine(engine, image, image_id, expected, console)
            folder.write(known, dockerfile)
        else:
            console.note(f"{image} {_short(image_id)} is as it was")
        evidence.check_budget(known, catalog.images[image].budget)
        if gated:
            names = publish.tag_proven(engine, catalog, repository, image, image_id, version)
        else:
            names = publish.tag_unproven(engine, repository, image, image_id)
        known = replace(known, tags=tuple(f"{repository}:{name}" for name in names))
        folder.write(known, dockerfile)
        done.append(known)
    console.table(_table(done))
    for manifest in done:
        console.result(" ".join(manifest.tags))


def _passed(known: evidence.Manifest, expected: gate.Expectation | None) -> bool:
    return expected is None or known.gate == gate.fingerprint(expected)


def _examine(
    engine: Engine,
    image: str,
    image_id: str,
    expected: gate.Expectation | None,
    console: Console,
) -> evidence.Manifest:
    """Measures a candidate, and proves it in the meantime if something is expected of it."""
    with (
        console.activity(f"{'prove and ' if expected else ''}measure {image}"),
        ThreadPoolExecutor(1) as pool,
    ):
        measuring = pool.submit(evidence.measure, Engine.connect(), image, image_id)
        if expected is None:
            return measuring.result()
        try:
            proof = gate.prove(engine, image_id, expected, console)
        except ProofError as error:
            raise ProofError(
                f"{image}: {error.cause}",
                f"no tag was moved; the candidate is {_short(image_id)}, and what it said is in "
                "the log: build/build.log",
            ) from error
        return replace(measuring.result(), proof=proof, gate=gate.fingerprint(expected))


def _short(image_id: str) -> str:
    return image_id.removeprefix("sha256:")[:12]


def _table(manifests: list[evidence.Manifest]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("image", "id", "MB", "MB gzip", "packages", "proof"):
        table.add_column(heading, justify="right" if heading.startswith(("MB", "pa")) else "left")
    for manifest in manifests:
        seconds = sum(check.seconds for check in manifest.proof)
        table.add_row(
            manifest.image,
            _short(manifest.id),
            f"{manifest.uncompressed / evidence.MEGABYTE:.1f}",
            f"{manifest.compressed / evidence.MEGABYTE:.1f}",
            str(len(manifest.packages)),
            f"{len(manifest.proof)} checks in {seconds:.0f} s" if manifest.proof else "none",
        )
    return table
