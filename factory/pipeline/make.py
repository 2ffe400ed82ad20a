"""Builds, measures and proves images, and only then tags them."""

from __future__ import annotations

from dataclasses import replace

from factory.build.session import Session
from factory.evidence.measure import Evidence
from factory.pipeline.candidates import GateKind, keep, prove_each
from factory.pipeline.tables import show_images
from factory.release import publish


def make_images(session: Session, gate: GateKind) -> None:
    """Make and tag the images of a recipe, and show the result.

    Raises:
        FactoryError: an image failed to build, is over its budget, or was refused by the gate.
            Images that were proven before it in this run are tagged; of it and of those after it,
            no tag moved.
    """
    done: list[Evidence] = []
    tag = publish.tag_unproven if gate == "none" else publish.tag_proven
    for known in prove_each(session, gate):
        tags = tuple(f"{session.recipe.repository}:{name}" for name in tag(session, known))
        done.append(keep(session, replace(known, tags=tags)))
    show_images(done, session.console)
