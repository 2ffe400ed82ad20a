"""The way of an image: built, measured, proven, and only then tagged."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Literal

from rich.table import Table
from semver import Version

from factory.build import builder
from factory.build.engine import Engine
from factory.build.softphone import ensure_softphone
from factory.console import Console
from factory.errors import EngineError, FactoryError, ProofError
from factory.evidence import difference, size_map
from factory.evidence import manifest as evidence
from factory.evidence.sbom import bill_of_materials
from factory.plan.catalog import Catalog
from factory.proof import gate, suites
from factory.proof.expectation import Expectation
from factory.release import publish
from factory.release.push_plan import Candidate

GateKind = Literal["none", "quick", "full"]


def make_images(
    engine: Engine,
    catalog: Catalog,
    recipe: builder.Recipe,
    *,
    repository: str,
    version: Version | None,
    gate_kind: GateKind,
    console: Console,
) -> None:
    """Makes and tags the images of a recipe, and says what came of it.

    Raises:
        FactoryError: an image failed to build, is over its budget, or was refused by the gate.
            Images that were proven before it in this run have their tags; it and those after
            it have not, and none of their tags moved.
    """
    done: list[evidence.Manifest] = []
    for known in _prove_each(engine, catalog, recipe, gate_kind, console):
        image, image_id = known.image, known.id
        if gate_kind == "none":
            names = publish.tag_unproven(engine, repository, image, image_id)
        else:
            names = publish.tag_proven(engine, catalog, repository, image, image_id, version)
        done.append(_keep(recipe, catalog, replace(known, tags=_references(repository, names))))
    _show(done, console)


def push_images(
    engine: Engine,
    catalog: Catalog,
    recipe: builder.Recipe,
    *,
    repository: str,
    version: Version | None,
    console: Console,
) -> None:
    """Makes the images of a recipe, and pushes them if each passed the full gate.

    The registry is asked at first whether it lets us in, so that nobody waits for the gate in
    vain. What it has decides which tags move, in the engine, too.

    Raises:
        FactoryError: the registry is not there or refuses; an image is not made or not proven; a
            version would change. Until then nothing was pushed and no tag moved. Or a push broke
            off: it can be repeated.
    """
    with console.activity(f"ask for {repository}"):
        destination = publish.Destination.of(engine, repository)
        destination.plan(_candidates(catalog, dict.fromkeys(recipe.images, "")), version)
    proven = list(_prove_each(engine, catalog, recipe, "full", console))
    with console.activity(f"ask what {repository} has"):
        ids = {known.image: known.id for known in proven}
        plan = destination.plan(_candidates(catalog, ids), version)
    digests = destination.push(plan, console)
    for left in plan.left:
        console.note(f"{repository}:{left.tag} stays: {left.higher} is higher")
    done = []
    for known in proven:
        names = tuple(step.tag for step in plan.steps if step.image == known.image)
        pushed = {f"{repository}:{name}": digests[name] for name in names}
        done.append(_keep(recipe, catalog, replace(known, tags=tuple(pushed), pushed=pushed)))
    _show(done, console)


def plan_push(
    engine: Engine,
    catalog: Catalog,
    recipe: builder.Recipe,
    *,
    repository: str,
    version: Version | None,
) -> str:
    """Returns what a push would do to each tag, as far as it is known before building.

    Raises:
        RegistryError: the registry is not there, or refuses.
    """
    candidates = _candidates(catalog, dict.fromkeys(recipe.images, ""))
    plan = publish.Destination.of(engine, repository).plan(candidates, version)
    return publish.describe(plan, repository)


def prove_image(
    engine: Engine, catalog: Catalog, recipe: builder.Recipe, reference: str, console: Console
) -> None:
    """Proves an image that the engine has, or a registry gives, and says what was seen.

    Of an image of ours (by its label) everything is expected that the catalog promises.

    Raises:
        FactoryError: there is no such image, or the gate refused it.
    """
    info = engine.find_image(reference)
    if info is None:
        with console.activity(f"pull {reference}"):
            pulled = engine.pull(reference, recipe.machine.platform if recipe.machine else None)
        if pulled is None:
            raise EngineError(
                f"there is no image {reference}",
                "`docker images` lists those of the engine; a registry gives none of that name",
            )
        info = engine.image(pulled)
    name = info.labels.get("org.opencontainers.image.ref.name", "")
    ours = name in catalog.images
    expected = Expectation.of(catalog, name) if ours else Expectation.of_foreign(info)
    softphone = _Softphone.of(engine, catalog, recipe, console).image()
    with console.activity(f"prove {reference} as {name if ours else 'an image of others'}"):
        proof = gate.Gate(expected, softphone).prove(engine, info.id, console)
    console.table(_checks(proof))
    console.result(f"{reference} {_short(info.id)} is proven")


def compare_images(
    engine: Engine, catalog: Catalog, distribution: str, old: str, new: str, console: Console
) -> str:
    """Returns what changed between two images, as text.

    Args:
        engine: That has them.
        catalog: Says which component brings what.
        distribution: Whose packages they hold, by the catalog's name.
        old: Name or id of an image, or a folder with the evidence of one, such as `build/full`.
        new: The same.
        console: Is told of the progress.

    Raises:
        FactoryError: there is no such image.
    """

    def known(text: str) -> evidence.Manifest:
        if Path(text).is_dir():
            manifest = evidence.Folder(Path(text)).read()
            if manifest is None:
                raise FactoryError(
                    f"{text} has no manifest.json that can be read",
                    "name a folder that this version of build.py has written, or an image",
                )
            return manifest
        info = engine.image(text)
        label = info.labels.get("org.opencontainers.image.ref.name", "")
        image = label if label in catalog.images else catalog.default
        with console.activity(f"measure {text}"):
            return evidence.measure(engine, catalog, distribution, image, info.id)

    return difference.describe(difference.compare(known(old), known(new)))


def make_softphone(
    engine: Engine, catalog: Catalog, recipe: builder.Recipe, console: Console
) -> None:
    """Makes the softphone's image, if it is not there.

    Raises:
        FactoryError: a step of its build failed.
    """
    console.result(_Softphone.of(engine, catalog, recipe, console).image())


def _prove_each(
    engine: Engine,
    catalog: Catalog,
    recipe: builder.Recipe,
    gate_kind: GateKind,
    console: Console,
) -> Iterator[evidence.Manifest]:
    """Makes the images of a recipe, and gives each as soon as it has passed the gate."""
    base = builder.base_of(engine, catalog, recipe, console)
    softphone = None if gate_kind == "none" else _Softphone.of(engine, catalog, recipe, console)
    for image, image_id in builder.build(engine, catalog, recipe, base, console).items():
        gate_ = None
        if softphone is not None:
            gate_ = gate.Gate(Expectation.of(catalog, image), softphone.image())
        known = _folder(recipe, image).read()
        if known is None or known.id != image_id or (gate_ and known.gate != gate_.fingerprint()):
            measure = partial(
                evidence.measure, Engine.connect(), catalog, recipe.distribution, image, image_id
            )
            known = _examine(engine, image, image_id, gate_, measure, console)
            _keep(recipe, catalog, known)
        else:
            console.note(f"{image} {_short(image_id)} is as it was")
        if budget := catalog.budget_of(image, recipe.distribution, known.architecture):
            evidence.check_budget(known, budget)
        if gate_kind == "full":
            known = _keep(recipe, catalog, _run_suites(recipe, known, console))
        yield known


def _run_suites(
    recipe: builder.Recipe, known: evidence.Manifest, console: Console
) -> evidence.Manifest:
    """Runs all suites on a candidate, unless it has passed these very suites."""
    fingerprint = suites.fingerprint(recipe.root)
    if known.suites_fingerprint == fingerprint:
        console.note(f"{known.image} {_short(known.id)} has passed all suites: {known.suites}")
        return known
    report = _place(recipe, known.image) / "report"
    said = suites.run(recipe.root, known.image, known.id, report, console)
    return replace(known, suites=said, suites_fingerprint=fingerprint)


def _candidates(catalog: Catalog, ids: Mapping[str, str]) -> list[Candidate]:
    return [Candidate(image, ids[image], image == catalog.default) for image in ids]


def _folder(recipe: builder.Recipe, image: str) -> evidence.Folder:
    return evidence.Folder(recipe.root / _place(recipe, image))


def _place(recipe: builder.Recipe, image: str) -> Path:
    """Returns where an image's evidence is, below the checkout."""
    return Path("build") / (recipe.machine.folder(image) if recipe.machine else image)


