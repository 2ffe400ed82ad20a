"""Tags proven images: in the engine, and in a registry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from semver import Version

from factory.build.engine import Engine
from factory.build.session import Session
from factory.console import Console
from factory.errors import PublishError
from factory.evidence.measure import Evidence
from factory.plan import tags
from factory.plan.models import MEGABYTE
from factory.release import docker_config, push_plan
from factory.release.push import OnBytes, is_insecure, push
from factory.release.push_plan import ImageToPush, PushPlan, PushStep
from factory.release.registry import Registry


def tag_proven(session: Session, known: Evidence) -> tuple[str, ...]:
    """Set the tags of a proven image in the engine; return them."""
    engine, repository = session.engine, session.recipe.repository
    names = tags.wanted_tags(
        known.image,
        session.recipe.version,
        default=known.image == session.catalog.default,
        existing=list(engine.tags_of(repository)),
    )
    for name in names:
        engine.tag(known.id, repository, name)
    engine.untag(repository, tags.UNPROVEN.format(image=known.image))
    return names


def tag_unproven(session: Session, known: Evidence) -> tuple[str, ...]:
    """Set the tag of an image that was built without the gate; its real tags do not move."""
    name = tags.UNPROVEN.format(image=known.image)
    session.engine.tag(known.id, session.recipe.repository, name)
    return (name,)


@dataclass(frozen=True)
class Destination:
    """The registry that images are pushed to.

    Attributes:
        engine: Has the images.
        repository: With the registry's host.
        login: For the registry; None to push without one.
        registry: Answers queries.
    """

    engine: Engine
    repository: str
    login: docker_config.RegistryLogin | None
    registry: Registry

    @classmethod
    def of(cls, engine: Engine, repository: str) -> Destination:
        """Return the registry of a repository, with the login that Docker stores for it.

        Raises:
            RegistryError: the registry cannot be reached, or refuses the login.
        """
        host, path = docker_config.split_repository(repository)
        login = docker_config.find_login(host)
        registry = Registry(
            host,
            path,
            login,
            insecure=is_insecure(engine, host),
            authorities=docker_config.find_authorities(host),
        )
        registry.check_login()
        return cls(engine, repository, login, registry)

    def plan(self, images: Sequence[ImageToPush], version: Version | None) -> PushPlan:
        """Plan a push, given the present tags of the registry.

        Raises:
            PublishError: a version that exists would be changed.
            RegistryError: the registry does not answer the queries.
        """
        existing = self.registry.tags()
        wanted = push_plan.wanted_tags(images, version, existing)
        held = {tag: self.registry.held(tag) for tag in wanted if tag in existing}
        return push_plan.make_plan(
            images, version, existing, {tag: found for tag, found in held.items() if found}
        )

    def push(self, plan: PushPlan, console: Console) -> dict[str, str]:
        """Do the steps of a plan; return the digest of each tag's manifest.

        The engine gets each tag, too, and the tags of unproven images are removed. An interrupted
        push can be repeated: each step leaves the registry consistent.

        Raises:
            PublishError: a push failed, or the registry has another image afterwards.
            RegistryError: the registry does not answer the queries.
        """
        for step in plan.steps:
            self.engine.tag(step.id, self.repository, step.tag)
        for image in {step.image for step in plan.steps}:
            self.engine.untag(self.repository, tags.UNPROVEN.format(image=image))
        return {step.tag: self._do(step, console) for step in plan.steps}

    def _do(self, step: PushStep, console: Console) -> str:
        name = f"{self.repository}:{step.tag}"
        pushed = ""
        if step.kind != "there":
            with console.activity(f"push {name}"):
                login = self.login.for_engine() if self.login else {}
                pushed = push(self.engine, self.repository, step.tag, login, _tell(console))
        held = self.registry.held(step.tag)
        if held is None or not held.is_image(step.id) or held.digest != (pushed or held.digest):
            raise PublishError(
                f"{self.registry.host} has {held.digest if held else 'nothing'} as {step.tag}, "
                f"not what was pushed{f', {pushed}' if pushed else ''}",
                "somebody else pushed at the same time, or the registry is broken; look at it "
                "before you repeat",
            )
        console.note(f"{name} {held.digest} {_DONE[step.kind]}")
        return held.digest


_DONE = {"new": "is new", "moves": "has moved", "there": "was there"}
_WOULD = {"new": "would be new", "moves": "would move", "there": "is there"}


def describe(plan: PushPlan, repository: str) -> str:
    """Return what a push of images that are not built yet would do, a line for each tag."""
    lines = [f"push: {repository}:{step.tag} {_what(step)}" for step in plan.steps]
    lines += [
        f"push: {repository}:{left.tag} would stay: {left.higher} is higher" for left in plan.left
    ]
    return "\n".join(lines)


def _what(step: PushStep) -> str:
    if tags.immutable(step.tag) and step.kind == "moves":
        return "is there: refused unless it is the very same image"
    return _WOULD[step.kind]


def _tell(console: Console) -> OnBytes:
    def tell(done: int, total: int) -> None:
        console.progress(f"{done / MEGABYTE:.1f} of {total / MEGABYTE:.1f} MB")

    return tell
