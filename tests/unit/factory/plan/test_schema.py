"""The JSON schemas of images.yaml and component.yaml."""

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator, ValidationError

from factory.plan.schema import json_schemas

SCHEMAS = json_schemas()
IMAGES = Draft202012Validator(SCHEMAS["stages/schema/images.json"])
COMPONENT = Draft202012Validator(SCHEMAS["stages/schema/component.json"])


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
    IMAGES.validate(yaml.safe_load((root / "stages/images.yaml").read_text()))
    for file in components(root):
        COMPONENT.validate(yaml.safe_load(file.read_text()))


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
    with pytest.raises(ValidationError):
        COMPONENT.validate(wrong)


def components(root: Path) -> dict[Path, str]:
    return dict.fromkeys((root / "runtime/pbx").glob("*/component.yaml"), "component")