def _keep(
    recipe: builder.Recipe, catalog: Catalog, manifest: evidence.Manifest
) -> evidence.Manifest:
    title = f"{manifest.image}: {manifest.uncompressed / evidence.MEGABYTE:.1f} MB"
    suite = recipe.known_distribution(catalog).suite
    papers = {
        "sbom.cdx.json": bill_of_materials(manifest, recipe.distribution, suite),
        "sizes.txt": size_map.table(manifest.size_by_component, manifest.size_by_package),
        "sizes.svg": size_map.treemap(title, manifest.size_by_component),
    }
    _folder(recipe, manifest.image).write(manifest, recipe.dockerfile(catalog), papers)
    return manifest


def _show(done: Sequence[evidence.Manifest], console: Console) -> None:
    console.table(_table(done))
    for manifest in done:
        console.result(" ".join(manifest.tags))


def _references(repository: str, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"{repository}:{name}" for name in names)


class _Softphone:
    """The softphone's image, which is built in the background.

    The thread is no reason for the process to stay: a build that nobody waits for is ended by
    the engine.
    """

    def __init__(self, recipe: builder.Recipe, base: str, console: Console) -> None:
        self._console = console
        self._built: Future[str] = Future()
        threading.Thread(target=self._build, args=(recipe, base), daemon=True).start()

    @classmethod
    def of(
        cls, engine: Engine, catalog: Catalog, recipe: builder.Recipe, console: Console
    ) -> _Softphone:
        """Begins to build it, on today's default distribution, for the engine's own machine."""
        recipe = replace(recipe, machine=None)
        if recipe.distribution != catalog.default_distribution:
            # A mirror that was named is one of the other distribution.
            recipe = replace(recipe, distribution=catalog.default_distribution, mirror="")
        recipe = replace(recipe, snapshot=None, no_cache=False)
        return cls(recipe, builder.base_of(engine, catalog, recipe, console), console)

    def image(self) -> str:
        """Returns the image's name as soon as it is there."""
        if not self._built.done():
            with self._console.activity("build the softphone"):
                return self._built.result()
        return self._built.result()

    def _build(self, recipe: builder.Recipe, base: str) -> None:
        def on_line(line: str) -> None:
            self._console.line(f"softphone: {line}")

        try:
            engine = Engine.connect()
            name = ensure_softphone(
                engine, recipe.root, base, mirror=recipe.mirror, on_line=on_line
            )
        except BaseException as error:
            self._built.set_exception(error)
        else:
            self._built.set_result(name)


