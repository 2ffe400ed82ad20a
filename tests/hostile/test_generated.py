"""Anything anywhere: batches of plants that a generator makes, each through a container's life."""

from __future__ import annotations

import os

import pytest

from tests.hostile.commands import EVERY
from tests.hostile.conftest import Attack
from tests.hostile.plants import Kind, Plant, compatible
from tests.hostile.strategies import batches, examples
from tests.hostile.victim import Victim

pytestmark = pytest.mark.image("full")

EXAMPLES = int(os.environ.get("HOSTILE_EXAMPLES", "3"))
"""How many batches; the first ones are the same in every run."""


@pytest.mark.parametrize("number", range(EXAMPLES))
def test_whatever_is_planted_anywhere(attack: Attack, number: int) -> None:
    victim = attack(others=True)
    strategy = batches(*victim.tree())
    _live_through(victim, examples(strategy, EXAMPLES)[number])


@pytest.mark.parametrize("target", ["/etc/service", "/etc/health.d/planted"])
def test_every_folder_is_a_link(attack: Attack, target: str) -> None:
    victim = attack(others=True)
    folders, _ = victim.tree()
    deepest = compatible(Plant(path, Kind.LINK, target) for path in reversed(folders))
    _live_through(victim, deepest)


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        (Kind.LINK, "/secret/key"),
        (Kind.LINK, "/etc/health.d/planted"),
        (Kind.FIFO, ""),
        (Kind.SPARSE, ""),
        (Kind.UNREADABLE_FILE, ""),
        (Kind.FOLDER, ""),
    ],
    ids=str,
)
def test_every_file_is_something_else(attack: Attack, kind: Kind, target: str) -> None:
    victim = attack(others=True)
    _, files = victim.tree()
    _live_through(victim, [Plant(path, kind, target) for path in files])


def _live_through(victim: Victim, plants: list[Plant]) -> None:
    """A certificate change, every command, a restart, an upgrade, a stop."""
    assert victim.plant(plants)
    victim.renew()
    victim.type(EVERY)
    victim.renew()
    victim.restart()
    victim.await_outcome()
    victim.upgrade()
    victim.await_outcome()
    victim.stop()
    victim.judge()
