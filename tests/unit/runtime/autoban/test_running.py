"""The service as a whole, with an nft that stores its commands."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from pbx.autoban.answers import answers
from pbx.autoban.kernel import ruleset
from pbx.autoban.kernel.nft import FirewallError
from pbx.autoban.running import AutoBan
from pbx.autoban.settings import BanSettings
from pbx.autoban.state import BanState
from pbx.autoban.store import BanStore


class Nft:
    """A kernel without a table, until one is created."""

    def __init__(self) -> None:
        self.commands: list[str] = []
        self.has_table = False

    def __call__(self, commands: str) -> str:
        self.commands.append(commands)
        if commands.startswith(ruleset.REMOVE):
            self.has_table = True
        elif not self.has_table:
            raise FirewallError("No such file or directory")
        return ""


@pytest.fixture
def nft() -> Nft:
    return Nft()


@pytest.fixture
def store(tmp_path: Path) -> BanStore:
    return BanStore(tmp_path / "autoban.db", lambda *_: None, lambda: 0.0)


@pytest.fixture
def autoban(nft: Nft, store: BanStore) -> AutoBan:
    return AutoBan(BanSettings(), BanState(), store, nft, lambda *_: None)


def ask(autoban: AutoBan, *words: str) -> dict[str, Any]:
    verb, *rest = words

    async def run() -> dict[str, Any]:
        return await answers(autoban)[verb](rest)

    return asyncio.run(run())


@pytest.mark.parametrize("words", [("show",), ("list",), ("stats",)])
def test_running_queries_change_nothing_in_the_kernel(
    autoban: AutoBan, nft: Nft, words: tuple[str, ...]
) -> None:
    autoban._care.start()
    nft.has_table = False  # another program removed it
    nft.commands.clear()
    ask(autoban, *words)
    assert all(command.startswith("list ") for command in nft.commands)
    autoban._care.step(0)
    assert nft.has_table
