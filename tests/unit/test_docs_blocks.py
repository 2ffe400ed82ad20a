"""Blocks of code in the documents are what their readers take them for."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pbx
import pytest
import yaml
from pbx.autoban.settings import read_settings
from pbx.supervision.main import main

from factory.plan.catalog import Catalog
from tests.docs.rules import blocks_of, place
from tests.docs.snippets import Snippet

COMPOSE = blocks_of("yaml") + blocks_of("yml")


@pytest.mark.parametrize("block", COMPOSE, ids=place)
def test_a_compose_file_is_one(block: Snippet, catalog: Catalog, tmp_path: Path) -> None:
    """By the schema of the Compose specification; volumes are declared, our images exist."""
    file = tmp_path / "compose.yaml"
    file.write_text(block.text)
    check = [Path(sys.executable).parent / "check-jsonschema", file]
    result = subprocess.run(
        [*check, "--builtin-schema", "vendor.compose-spec"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, f"{block.place}: {result.stdout}"
    compose = yaml.safe_load(block.text)
    declared = set(compose.get("volumes", {}))
    known = {catalog.repository, *(f"{catalog.repository}:{name}" for name in catalog.images)}
    for service in compose["services"].values():
        sources = {str(volume).partition(":")[0] for volume in service.get("volumes", ())}
        assert {source for source in sources if "/" not in source} <= declared, block.place
        image = service.get("image", catalog.repository)
        assert image in known or not image.startswith(catalog.repository), block.place


@pytest.mark.parametrize("block", blocks_of("python", "docs/components.md"), ids=place)
def test_a_component_may_be_written_like_this(
    block: Snippet,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / "choir"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "command.py").write_text(block.text)
    (folder / "song.py").write_text("def run(options):\n    print('la')\n    return 0\n")
    monkeypatch.setattr(pbx, "__path__", [*pbx.__path__, str(tmp_path)])
    for name in ("pbx.choir", "pbx.choir.command", "pbx.choir.song"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    assert main(["sing"]) == 0
    assert capsys.readouterr().out == "la\n"


def test_autoban_takes_its_blocks() -> None:
    for block in blocks_of("ini", "autoban.conf"):
        assert read_settings(block.text).complaints == (), block.place


def test_data_can_be_read() -> None:
    for block in blocks_of("json"):
        json.loads(block.text)
    for block in blocks_of("toml"):
        tomllib.loads(block.text)
