"""The way of an image: built, measured, proven, and only then tagged."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Literal

from rich.table import Table
from semver import Version

from factory import builder, evidence, gate, publish, suites
from factory.catalog import Catalog
from factory.console import Console
from factory.engine import Engine
from factory.errors import EngineError, ProofError
from factory.expectation import Expectation
from factory.softphone import ensure_softphone

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
    """Makes the images of a recipe, and says what came of it.

    Raises:
        FactoryError: an image failed to build, is over its budget, or was refused by the gate.
            Images that were proven before it in this run have their tags; it and those after
            it have not, and none of their tags moved.
    """
    dockerfile = recipe.dockerfile(catalog)
    base = builder.base_of(engine, catalog, recipe, console)
    softphone = None if gate_kind == "none" else _Softphone.of(engine, catalog, recipe, console)
    done: list[evidence.Manifest] = []
    for image, image_id in builder.build(engine, catalog, recipe, base, console).items():
        folder = evidence.Folder(recipe.root / "build" / image)
        gate_ = None
        if softphone is not None:
            gate_ = gate.Gate(Expectation.of(catalog, image), softphone.image())
        known = folder.read()
        if known is None or known.id != image_id or (gate_ and known.gate != gate_.fingerprint()):
            known = _examine(engine, image, image_id, gate_, console)
            folder.write(known, dockerfile)
        else:
            console.note(f"{image} {_short(image_id)} is as it was")
        if budget := catalog.budget_of(image, recipe.distribution):
            evidence.check_budget(known, budget)
        if gate_kind == "full":
            known = replace(known, suites=suites.run(recipe.root, image, image_id, console))
        if gate_:
            names = publish.tag_proven(engine, catalog, repository, image, image_id, version)
        else:
            names = publish.tag_unproven(engine, repository, image, image_id)
        known = replace(known, tags=tuple(f"{repository}:{name}" for name in names))
        folder.write(known, dockerfile)
        done.append(known)
    console.table(_table(done))
    for manifest in done:
        console.result(" ".join(manifest.tags))


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
            pulled = engine.pull(reference)
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


def make_softphone(
    engine: Engine, catalog: Catalog, recipe: builder.Recipe, console: Console
) -> None:
    """Makes the softphone's image, if it is not there.

    Raises:
        FactoryError: a step of its build failed.
    """
    console.result(_Softphone.of(engine, catalog, recipe, console).image())


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
        """Begins to build it, on the default distribution whatever the images stand on."""
        if recipe.distribution != catalog.default_distribution:
            # A mirror that was named is one of the other distribution.
            recipe = replace(recipe, distribution=catalog.default_distribution, mirror="")
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
    engine: Engine, image: str, image_id: str, gate_: gate.Gate | None, console: Console
) -> evidence.Manifest:
    """Measures a candidate, and proves it in the meantime if there is a gate."""
    with (
        console.activity(f"{'prove and ' if gate_ else ''}measure {image}"),
        ThreadPoolExecutor(1) as pool,
    ):
        measuring = pool.submit(evidence.measure, Engine.connect(), image, image_id)
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
