"""Makes candidates: images that are built, measured and proven, but not tagged yet."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Literal

from factory.build import builder
from factory.build.engine import Engine
from factory.build.session import Session
from factory.errors import ProofError
from factory.evidence import size_map
from factory.evidence.budget import check_budget
from factory.evidence.folder import Folder
from factory.evidence.measure import Evidence, measure
from factory.evidence.sbom import bill_of_materials
from factory.pipeline.softphone import SoftphoneBuild
from factory.pipeline.tables import short_id
from factory.plan.models import MEGABYTE
from factory.plan.recipe import Recipe
from factory.proof import suites
from factory.proof.expectation import Expectation
from factory.proof.gate import Gate

GateKind = Literal["none", "quick", "full"]


def prove_each(session: Session, kind: GateKind) -> Iterator[Evidence]:
    """Make the images of a recipe; yield each as soon as it has passed the gate.

    Raises:
        FactoryError: an image failed to build, is over its budget, or was refused.
    """
    catalog, recipe = session.catalog, session.recipe
    base = builder.fresh_base_of(session)
    softphone = None if kind == "none" else SoftphoneBuild.begin(session)
    for image, image_id in builder.build(session, base).items():
        gate = None
        if softphone is not None:
            gate = Gate(Expectation.of(catalog, image), softphone.image())
        known = _folder(recipe, image).read()
        if known is None or known.id != image_id or (gate and known.gate != gate.fingerprint()):
            known = keep(session, _examine(session, image, image_id, gate))
        else:
            session.console.note(f"{image} {short_id(image_id)} is as it was")
        if budget := catalog.budget_of(image, recipe.distribution, known.architecture):
            check_budget(known, budget)
        if kind == "full":
            known = keep(session, _run_suites(session, known))
        yield known


def keep(session: Session, known: Evidence) -> Evidence:
    """Write the evidence of an image, with its SBOM and sizes, to build/IMAGE/; return it."""
    recipe = session.recipe
    title = f"{known.image}: {known.uncompressed / MEGABYTE:.1f} MB"
    suite = recipe.known_distribution(session.catalog).suite
    files = {
        "sbom.cdx.json": bill_of_materials(known, recipe.distribution, suite),
        "sizes.txt": size_map.table(known.size_by_component, known.size_by_package),
        "sizes.svg": size_map.treemap(title, known.size_by_component),
    }
    _folder(recipe, known.image).write(known, recipe.dockerfile(session.catalog), files)
    return known


def _examine(session: Session, image: str, image_id: str, gate: Gate | None) -> Evidence:
    """Measure a candidate, and prove it meanwhile if there is a gate."""
    console = session.console
    with (
        console.activity(f"{'prove and ' if gate else ''}measure {image}"),
        ThreadPoolExecutor(1) as pool,
    ):
        # The SDK's client is not thread-safe.
        other = replace(session, engine=Engine.connect())
        measuring = pool.submit(measure, other, image, image_id)
        if gate is None:
            return measuring.result()
        try:
            proof = gate.prove(session.engine, image_id, console)
        except ProofError as error:
            raise ProofError(
                f"{image}: {error.cause}",
                f"no tag was moved; the candidate is {short_id(image_id)}, and its log is in "
                "build/build.log",
            ) from error
        return replace(measuring.result(), proof=proof, gate=gate.fingerprint())


def _run_suites(session: Session, known: Evidence) -> Evidence:
    """Run all suites on a candidate, unless it has passed the same suites before."""
    root = session.recipe.root
    fingerprint = suites.fingerprint(root)
    if known.suites_fingerprint == fingerprint:
        session.console.note(
            f"{known.image} {short_id(known.id)} has passed all suites: {known.suites}"
        )
        return known
    report = _place(session.recipe, known.image) / "report"
    said = suites.run(root, known.image, known.id, report, session.console)
    return replace(known, suites=said, suites_fingerprint=fingerprint)


def _folder(recipe: Recipe, image: str) -> Folder:
    return Folder(recipe.root / _place(recipe, image))


def _place(recipe: Recipe, image: str) -> Path:
    """Return the folder of an image's evidence, below the checkout."""
    return Path("build") / (recipe.foreign.folder(image) if recipe.foreign else image)
