"""Pushes images, or shows what a push would do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from factory.build.session import Session
from factory.pipeline.candidates import keep, prove_each
from factory.pipeline.tables import show_images
from factory.plan.catalog import Catalog
from factory.release import publish
from factory.release.push_plan import ImageToPush


def push_images(session: Session) -> None:
    """Make the images of a recipe, and push them if each passed the full gate.

    The login is checked first, so that nobody waits for the gate in vain. The tags of the registry
    decide which tags move, in the engine, too.

    Raises:
        FactoryError: the registry cannot be reached or refuses; an image was not built or not
            proven; a version would change. In these cases nothing was pushed and no tag moved. Or a
            push was interrupted: it can be repeated.
    """
    catalog, recipe, console = session.catalog, session.recipe, session.console
    repository, version = recipe.repository, recipe.version
    with console.activity(f"ask for {repository}"):
        destination = publish.Destination.of(session.engine, repository)
        destination.plan(_images(catalog, dict.fromkeys(recipe.images, "")), version)
    proven = list(prove_each(session, "full"))
    with console.activity(f"ask what {repository} has"):
        ids = {known.image: known.id for known in proven}
        plan = destination.plan(_images(catalog, ids), version)
    digests = destination.push(plan, console)
    for left in plan.left:
        console.note(f"{repository}:{left.tag} stays: {left.higher} is higher")
    done = []
    for known in proven:
        names = tuple(step.tag for step in plan.steps if step.image == known.image)
        pushed = {f"{repository}:{name}": digests[name] for name in names}
        done.append(keep(session, replace(known, tags=tuple(pushed), pushed=pushed)))
    show_images(done, console)


def plan_push(session: Session) -> str:
    """Return what a push would do to each tag, as far as that is known before building.

    Raises:
        RegistryError: the registry cannot be reached, or refuses.
    """
    recipe = session.recipe
    images = _images(session.catalog, dict.fromkeys(recipe.images, ""))
    destination = publish.Destination.of(session.engine, recipe.repository)
    return publish.describe(destination.plan(images, recipe.version), recipe.repository)


def _images(catalog: Catalog, ids: Mapping[str, str]) -> list[ImageToPush]:
    return [ImageToPush(image, ids[image], image == catalog.default) for image in ids]
