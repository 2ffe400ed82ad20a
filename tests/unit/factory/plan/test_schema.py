"""The JSON schemas of images.yaml and component.yaml."""

import json
from pathlib import Path

import pytest
import yaml

from factory.plan.schema import json_schemas

SCHEMAS = json_schemas()
pytestmark = pytest.mark.xdist_group("jsonschema")


def problems(kind: str, data: object) -> list[str]:
    """Return what a schema finds wrong with data."""
    from jsonschema import Draft202012Validator  # noqa: PLC0415 # seconds: it builds a grammar

    validator = Draft202012Validator(SCHEMAS[f"stages/schema/{kind}.json"])
    return [error.message for error in validator.iter_errors(data)]


@pytest.mark.parametrize("path", SCHEMAS)
def test_schema_in_the_checkout_is_that_of_the_models(root: Path, path: str) -> None:
    assert json.loads((root / path).read_text()) == SCHEMAS[path], "renew it: make schema"


def test_schema_is_named_in_every_file(root: Path) -> None:
    files = {root / "stages/images.yaml": "images", **components(root)}
    for file, kind in files.items():
        first, _ = file.read_text().split("\n", 1)
        named = first.removeprefix("# yaml-language-server: $schema=")
        assert (file.parent / named).resolve() == root / f"stages/schema/{kind}.json", file


def test_schema_accepts_the_catalog(root: Path) -> None:
    assert not problems("images", yaml.safe_load((root / "stages/images.yaml").read_text()))
    for file in components(root):
        assert not problems("component", yaml.safe_load(file.read_text())), file


@pytest.mark.parametrize(
    "wrong",
    [
        {"summary": "x", "sumary": "y"},
        {},
        {"summary": "x", "persist": ["relative"]},
        {"summary": "x", "listeners": [{"port": 70000, "protocol": "udp"}]},
        {"summary": "x", "packages": {"debian": {"asterisk": "some"}}},
    ],
)
def test_schema_rejects_what_the_factory_rejects(wrong: dict[str, object]) -> None:
    assert problems("component", wrong)


def components(root: Path) -> dict[Path, str]:
    return dict.fromkeys((root / "runtime/pbx").glob("*/component.yaml"), "component")
