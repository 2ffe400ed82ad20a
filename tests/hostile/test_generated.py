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

EXAMPLES = int(os.environ.get("HOSTILE_EXAMPLES", "2"))
"""How many batches; the first ones are the same in every run."""


@pytest.mark.parametrize("number", range(EXAMPLES))
def test_start_survives_generated_plants(attack: Attack, number: int) -> None:
    victim = attack(others=True)
    strategy = batches(*victim.tree())
    _live_through(victim, examples(strategy, EXAMPLES)[number])


def test_start_survives_links_in_place_of_folders(attack: Attack) -> None:
    victim = attack(others=True)
    folders, _ = victim.tree()
    targets = ("/etc/service", "/etc/health.d", "/root")
    plants = [
        Plant(path, Kind.LINK, targets[number % 3]) for number, path in enumerate(reversed(folders))
    ]
    _live_through(victim, compatible(plants))


ANY = (Kind.SPARSE, Kind.UNREADABLE_FILE, Kind.FOLDER, Kind.LOOP, Kind.DEVICE)


@pytest.mark.parametrize("kinds", [(Kind.LINK,), (Kind.FIFO,), ANY], ids=["link", "fifo", "any"])
def test_start_survives_other_things_in_place_of_files(
    attack: Attack, kinds: tuple[Kind, ...]
) -> None:
    victim = attack(others=True)
    _, files = victim.tree()
    targets = ("/secret/key", "/etc/health.d/planted", "/root/canary")
    plants = [
        Plant(path, kind, targets[number % 3] if kind is Kind.LINK else "")
        for number, path in enumerate(files)
        for kind in [kinds[number % len(kinds)]]
    ]
    _live_through(victim, plants)


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
