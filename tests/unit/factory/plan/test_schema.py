"""The JSON schemas of images.yaml and component.yaml."""

import json
from pathlib import Path

import pytest

from factory.plan.schema import json_schemas

SCHEMAS = json_schemas()


@pytest.mark.parametrize("path", SCHEMAS)
def test_schema_in_the_checkout_is_that_of_the_models(root: Path, path: str) -> None:
    assert json.loads((root / path).read_text()) == SCHEMAS[path], "renew it: make schema"


def test_schema_is_named_in_every_file(root: Path) -> None:
    files = {root / "stages/images.yaml": "images"}
    files |= dict.fromkeys((root / "runtime/pbx").glob("*/component.yaml"), "component")
    for file, kind in files.items():
        first, _ = file.read_text().split("\n", 1)
        named = first.removeprefix("# yaml-language-server: $schema=")
        assert (file.parent / named).resolve() == root / f"stages/schema/{kind}.json", file
