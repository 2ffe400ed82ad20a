"""Every image that is broken is refused, for the right reason; those that work pass."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from factory.build.engine import Engine
from factory.console import Console
from factory.errors import ProofError
from factory.plan.catalog import Catalog
from factory.proof.expectation import Expectation
from factory.proof.gate import Gate

from .broken import BROKEN, Broken
from .conftest import Build

QUIET = Console(None, verbosity=-1)


@pytest.mark.parametrize("image", ["full", "mini"])
def test_gate_accepts_a_working_image(
    image: str,
    engine: Engine,
    catalog: Catalog,
    softphone: str,
    leftovers: Callable[[], list[str]],
) -> None:
    gate = Gate(Expectation.of(catalog, image), softphone)
    proof = gate.prove(engine, f"{catalog.repository}:{image}", QUIET)
    assert {broken.check for broken in BROKEN} <= {check.name for check in proof}
    assert leftovers() == []


@pytest.mark.parametrize("broken", BROKEN, ids=str)
def test_gate_refuses_a_broken_image(
    broken: Broken,
    engine: Engine,
    catalog: Catalog,
    softphone: str,
    build: Build,
    leftovers: Callable[[], list[str]],
) -> None:
    image = build(f"{catalog.repository}:{broken.image}", broken.change)
    gate = Gate(Expectation.of(catalog, broken.image), softphone)
    with pytest.raises(ProofError) as refusal:
        gate.prove(engine, image, QUIET)
    said = refusal.value.cause
    print(said)
    assert said.startswith(f"the gate refuses: {broken.check}: ")
    assert re.search(broken.reason, said)
    assert "\n" not in said
    assert leftovers() == []
