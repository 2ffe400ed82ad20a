"""Which base is built on: of any age, renewed after a week, or left as it is."""

import datetime
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from factory.build.base import REPOSITORY
from factory.build.builder import base_of, fresh_base_of
from factory.build.session import Session
from factory.console import Console
from factory.errors import BaseError
from factory.plan.catalog import Catalog
from factory.plan.recipe import Recipe
from tests.unit.factory.build.test_base import FakeEngine

REFERENCE = "debian:forky-slim"
Make = Callable[..., tuple[Session, FakeEngine]]


@pytest.fixture
def session(root: Path, catalog: Catalog) -> Make:
    """Gives a session whose engine has a base that was renewed so many days ago."""

    def make(days: int, **recipe: Any) -> tuple[Session, FakeEngine]:
        engine = FakeEngine(registry=(REFERENCE,))
        asked = Recipe(root, "debian", [])
        whole = Session(engine, catalog, asked, Console(None, verbosity=-1))
        name = base_of(whole)
        day = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days)
        engine.names = {name: "an old one", f"{name}-{day:%Y%m%d}": "an old one"}
        engine.calls.clear()
        return replace(whole, recipe=replace(asked, **recipe)), engine

    return make


@pytest.mark.parametrize(("days", "renewed"), [(0, False), (6, False), (8, True), (100, True)])
def test_base_is_renewed_after_a_week(session: Make, days: int, *, renewed: bool) -> None:
    asked, engine = session(days)
    name = fresh_base_of(asked)
    assert engine.did("pull") is renewed
    assert engine.names[name] == (f"id of {REFERENCE}" if renewed else "an old one")
    engine.calls.clear()
    assert fresh_base_of(asked) == name
    assert not engine.did("pull")


def test_base_is_not_renewed_offline(session: Make) -> None:
    asked, engine = session(100, offline=True)
    assert engine.names[fresh_base_of(asked)] == "an old one"
    assert not engine.did("pull")


def test_base_that_is_missing_offline_fails_with_a_hint(session: Make) -> None:
    asked, engine = session(0, offline=True)
    engine.names.clear()
    with pytest.raises(BaseError, match="no base of debian forky") as caught:
        fresh_base_of(asked)
    assert "without --offline" in caught.value.hint
    assert engine.names == {}


def test_base_that_cannot_be_renewed_names_the_way_out(
    session: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))  # without mmdebstrap
    asked, engine = session(100)
    engine.registry = ()
    with pytest.raises(BaseError) as caught:
        fresh_base_of(asked)
    assert "--offline" in caught.value.hint
    assert f"{REPOSITORY}:" in next(iter(engine.names))