def _examine(
    engine: Engine,
    image: str,
    image_id: str,
    gate_: gate.Gate | None,
    measure: Callable[[], evidence.Manifest],
    console: Console,
) -> evidence.Manifest:
    """Measures a candidate, and proves it in the meantime if there is a gate."""
    with (
        console.activity(f"{'prove and ' if gate_ else ''}measure {image}"),
        ThreadPoolExecutor(1) as pool,
    ):
        measuring = pool.submit(measure)
        if gate_ is None:
            return measuring.result()
        try:
            proof = gate_.prove(engine, image_id, console)
        except ProofError as error:
            raise ProofError(
                f"{image}: {error.cause}",
                f"no tag was moved; the candidate is {_short(image_id)}, and what it said is in "
                "the log: build/build.log",
            ) from error
        return replace(measuring.result(), proof=proof, gate=gate_.fingerprint())


def _checks(proof: tuple[gate.Check, ...]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("check", "s", "seen"):
        table.add_column(heading, justify="right" if heading == "s" else "left")
    for check in proof:
        table.add_row(check.name, f"{check.seconds:.1f}", check.seen)
    return table


def _short(image_id: str) -> str:
    return image_id.removeprefix("sha256:")[:12]


def _table(manifests: Sequence[evidence.Manifest]) -> Table:
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
