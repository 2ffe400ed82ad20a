"""Proves any image, without building or tagging anything."""

from __future__ import annotations

from factory.build.engine import ImageInfo
from factory.build.session import Session
from factory.errors import EngineError
from factory.pipeline.softphone import SoftphoneBuild
from factory.pipeline.tables import checks_table, short_id
from factory.proof.expectation import Expectation
from factory.proof.gate import Gate


def prove_image(session: Session, reference: str) -> None:
    """Prove an image of the engine or of a registry, and show the results.

    An image of ours, by its label, has to show all that its catalog entry promises.

    Raises:
        FactoryError: there is no such image, or the gate refused it.
    """
    console, catalog = session.console, session.catalog
    info = session.engine.find_image(reference) or _pulled(session, reference)
    name = info.labels.get("org.opencontainers.image.ref.name", "")
    ours = name in catalog.images
    expected = Expectation.of(catalog, name) if ours else Expectation.of_foreign(info)
    softphone = SoftphoneBuild.begin(session).image()
    with console.activity(f"prove {reference} as {name if ours else 'an image of others'}"):
        proof = Gate(expected, softphone).prove(session.engine, info.id, console)
    console.table(checks_table(proof))
    console.result(f"{reference} {short_id(info.id)} is proven")


def _pulled(session: Session, reference: str) -> ImageInfo:
    foreign = session.recipe.foreign
    if session.recipe.offline:
        raise EngineError(f"there is no image {reference}", "pull it, or leave --offline out")
    with session.console.activity(f"pull {reference}"):
        pulled = session.engine.pull(reference, foreign.platform if foreign else None)
    if pulled is None:
        raise EngineError(
            f"there is no image {reference}",
            "`docker images` lists those of the engine; a registry gives none of that name",
        )
    return session.engine.image(pulled)
